import Core
import Foundation
import TestKit
import Testing

@testable import Postgres

@Suite struct `Database facts` {
    private let cluster: TemporaryCluster
    private let role = "facts_\(UUID128.random().description.prefix(8))"

    init() throws {
        cluster = try TemporaryCluster.shared()
    }

    private func run(_ sql: String, in database: ConnectionTarget? = nil) throws {
        try Connection.withTemporary(database ?? cluster.target) { connection in
            for statement in SQLScript.statements(of: sql) { _ = try connection.executeScript(statement) }
        }
    }

    private func facts(_ target: ConnectionTarget) throws -> DatabaseFacts {
        try Connection.withTemporary(target) { try DatabaseFacts.fetch($0, target, SessionSettings()) }
    }

    @Test(arguments: ["SQL_ASCII", "LATIN1"])
    func `tell an encoding that will not do, and how to make one that does`(_ encoding: String) throws {
        try run(
            "CREATE DATABASE \(role) TEMPLATE template0 ENCODING '\(encoding)' LC_COLLATE 'C' LC_CTYPE 'C'"
        )
        defer { try? run("DROP DATABASE \(role)") }
        let misfit = try #require(try facts(cluster.target.with(database: role)).misfit)
        #expect(misfit == .encoding(found: encoding, database: role, role: "weir"))
        #expect(!misfit.isPassing)
        #expect(misfit.finding == "the database \(role) has the encoding \(encoding), and Weir needs UTF8")
        #expect(
            misfit.advice.hasSuffix(
                "createdb --encoding=UTF8 --template=template0 --locale=C --owner=weir \(role)_utf8"
            )
        )
    }

    @Test func `name the GRANT that a role lacks`() throws {
        let database = try TemporaryDatabase.make()
        let name = database.name
        try run(
            """
            CREATE ROLE \(role) LOGIN; REVOKE TEMPORARY ON DATABASE \(name) FROM PUBLIC;
            REVOKE CREATE ON SCHEMA public FROM PUBLIC
            """,
            in: database.target
        )
        defer { try? run("DROP OWNED BY \(role); DROP ROLE \(role)", in: database.target) }
        let target = database.target.with("user", role)
        let before = try facts(target)
        #expect(before.misfit?.advice == "GRANT TEMPORARY ON DATABASE \(name) TO \(role);")
        #expect(before.creationMisfit?.advice == "GRANT CREATE, USAGE ON SCHEMA public TO \(role);")
        // What the advice says is what helps.
        try run(
            "\(before.misfit?.advice ?? "") \(before.creationMisfit?.advice ?? "")",
            in: database.target
        )
        let after = try facts(target)
        #expect(after.misfit == nil)
        #expect(after.creationMisfit == nil)
    }

    @Test func `tell whose tables a role may not write to`() throws {
        let database = try TemporaryDatabase.make()
        try run(
            "CREATE ROLE \(role) LOGIN; CREATE TABLE journal_position (i int); GRANT SELECT ON journal_position TO \(role)",
            in: database.target
        )
        defer { try? run("DROP OWNED BY \(role); DROP ROLE \(role)", in: database.target) }
        let misfit = try facts(database.target.with("user", role)).misfit
        #expect(misfit == .foreignTables(role: role, owner: "weir"))
        #expect(misfit?.advice == "GRANT weir TO \(role); or log in as weir")
    }

    @Test func `take a read-only role for something that passes`() throws {
        let database = try TemporaryDatabase.make()
        try run("CREATE ROLE \(role) LOGIN; ALTER ROLE \(role) SET default_transaction_read_only = on")
        defer { try? run("DROP ROLE \(role)") }
        let found = try facts(database.target.with("user", role))
        #expect(found.misfit == nil)
        #expect(found.creationMisfit == .readOnly(role: role))
        #expect(found.creationMisfit?.isPassing == true)
    }

    @Test func `put a name into quotes where it needs them`() {
        let misfit = DatabaseMisfit.noTables(role: "a b", schema: "Odd\"one")
        #expect(misfit.advice == "GRANT CREATE, USAGE ON SCHEMA \"Odd\"\"one\" TO \"a b\";")
        #expect(
            DatabaseMisfit.encoding(found: "LATIN1", database: "it's", role: "weir").advice.hasSuffix(
                "--owner=weir 'it'\\''s_utf8'"
            )
        )
    }

    @Test(
        .enabled(if: Pgbouncer.isInstalled, "needs Debian's pgbouncer"),
        arguments: ["transaction", "session"]
    )
    func `recognise a pooler that shares sessions, and only that`(_ mode: String) async throws {
        let database = try TemporaryDatabase.make()
        let pooler = try Pgbouncer(database.target, mode: mode)
        defer { pooler.stop() }
        try await pooler.waitUntilReady()
        let found = try facts(pooler.target)
        #expect(found.sharesSessions == (mode == "transaction"))
        #expect((found.misfit == .sharedSessions) == (mode == "transaction"))
        #expect(try !facts(database.target).sharesSessions)
    }
}
