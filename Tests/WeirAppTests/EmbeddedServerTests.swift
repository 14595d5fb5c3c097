import API
import Core
import Foundation
import HTTPServer
import Ingest
import Postgres
import Runs
import Simulator
import Synchronization
import TestKit
import Testing

@testable import Operations
@testable import WeirApp

@Suite(.serialized) struct `Embedded server` {
    private static let sample = Banner.sampleEvent

    private func posted(_ client: HTTPTestClient, count: Int = 1) throws {
        for _ in 0..<count {
            #expect(try client.post("/telemetry", json: Self.sample).status == 200)
        }
    }

    @Test func `takes the sample, echoes it, and counts it in what it reads afterwards`() async throws {
        let weir = try await EmbeddedServer.start()
        let client = try weir.client()
        let response = try client.post("/telemetry", json: Self.sample)
        #expect(response.status == 200)
        #expect(response.text == Self.sample)
        let summary = try client.get("/metrics/processes/summary").text
        #expect(summary.contains(#"{"event":"test_event","rows":1}"#))
        await weir.stop()
    }

    @Test func `tells its features where it listens`() async throws {
        let told = Mutex<[String]>([])
        let probe = Feature("probe") { setup in
            let addresses = setup.ownAddresses.map { "\($0.host) \($0.port)" }
            told.withLock { $0 = addresses }
        }
        let weir = try await EmbeddedServer.start(listen: "127.0.0.1:0,runs@localhost:0", features: [probe])
        #expect(told.withLock { $0 } == ["127.0.0.1 0", "localhost 0"])
        await weir.stop()
    }

    @Test func `lets pages of other origins read where the next page is and how many there are`() async throws
    {
        let weir = try await EmbeddedServer.start { $0.corsOrigins = ["https://dash.example.org"] }
        let client = try weir.client(fields: [("Origin", "https://dash.example.org")])
        let list = try client.get("/api/v1/runs?total=true")
        let exposed = try #require(list["Access-Control-Expose-Headers"]).split(separator: ", ")
        for name in ["Link", "Weir-Total-Count", "Weir-Lag-Lines", "X-Request-Id", "Retry-After"] {
            #expect(exposed.contains(Substring(name)), "\(name)")
        }
        await weir.stop()
    }

    @Test func `is healthy on every listener profile and ready`() async throws {
        let weir = try await EmbeddedServer.start()
        #expect(try weir.client().get("/health").text.contains(#""database":"Connected""#))
        #expect(try weir.client(profile: "nextflow").get("/health").text.contains(#""status":"Healthy""#))
        #expect(try weir.client(profile: "runs").get("/health").text.contains(#""journal_mode":"DELETE""#))
        let ready = try weir.client().get("/ready")
        #expect(ready.status == 200, "\(ready.text)")
        #expect(try weir.client().get("/api/health").text == #"{"status":"ok"}"#)
        await weir.stop()
    }

    @Test func `measures requests by route and never shows a secret`() async throws {
        let weir = try await EmbeddedServer.start {
            $0.tokens = [.init(name: "t", secret: "hunter2", scopes: [.ingest])]
        }
        let client = try weir.client()
        #expect(try client.post("/ingest/hunter2/telemetry", json: Self.sample).status == 200)
        #expect(try client.post("/ingest/wrong1/telemetry", json: Self.sample).status == 401)
        #expect(try client.post("/telemetry", json: Self.sample).status == 401)
        #expect(
            try client.send(
                "POST",
                "/telemetry",
                fields: [("Authorization", "Basic Omh1bnRlcjI=")],
                body: Array(Self.sample.utf8)
            ).status == 200
        )
        let metrics = try client.get("/metrics").text
        #expect(
            metrics.contains(#"weir_http_requests_total{route="/telemetry",method="POST",status="200"} 2"#)
        )
        #expect(
            metrics.contains(#"weir_http_requests_total{route="/telemetry",method="POST",status="401"} 2"#)
        )
        #expect(metrics.contains("weir_journal_lines_total 2"))
        #expect(metrics.contains("weir_build_info{"))
        #expect(!metrics.contains("hunter2") && !metrics.contains("wrong1"))
        await weir.stop()
    }

    @Test func `knows a token of the database, and still knows it when PostgreSQL is away`() async throws {
        let cluster = try TemporaryCluster.make()
        defer { cluster.remove() }
        let url = cluster.target.unmaskedURL
        let directory = EmbeddedServer.newDirectory()
        var settings = Settings()
        settings.databaseURL = url
        settings.dataDirectory = directory
        let secret = try await DatabaseSession.with(settings) { [settings] database in
            try await TokenAdministration(database, settings).create("dash", scopes: [.read]).secret
        }
        try cluster.stop()
        let weir = try await EmbeddedServer.start(databaseURL: url, directory: directory)
        let client = try weir.client(fields: [("Authorization", "Bearer \(secret)")])
        #expect(try client.get("/metrics/processes/summary").status == 503)
        #expect(try weir.client().get("/metrics/processes/summary").status == 401)
        #expect(try client.post("/telemetry", json: Self.sample).status == 403)
        await weir.stop()
    }

    @Test func `takes events while PostgreSQL is away, says so, and loads them when it comes`() async throws {
        let cluster = try TemporaryCluster.make()
        defer { cluster.remove() }
        try cluster.stop()
        let weir = try await EmbeddedServer.start(databaseURL: cluster.target.unmaskedURL)
        let client = try weir.client()
        try posted(client, count: 3)
        #expect(try client.get("/health").status == 200)
        let unhealthy = try weir.client(profile: "nextflow").get("/health")
        #expect(unhealthy.status == 503)
        #expect(
            unhealthy.text.hasPrefix(
                #"{"detail":{"message":"App Started","status":"Unhealthy","database":"Error: "#
            )
        )
        #expect(!unhealthy.text.contains("/tmp"))
        #expect(try client.get("/ready").status == 503)
        #expect(try client.get("/metrics").text.contains("weir_postgres_up 0"))

        try cluster.start()
        try await eventually { try client.get("/ready").status == 200 }
        let summary = try client.get("/metrics/processes/summary").text
        #expect(summary.contains(#""event":"test_event""#))
        await weir.stop()
    }

    @Test func `refuses a data directory that another Weir holds, and says who`() async throws {
        let weir = try await EmbeddedServer.start()
        let error = await #expect(throws: (any Error).self) {
            _ = try await EmbeddedServer.start(directory: weir.directory)
        }
        let line = StartError.describing(try #require(error)).line
        #expect(line.contains("in use by another Weir"))
        #expect(line.contains("pid \(ProcessInfo.processInfo.processIdentifier)"))
        await weir.stop()
    }

    @Test func `goes on with its data after a stop, and stops twice without harm`() async throws {
        let database = try TemporaryDatabase.make()
        let directory = EmbeddedServer.newDirectory()
        let first = try await EmbeddedServer.start(
            databaseURL: database.target.unmaskedURL,
            directory: directory
        )
        try posted(try first.client(), count: 2)
        await first.server.stop()
        await first.server.stop()
        #expect(first.server.addresses.isEmpty)
        let second = try await EmbeddedServer.start(
            databaseURL: database.target.unmaskedURL,
            directory: directory
        )
        let summary = try second.client().get("/metrics/processes/summary").text
        // The second POST came within ten minutes of the first: a resend.
        #expect(summary.contains(#"{"event":"test_event","rows":1}"#))
        await second.stop()
    }

    /// Another server over the journal of a stopped one and an empty database, filled from it.
    private func replayed(
        _ weir: EmbeddedServer,
        into database: TemporaryDatabase,
        lines: Int
    ) async throws -> EmbeddedServer {
        var settings = Settings()
        settings.databaseURL = database.target.unmaskedURL
        settings.dataDirectory = weir.directory
        let said = try await DatabaseSession.with(settings) { database in
            try await JournalReplay([weir.directory], database).run { _, _ in }
        }
        #expect(said.first == "\(lines) lines replayed, 0 dead letters")
        return try await EmbeddedServer.start(
            databaseURL: database.target.unmaskedURL,
            directory: weir.directory
        )
    }

    @Test func `replays its journal into an empty database with the same answers`() async throws {
        let weir = try await EmbeddedServer.start()
        try posted(try weir.client())
        await weir.server.stop()
        let other = try TemporaryDatabase.make()
        let again = try await replayed(weir, into: other, lines: 1)
        #expect(
            try again.client().get("/metrics/processes/summary").text.contains(
                #"{"event":"test_event","rows":1}"#
            )
        )
        await again.stop()
    }

    @Test func `replays tracked runs with the same answers`() async throws {
        let weir = try await EmbeddedServer.start()
        let client = try weir.client(profile: "runs")
        let more = #","run_id":"R","start_time":"2026-01-01T00:00:00Z","agent_name":"a","job_type":"j"}"#
        #expect(try client.post("/api/v1/runs", json: #"{"event_id":"e1""# + more).status == 201)
        let batch = #"[{"event_id":"e2""# + more + #",{"event_id":"e1""# + more + "]"
        #expect(try client.post("/api/v1/runs/batch", json: batch).status == 200)
        let commit = #"{"commit_hash":"abc1234","commit_source":"ci"}"#
        #expect(try client.post("/api/v1/runs/e2/associate-commit", json: commit).status == 200)
        let targets = ["/api/v1/runs", "/api/v1/runs/e1", "/metrics", "/api/v1/metadata/agent_name"]
        let answers = try targets.map { try client.get($0).text }
        #expect(answers[0].contains("abc1234") && answers[2].contains(#""total_runs":2"#))
        await weir.server.stop()
        let other = try TemporaryDatabase.make()
        let again = try await replayed(weir, into: other, lines: 3)
        let asked = try again.client(profile: "runs")
        for (target, answer) in zip(targets, answers) { #expect(try asked.get(target).text == answer) }
        await again.stop()
    }

    @Test func `asks for the token of the original server in its words`() async throws {
        let weir = try await EmbeddedServer.start { settings in
            settings.tokens = [AccessToken(name: "t", secret: "secret", scopes: [.ingest, .read])]
            settings.runsNeedToken = true
            settings[RunsSettings.limitsRate] = true
            settings[RunsSettings.rateLimit] = 3
        }
        let client = try weir.client(profile: "runs")
        func post(_ authorization: String?) throws -> (Int, String) {
            let fields = authorization.map { [("Authorization", $0)] } ?? []
            let answer = try client.post("/api/v1/runs", json: "{}", fields: fields)
            return (answer.status, answer.text)
        }
        let use = "Use: Authorization: Bearer <token>"
        #expect(try post(nil) == (401, #"{"detail":"Authorization header required. \#(use)"}"#))
        #expect(try post("Basic x") == (401, #"{"detail":"Invalid authorization format. \#(use)"}"#))
        #expect(try post("Bearer x") == (401, #"{"detail":"Invalid authentication token"}"#))
        // Reading needs no token then; only requests that were let in count for the limit.
        #expect(try client.get("/api/v1/runs").status == 200 && client.get("/health").status == 200)
        #expect(try post("bearer   secret").0 == 422 && post("Bearer secret").0 == 422)
        #expect(
            try post("Bearer secret") == (
                429, #"{"detail":"Rate limit exceeded. Max 3 requests per minute."}"#
            )
        )
        #expect(try client.post("/ingest/secret/api/v1/runs", json: "{}").status == 429)
        await weir.stop()
    }

    @Test func `acknowledges every event of a simulation, and knows its runs`() async throws {
        let weir = try await EmbeddedServer.start()
        let port = try #require(weir.server.addresses.first?.port)
        let target = try #require(SimulatorTarget("http://127.0.0.1:\(port)/telemetry"))
        var options = SimulatorOptions(target: target, start: .now())
        options.sessions = 4
        options.tasksPerRun = 20
        options.failureShare = 0.1
        let report = await Simulator(options).run()
        #expect(report.isClean)
        #expect(report.latencies.count == report.sent)
        let runs = try JSONDocument(try weir.client().get("/api/nextflow/runs").body).root["runs"]
        #expect(runs?.elements.map { $0["run_name"]?.string }.count == report.runs)
        await weir.stop()
    }

    @Test func `counts the same runs the same, told by the weblog or by Tower's client`() async throws {
        let start = try #require(Timestamp(iso8601: "2026-02-19T18:05:00Z"))
        var answers: [[String]] = []
        for isTower in [false, true] {
            let weir = try await EmbeddedServer.start()
            let url = "http://127.0.0.1:\(try #require(weir.server.addresses.first?.port))"
            var options = SimulatorOptions(
                target: isTower ? nil : SimulatorTarget("\(url)/telemetry"),
                tower: isTower ? SimulatorTarget("\(url)/tower") : nil,
                start: start
            )
            options.tasksPerRun = 20
            options.failureShare = 0.2
            let report = await Simulator(options).run()
            #expect(report.isClean && (report.tasks > 60) == isTower)
            let client = try weir.client()
            answers.append(
                try ["summary", "failures", "retries", "resources-by-attempt"].map { path in
                    try client.get("/metrics/processes/\(path)?window_days=365&min_samples=1").text
                        // The clock, and what only the weblog has: its events, and their times in whole seconds.
                        .replacing(/"generated_at_utc":"[^"]+"|"event_mix":[^\]]*\]/, with: "")
                        .replacing(/(_utc":"[^"]+:\d\d)\.\d+/) { "\($0.output.1)" }
                }
            )
            await weir.stop()
        }
        for (weblog, tower) in zip(answers[0], answers[1]) { #expect(weblog == tower) }
        #expect(answers[0][0].contains("READMAP:ALIGN") && answers[0][1].contains("137"))
    }
}
