import Core
import Foundation
import HTTP
import Ingest
import Postgres
import TestKit
import Testing

@testable import Operations
@testable import WeirApp

/// A feature that nothing of Weir knows by name: the list it is given to is all that it takes.
@Suite("A feature is one value", .serialized)
struct EchoFeatureTests {
    private static let features = Feature.all + [Feature.echo]

    /// A database with Weir's schema and that of the feature.
    private static func database() throws -> TemporaryDatabase {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "echo.sql")
        let sql = try String(contentsOf: file, encoding: .utf8)
        return try TemporaryDatabase.make(preparedAs: "weir-echo") { connection in
            _ = try Schema.migrator.migrate(connection)
            try connection.executeScript(sql)
        }
    }

    /// As a command has it.
    private static func session(_ database: TemporaryDatabase) -> DatabaseSession {
        DatabaseSession(
            pool: Pool(database.target),
            target: database.target,
            session: SessionSettings()
        )
    }

    private static func start(_ database: TemporaryDatabase) async throws -> EmbeddedServer {
        try await EmbeddedServer.start(
            databaseURL: database.target.unmaskedURL,
            listen: "127.0.0.1:0",
            features: features
        ) { $0.metricsRefresh = .seconds(1) }
    }

    @Test("it is served, validated, described, measured, and its job is done")
    func served() async throws {
        let database = try Self.database()
        let server = try await Self.start(database)
        let client = try server.client()
        #expect(try client.post("/echo", json: #""hello""#).status == 202)
        #expect(try client.post("/echo", json: #""help""#).status == 202)
        #expect(
            try client.post("/echo", json: "5").text
                == #"{"detail":[{"type":"string_type","loc":["body"],"msg":"Input should be a valid string","input":null}]}"#
        )
        #expect(try client.get("/echo?contains=hel&limit=1").text == #"{"echoes":["help"]}"#)
        #expect(
            try client.get("/echo?limit=0").text == """
                {"detail":[{"type":"greater_than_equal","loc":["query","limit"],\
                "msg":"Input should be greater than or equal to 1","input":"0","ctx":{"ge":1}}]}
                """
        )
        let description = try client.get("/openapi.json").text
        #expect(description.contains(#""/echo":{"post":{"operationId":"postEcho""#))
        #expect(description.contains(#"{"name":"limit","in":"query""#))
        try await eventually { try client.get("/metrics").text.contains("weir_echoes 2") }
        #expect(try client.get("/metrics").text.contains(#"weir_loader_lag_lines{stream="echo"} 0"#))
        try await eventually { try !database.rows("SELECT 'beat' FROM echo_beat").isEmpty }
        await server.stop()
    }

    @Test("a line that PostgreSQL refuses is a dead letter, and loaded by a retry")
    func deadLetters() async throws {
        let database = try Self.database()
        let server = try await Self.start(database)
        let client = try server.client()
        #expect(try client.post("/echo", json: #""much too long""#).status == 202)
        #expect(try client.get("/echo").text == #"{"echoes":[]}"#)
        let desk = DeadLetterDesk(Self.session(database), Self.features)
        #expect(try await desk.retry(nil).isComplete == false)
        try database.execute("ALTER TABLE echo DROP CONSTRAINT echo_text_check")
        #expect(try await desk.retry(nil).lines == ["1  loaded"])
        #expect(try client.get("/echo").text == #"{"echoes":["much too long"]}"#)
        await server.stop()
    }

    @Test("its journal is replayed into an empty database")
    func replay() async throws {
        let database = try Self.database()
        let server = try await Self.start(database)
        let client = try server.client()
        for text in ["a", "b", "c"] { _ = try client.post("/echo", json: "\"\(text)\"") }
        #expect(try client.get("/echo").text == #"{"echoes":["c","b","a"]}"#)
        await server.server.stop()

        let empty = try Self.database()
        let replay = JournalReplay([server.directory], Self.session(empty), Self.features)
        #expect(try await replay.run { _, _ in } == ["3 lines replayed, 0 dead letters"])
        let all =
            "SELECT journal_id || ' ' || seq || ' ' || received_at || ' ' || text FROM echo ORDER BY seq"
        #expect(try empty.rows(all) == database.rows(all))
        #expect(try empty.rows(all).count == 3)
        await server.stop()
    }

    @Test("its setting is known, its old rows are deleted, and it is audited")
    func care() async throws {
        let environment = ["WEIR_ECHO_KEEP": "30d"]
        #expect(try Settings.resolve(environment: environment).warnings.count == 1)
        let resolved = try Settings.resolve(environment: environment, features: Self.features)
        #expect(resolved.warnings.isEmpty)
        #expect(SettingsReport(resolved).lines(explained: false).contains { $0.hasPrefix("WEIR_ECHO_KEEP") })

        let database = try Self.database()
        try database.execute(
            """
            INSERT INTO echo (journal_id, seq, received_at, text)
            SELECT '11111111-2222-3333-4444-555555555555', day, now() - day * interval '1 day', 'old'
            FROM generate_series(1, 50) AS day
            """
        )
        let session = Self.session(database)
        let desk = RetentionDesk(session, resolved.settings.values, Self.features, batchSize: 8)
        let parts = try await desk.survey(at: .now())
        let echoes = try #require(parts.first { $0.line.hasPrefix("echoes: 50 in all") })
        #expect(echoes.expired == 21)
        #expect(try await desk.sweep(echoes) { _ in }.deleted == 21)
        #expect(try database.rows("SELECT count(*)::text FROM echo") == ["29"])

        let report = try await Audit(session, Audit.Options(only: ["echoes"]), Self.features).run()
        #expect(report.lines.contains { $0.contains("29") })
    }
}
