import Core
import Foundation
import Postgres
import TestKit
import Testing

@testable import WeirApp

@Suite(.serialized) struct `A database that does not do` {
    private let directory = NSTemporaryDirectory() + "weir-misfit-\(UUID128.random())"
    private let role = "misfit_\(UUID128.random().description.prefix(8))"

    private func environment(_ url: String) -> [String: String] {
        [
            "WEIR_DATA_DIR": directory, "WEIR_LISTEN": "127.0.0.1:0", "WEIR_JOURNAL_RESERVE": "0",
            "WEIR_LOG_LEVEL": "critical", "WEIR_CONNECT_TIMEOUT": "2s", "DATABASE_URL": url,
        ]
    }

    private func run(_ statements: [String], in database: ConnectionTarget) throws {
        try Connection.withTemporary(database) { connection in
            for statement in statements { _ = try connection.executeScript(statement) }
        }
    }

    /// What was said, without the breaks that fit it to a terminal.
    private func words(_ output: String) -> String {
        output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    @Test func `ends a start with the line that makes one that does`() throws {
        let cluster = try TemporaryCluster.shared()
        try run(
            ["CREATE DATABASE \(role) TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'"],
            in: cluster.target
        )
        defer { try? run(["DROP DATABASE \(role)"], in: cluster.target) }
        let url = cluster.target.with(database: role).unmaskedURL
        let serve = try Executable.run(["serve"], environment(url))
        #expect(serve.status == 78)
        #expect(serve.errors.contains("createdb --encoding=UTF8 --template=template0"), "\(serve.errors)")
        let doctor = try Executable.run(["doctor"], environment(url))
        #expect(doctor.status == 1)
        #expect(doctor.output.contains("fail  database"), "\(doctor.output)")
        #expect(words(doctor.output).contains("createdb --encoding=UTF8 --template=template0"))
        #expect(try Executable.run(["migrate", "up"], environment(url)).status == 78)
    }

    @Test func `ends a start with the GRANT that the role lacks`() throws {
        let database = try TemporaryDatabase.make()
        try run(
            ["CREATE ROLE \(role) LOGIN", "REVOKE CREATE ON SCHEMA public FROM PUBLIC"],
            in: database.target
        )
        defer { try? run(["DROP OWNED BY \(role)", "DROP ROLE \(role)"], in: database.target) }
        let url = database.target.with("user", role).unmaskedURL
        let serve = try Executable.run(["serve"], environment(url))
        #expect(serve.status == 78)
        #expect(
            serve.errors.contains("GRANT CREATE, USAGE ON SCHEMA public TO \(role);"),
            "\(serve.errors)"
        )
        let doctor = try Executable.run(["doctor"], environment(url))
        #expect(doctor.status == 1)
        #expect(
            words(doctor.output).contains("GRANT CREATE, USAGE ON SCHEMA public TO \(role);"),
            "\(doctor.output)"
        )
    }

    @Test(
        arguments: [
            ("mysql://x@127.0.0.1/weir", "fail  postgresql", 1),
            ("postgresql://weir:x@127.0.0.1:1/weir", "warn  postgresql   cannot be reached", 0),
        ] as [(String, String, Int32)]
    )
    func `is looked at by doctor before the data directory is there`(
        _ url: String,
        _ words: String,
        _ status: Int32
    ) throws {
        let doctor = try Executable.run(["doctor"], environment(url))
        #expect(doctor.output.contains(words), "\(doctor.output)")
        #expect(doctor.status == status)
        #expect(!FileManager.default.fileExists(atPath: directory))
    }

    @Test(.enabled(if: Pgbouncer.isInstalled, "needs Debian's pgbouncer"))
    func `is one behind a pooler in transaction mode, and no start is tried`() async throws {
        let database = try TemporaryDatabase.make()
        let pooler = try Pgbouncer(database.target, mode: "transaction")
        defer { pooler.stop() }
        try await pooler.waitUntilReady()
        let serve = try Executable.run(["serve"], environment(pooler.target.unmaskedURL))
        #expect(serve.status == 78)
        #expect(serve.errors.contains("a pooler in transaction mode"), "\(serve.errors)")
    }

    @Test func `is told by ready when it loses a right while Weir runs, and taken back when it gets it`()
        async throws
    {
        let database = try TemporaryDatabase.make()
        try run(
            ["CREATE ROLE \(role) LOGIN", "GRANT ALL ON SCHEMA public TO \(role)"],
            in: database.target
        )
        defer { try? run(["DROP OWNED BY \(role)", "DROP ROLE \(role)"], in: database.target) }
        let weir = try await EmbeddedServer.start(databaseURL: database.target.with("user", role).unmaskedURL)
        let client = try weir.client()
        let grant = "GRANT TEMPORARY ON DATABASE \(database.name) TO \(role);"
        try run(["REVOKE TEMPORARY ON DATABASE \(database.name) FROM PUBLIC"], in: database.target)
        #expect(try await answer(client, 503).contains(grant))
        try run([grant], in: database.target)
        #expect(try await answer(client, 200).contains("It answers."))
        await weir.stop()
    }

    /// What `/ready` says once it answers with a status; a generous bound ends a hang.
    private func answer(_ client: HTTPTestClient, _ status: Int) async throws -> String {
        let end = ContinuousClock.now + .seconds(60)
        while true {
            let ready = try client.get("/ready")
            if ready.status == status || ContinuousClock.now > end {
                #expect(ready.status == status, "\(ready.text)")
                return ready.text
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
