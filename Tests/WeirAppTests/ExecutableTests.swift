import Configuration
import Core
import Foundation
import HTTPServer
import Postgres
import TestKit
import Testing

@testable import WeirApp

@Suite(.serialized) struct `Built executable` {
    private let directory = NSTemporaryDirectory() + "weir-run-\(UUID128.random())"

    private func environment(_ more: [String: String] = [:]) -> [String: String] {
        [
            "WEIR_DATA_DIR": directory, "WEIR_LISTEN": "127.0.0.1:0", "WEIR_JOURNAL_RESERVE": "0",
            "WEIR_LOG_LEVEL": "critical", "WEIR_CONNECT_TIMEOUT": "2s",
        ].merging(more) { _, new in new }
    }

    private func expectOneLine(_ outcome: Executable.Outcome, _ words: String, status: Int32) {
        #expect(outcome.status == status)
        #expect(outcome.errors.hasPrefix("weir: "))
        #expect(outcome.errors.contains(words), "\(outcome.errors)")
        #expect(outcome.errors.count { $0 == "\n" } == 1, "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
    }

    @Test(
        arguments: [
            (["WEIR_POOL_SIZE": "many"], "WEIR_POOL_SIZE='many' is not usable", 78),
            (["DATABASE_URL": "mysql://u:hunter2@h/d"], "DATABASE_URL is not usable", 78),
            (["WEIR_LISTEN": "0.0.0.0:0"], "refusing to listen on 0.0.0.0:0", 78),
            (["WEIR_DATA_DIR": "/dev/null/weir"], "cannot use the data directory /dev/null", 1),
            (["WEIR_PG_BIN": "/nonexistent"], "/nonexistent (WEIR_PG_BIN) does not hold", 78),
        ] as [([String: String], String, Int32)]
    )
    func `ends with one readable line`(settings: [String: String], words: String, status: Int32) throws {
        let outcome = try Executable.run(["serve"], environment(settings))
        expectOneLine(outcome, words, status: status)
        #expect(!outcome.errors.contains("hunter2"))
    }

    @Test func `says which port is taken`() async throws {
        let weir = try await EmbeddedServer.start(listen: "127.0.0.1:0")
        let port = try #require(weir.server.addresses.first?.port)
        let database = try TemporaryDatabase.make()
        let settings = ["WEIR_LISTEN": "127.0.0.1:\(port)", "DATABASE_URL": database.target.unmaskedURL]
        let outcome = try Executable.run(["serve"], environment(settings))
        expectOneLine(outcome, "cannot listen on 127.0.0.1:\(port)", status: 1)
        await weir.stop()
    }

    @Test func `says that the database does not exist`() throws {
        let target = try TemporaryCluster.shared().target.with(database: "no_such_database")
        let outcome = try Executable.run(["serve"], environment(["DATABASE_URL": target.unmaskedURL]))
        expectOneLine(outcome, "the database does not exist", status: 78)
    }

    @Test func `says that the user is refused`() throws {
        let target = try TemporaryCluster.shared().target.with("user", "no_such_role").with(
            "password",
            "hunter2"
        )
        let outcome = try Executable.run(["serve"], environment(["DATABASE_URL": target.unmaskedURL]))
        expectOneLine(outcome, "PostgreSQL refuses user or password", status: 78)
        #expect(!outcome.errors.contains("hunter2"))
    }

    @Test func `says who holds the data directory`() async throws {
        let weir = try await EmbeddedServer.start()
        let database = try TemporaryDatabase.make()
        let settings = ["WEIR_DATA_DIR": weir.directory, "DATABASE_URL": database.target.unmaskedURL]
        let outcome = try Executable.run(["serve"], environment(settings))
        expectOneLine(outcome, "in use by another Weir", status: 1)
        await weir.stop()
    }

    @Test func `refuses wrong usage with 64`() throws {
        #expect(try Executable.run(["serve", "--bogus"]).status == 64)
        #expect(try Executable.run(["simulate", "--runs", "0"]).status == 64)
    }

    @Test(arguments: [
        "serve", "migrate", "replay", "dead-letters", "token", "health", "doctor", "config", "simulate",
        "import",
    ])
    func `helps with every command`(command: String) throws {
        let outcome = try Executable.run(["help", command])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("USAGE: weir \(command)"))
    }

    @Test func `health asks the server and tells by its exit code`() async throws {
        let weir = try await EmbeddedServer.start(listen: "127.0.0.1:0")
        let port = try #require(weir.server.addresses.first?.port)
        let settings = environment(["WEIR_LISTEN": "127.0.0.1:\(port)"])
        let healthy = try Executable.run(["health"], settings)
        #expect(healthy.status == 0)
        #expect(healthy.output.hasPrefix("ok, Weir "), "\(healthy.output)")
        #expect(try Executable.run(["health", "--json"], settings).output.contains(#""status":"ok""#))
        // Under load a probe may run into its bound and say no once.
        #expect(
            try (0..<20).contains { _ in try Executable.run(["health", "--ready"], settings).status == 0 }
        )
        await weir.stop()
        expectOneLine(try Executable.run(["health"], settings), "no answer from 127.0.0.1:\(port)", status: 1)
    }

    @Test func `does not start on tables that another build made with other steps`() throws {
        let database = try TemporaryDatabase.make()
        let settings = environment(["DATABASE_URL": database.target.unmaskedURL])
        defer { try? FileManager.default.removeItem(atPath: directory) }
        #expect(try Executable.run(["migrate"], settings).status == 0)
        try Connection.withTemporary(database.target) {
            _ = try $0.executeScript("UPDATE weir_migration SET checksum = 'another'")
        }
        for command in [["migrate"], ["serve"]] {
            expectOneLine(
                try Executable.run(command, settings),
                "is not the one that was applied to this database: another build of Weir made the tables",
                status: 78
            )
        }
    }

    @Test func `migrates, makes and revokes tokens, and finds nothing dead in a fresh database`() throws {
        let database = try TemporaryDatabase.make()
        let settings = environment(["DATABASE_URL": database.target.unmaskedURL])
        defer { try? FileManager.default.removeItem(atPath: directory) }
        #expect(try Executable.run(["migrate", "status"], settings).status == 1)
        #expect(try Executable.run(["migrate"], settings).output.contains("applied v0001 baseline"))
        #expect(try Executable.run(["migrate", "status"], settings).status == 0)

        let made = try Executable.run(
            ["token", "create", "dash", "--scope", "read", "--scope", "ingest"],
            settings
        )
        #expect(made.status == 0)
        let secret = made.output.trimmed
        #expect(secret.hasPrefix("weir_") && secret.count == 48)
        let list = try Executable.run(["token", "list"], settings).output
        #expect(list.contains("dash") && list.contains("ingest+read") && !list.contains(secret))
        expectOneLine(
            try Executable.run(["token", "create", "dash"], settings),
            "choose another name",
            status: 1
        )
        #expect(try Executable.run(["token", "revoke", "dash"], settings).status == 0)
        expectOneLine(
            try Executable.run(["token", "revoke", "dash"], settings),
            "no token 'dash'",
            status: 1
        )

        #expect(try Executable.run(["dead-letters"], settings).output == "no dead letters\n")
        #expect(try Executable.run(["dead-letters", "retry", "7"], settings).status == 1)
        let doctor = try Executable.run(["doctor"], settings)
        #expect(doctor.status == 0, "\(doctor.output)")
        #expect(doctor.output.contains("ok    schema"))
    }

    @Test func `shows settings without secrets`() throws {
        let outcome = try Executable.run(
            ["config", "--json"],
            ["WEIR_TOKENS": "read=hunter2", "WEIR_LISTNE": "x"]
        )
        #expect(outcome.status == 0)
        #expect(!outcome.output.contains("hunter2"))
        #expect(outcome.errors.contains("did you mean WEIR_LISTEN?"))
        #expect(try JSONDocument(Array(outcome.output.utf8)).root.kind == .array)
    }
}
