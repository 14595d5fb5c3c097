import API
import Core
import Foundation
import HTTP
import HTTPServer
import Postgres
import Runs
import TestKit
import Testing

@testable import Operations
@testable import WeirApp

/// Which requests need a token, as a client sees it.
@Suite(.serialized) struct `Doors` {
    private static let sample = Banner.sampleEvent
    private static let lists = "/api/v1/runs"

    private static func administer<Value: Sendable>(
        _ settings: Settings,
        _ body: @Sendable (TokenAdministration) async throws -> Value
    ) async throws -> Value {
        try await DatabaseSession.with(settings) { try await body(TokenAdministration($0, settings)) }
    }

    private static func settings(_ url: String, _ directory: String) -> Settings {
        var settings = Settings()
        settings.databaseURL = url
        settings.dataDirectory = directory
        return settings
    }

    @Test func `are open to a local client, and closed to one behind a proxy on this machine`() async throws {
        let weir = try await EmbeddedServer.start()
        let (main, runs) = (try weir.client(), try weir.client(profile: "runs"))
        #expect(try main.post("/telemetry", json: Self.sample).status == 200)
        for field in ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"] {
            let fields = [(field, "127.0.0.1")]
            #expect(try main.post("/telemetry", json: Self.sample, fields: fields).status == 401)
            #expect(try main.get(Self.lists, fields: fields).status == 401)
            let told = try runs.post("/api/v1/runs", json: "{}", fields: fields)
            #expect(
                told.status == 401 && told.text.contains("(it carries the header \(field))"),
                "\(told.text)"
            )
            #expect(try main.get("/health", fields: fields).status == 200)
        }
        await weir.stop()
    }

    @Test func `are closed on a Unix socket, too, when the request came through a proxy`() async throws {
        let path = NSTemporaryDirectory() + "weir-\(UUID128.random()).sock".suffix(20)
        let weir = try await EmbeddedServer.start(listen: "unix:\(path)")
        let client = HTTPTestClient(.unix(path: path))
        #expect(try client.get(Self.lists).status == 200)
        #expect(try client.get(Self.lists, fields: [("X-Forwarded-For", "203.0.113.9")]).status == 401)
        await weir.stop()
    }

    @Test func `are open to a proxy with a token`() async throws {
        let weir = try await EmbeddedServer.start {
            $0.tokens = [AccessToken(name: "t", secret: "s", scopes: [.ingest, .read])]
        }
        let client = try weir.client(fields: [("X-Forwarded-For", "203.0.113.9")])
        #expect(try client.get(Self.lists, fields: [("X-API-Key", "s")]).status == 200)
        #expect(try client.post("/ingest/s/telemetry", json: Self.sample).status == 200)
        #expect(try client.get(Self.lists).status == 401)
        await weir.stop()
    }

    @Test func `stay closed when the last token is revoked, also without PostgreSQL, also after a restart`()
        async throws
    {
        let cluster = try TemporaryCluster.make()
        defer { cluster.remove() }
        let url = cluster.target.unmaskedURL
        let directory = EmbeddedServer.newDirectory()
        let settings = Self.settings(url, directory)
        let first = try await EmbeddedServer.start(databaseURL: url, directory: directory)
        #expect(try first.client().get(Self.lists).status == 200)

        let secret = try await Self.administer(settings) {
            try await $0.create("only", scopes: [.read]).secret
        }
        let bearer = [("Authorization", "Bearer \(secret)")]
        try await eventually { try first.client().get(Self.lists).status == 401 }
        #expect(try first.client().get(Self.lists, fields: bearer).status == 200)

        let said = try await Self.administer(settings) { try await $0.revoke("only") }
        #expect(
            said == [
                "revoked 'only'",
                """
                all tokens are revoked, so that nobody may send or read: make one with `weir token create`, or let \
                everybody in with WEIR_ALLOW_ANONYMOUS=true
                """,
            ]
        )
        try await eventually { try first.client().get(Self.lists, fields: bearer).status == 401 }
        let told = try first.client().post("/telemetry", json: Self.sample)
        #expect(told.status == 401 && told.text.contains("all of them are revoked"), "\(told.text)")
        try cluster.stop()
        #expect(try first.client().post("/telemetry", json: Self.sample).status == 401)
        await first.server.stop()

        let second = try await EmbeddedServer.start(databaseURL: url, directory: directory)
        #expect(try second.client().post("/telemetry", json: Self.sample).status == 401)
        await second.server.stop()
        let opened = try await EmbeddedServer.start(databaseURL: url, directory: directory) {
            $0.allowsAnonymous = true
        }
        #expect(try opened.client().post("/telemetry", json: Self.sample).status == 200)
        await opened.stop()
    }

    @Test func `are closed from the first request on for a new data directory on a database that had tokens`()
        async throws
    {
        let database = try TemporaryDatabase.make()
        let url = database.target.unmaskedURL
        let other = Self.settings(url, EmbeddedServer.newDirectory())
        _ = try await Self.administer(other) { try await $0.create("gone", scopes: [.read]) }
        _ = try await Self.administer(other) { try await $0.revoke("gone") }
        let weir = try await EmbeddedServer.start(databaseURL: url)
        #expect(try weir.client().get(Self.lists).status == 401)
        await weir.server.stop()
        // And the mirror says so when the database is not there, or is another one.
        let fresh = try TemporaryDatabase.make()
        let again = try await EmbeddedServer.start(
            databaseURL: fresh.target.unmaskedURL,
            directory: weir.directory
        )
        #expect(try again.client().get(Self.lists).status == 401)
        await again.stop()
        try FileManager.default.removeItem(atPath: other.dataDirectory)
    }

    @Test func `are closed when the mirror of tokens cannot be read`() async throws {
        let directory = EmbeddedServer.newDirectory()
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try "{".write(toFile: directory + "/tokens.json", atomically: true, encoding: .utf8)
        let weir = try await EmbeddedServer.start(directory: directory)
        #expect(try weir.client().get(Self.lists).status == 401)
        await weir.stop()
    }

    @Test func `do not tell names of agents to whoever may not read them`() async throws {
        let weir = try await EmbeddedServer.start {
            $0.tokens = [
                AccessToken(name: "in", secret: "in", scopes: [.ingest]),
                AccessToken(name: "out", secret: "out", scopes: [.read]),
            ]
        }
        let client = try weir.client(profile: "runs")
        let run =
            #"{"event_id":"e1","run_id":"r","agent_name":"acme","job_type":"j","start_time":"2026-01-01T00:00:00Z"}"#
        #expect(try client.post("/api/v1/runs", json: run, fields: [("X-API-Key", "in")]).status == 201)
        for key in ["in", "none"] {
            let answer = try client.get("/metrics", fields: [("X-API-Key", key)])
            #expect(
                answer.status == 200 && answer.text.contains(#""total_runs":1,"agents":{}"#),
                "\(answer.text)"
            )
        }
        let told = try client.get("/metrics", fields: [("X-API-Key", "out")]).text
        #expect(told.contains(#""agents":{"acme":1}"#))
        #expect(try client.get("/api/v1/runs/e1/commit-url", fields: [("X-API-Key", "out")]).status == 200)
        #expect(try client.get("/api/v1/runs/e1/repo-url", fields: [("X-API-Key", "in")]).status == 403)
        await weir.stop()
    }

    @Test func `leave nothing in caches`() async throws {
        let weir = try await EmbeddedServer.start {
            $0.tokens = [AccessToken(name: "t", secret: "s", scopes: [.read])]
            $0.corsOrigins = ["https://dash.example.org"]
        }
        let client = try weir.client()
        func cacheControl(_ method: String, _ target: String, _ fields: [RawField] = []) throws -> [String] {
            try client.send(method, target, fields: fields).values("Cache-Control")
        }
        for target in [Self.lists, Self.lists + "/none", "/health", "/ready", "/metrics", "/nowhere"] {
            #expect(try cacheControl("GET", target) == ["no-store"])
            #expect(try cacheControl("HEAD", target, [("X-API-Key", "s")]) == ["no-store"])
        }
        #expect(try cacheControl("POST", "/telemetry", [("X-API-Key", "s")]) == ["no-store"])
        let preflight = [("Origin", "https://dash.example.org"), ("Access-Control-Request-Method", "GET")]
        #expect(try cacheControl("OPTIONS", Self.lists, preflight) == [])
        await weir.stop()
    }

    @Test func `count a client behind a trusted proxy by its own address`() async throws {
        let weir = try await EmbeddedServer.start { settings in
            settings.tokens = [AccessToken(name: "t", secret: "s", scopes: [.read])]
            settings[RunsSettings.limitsRate] = true
            settings[RunsSettings.rateLimit] = 1
            settings.trustedProxies = try? .init(["127.0.0.1"])
        }
        let client = try weir.client(fields: [("X-API-Key", "s")])
        for address in ["203.0.113.1", "203.0.113.2"] {
            let fields = [("X-Forwarded-For", address)]
            #expect(try client.get(Self.lists, fields: fields).status == 200)
            #expect(try client.get(Self.lists, fields: fields).status == 429)
        }
        await weir.stop()
    }

    @Test func `are warned of when tokens are there that nobody needs`() throws {
        let directory = EmbeddedServer.newDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let environment = [
            "WEIR_DATA_DIR": directory, "WEIR_LISTEN": "127.0.0.1:0", "WEIR_TOKENS": "read=secret",
            "WEIR_ALLOW_ANONYMOUS": "true",
        ]
        let doctor = try Executable.run(["doctor"], environment)
        #expect(doctor.output.contains("warn  access       there are tokens, but WEIR_ALLOW_ANONYMOUS=true"))
    }
}
