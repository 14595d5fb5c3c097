import Postgres
import TestKit
import Testing

@Suite struct `A migrator` {
    private let database: TemporaryDatabase

    init() throws {
        database = try TemporaryDatabase.make()
    }

    private let first = Migration(
        version: 1,
        name: "first",
        sql: "CREATE TABLE a (i int); INSERT INTO a VALUES (1);"
    )
    private let second = Migration(version: 2, name: "second", sql: "ALTER TABLE a ADD b text")

    private func migrate(_ migrations: [Migration]) throws -> SchemaState {
        try Connection.withTemporary(database.target) { try Migrator(migrations).migrate($0) }
    }

    private func count(_ sql: String) throws -> Int {
        try Connection.withTemporary(database.target) { try $0.execute(Statement(sql: sql))[0].int(0) }
    }

    @Test func `applies what is missing, once and in order`() throws {
        #expect(try migrate([first]) == .current(version: 1, applied: [1]))
        #expect(try migrate([second, first]) == .current(version: 2, applied: [2]))
        #expect(try migrate([first, second]) == .current(version: 2, applied: []))
        #expect(try count("SELECT count(*) FROM a WHERE b IS NULL") == 1)
        #expect(try count("SELECT count(*) FROM weir_migration WHERE applied_at <= now()") == 2)
    }

    @Test func `does not blame a step for a server that is full`() throws {
        let raise = "DO $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END $$"
        let full = Migration(version: 1, name: "full", sql: raise)
        let error = #expect(throws: PostgresError.self) { try migrate([full]) }
        #expect(error?.isRetryable == true)
        #expect(try migrate([first]) == .current(version: 1, applied: [1]))
    }

    @Test func `tells the state without changing it`() throws {
        let migrator = Migrator([first])
        let before = try Connection.withTemporary(database.target) { try migrator.state($0) }
        #expect(before == nil)
        _ = try migrate([first, second])
        let after = try Connection.withTemporary(database.target) { try migrator.state($0) }
        #expect(after == .newer(database: 2, known: 1))
    }

    @Test func `refuses a step that was edited after it had been applied`() throws {
        _ = try migrate([first])
        let edited = Migration(version: 1, name: "first", sql: first.sql + " ")
        #expect(throws: MigrationError.checksumMismatch(version: 1, name: "first")) {
            try migrate([edited, second])
        }
        #expect(try count("SELECT count(*) FROM weir_migration") == 1)
    }

    @Test func `leaves a database that is newer than the binary alone`() throws {
        _ = try migrate([first, second])
        #expect(try migrate([first]) == .newer(database: 2, known: 1))
    }

    @Test func `refuses to fill a gap`() throws {
        let third = Migration(version: 3, name: "third", sql: "SELECT 1")
        _ = try migrate([first, third])
        #expect(throws: MigrationError.outOfOrder(version: 2, applied: 3)) {
            try migrate([first, second, third])
        }
    }

    @Test func `leaves nothing of a step that failed`() throws {
        let broken = Migration(version: 2, name: "broken", sql: "CREATE TABLE b (); SELECT 1/0")
        let error = #expect(throws: MigrationError.self) { try migrate([first, broken]) }
        guard case .failed(2, "broken", let cause) = error else {
            Issue.record("not the failure of step 2: \(String(describing: error))")
            return
        }
        #expect(cause.sqlState == "22012")
        #expect(try count("SELECT count(*) FROM pg_tables WHERE tablename = 'b'") == 0)
        #expect(try migrate([first, second]) == .current(version: 2, applied: [2]))
    }

    @Test func `runs a marked step outside a transaction`() throws {
        let index = Migration(
            version: 2,
            name: "index",
            sql: """
                -- weir:no-transaction
                -- A ';' in a comment ends nothing.
                CREATE INDEX CONCURRENTLY IF NOT EXISTS a_i ON a (i);
                DO $$ BEGIN PERFORM 1; END $$;
                """
        )
        #expect(try migrate([first, index]) == .current(version: 2, applied: [1, 2]))
        #expect(try count("SELECT count(*) FROM pg_indexes WHERE indexname = 'a_i'") == 1)
    }

    @Test func `lets one of two at a time through`() async throws {
        let migrations = [first, second]
        let target = database.target
        let states = try await withThrowingTaskGroup(of: SchemaState.self) { group in
            for _ in 0..<4 {
                let owner = DedicatedConnection(target)
                group.addTask { try await owner.withConnection { try Migrator(migrations).migrate($0) } }
            }
            return try await group.reduce(into: [SchemaState]()) { $0.append($1) }
        }
        let working = states.filter { $0 == .current(version: 2, applied: [1, 2]) }
        let idle = states.filter { $0 == .current(version: 2, applied: []) }
        #expect(working.count == 1)
        #expect(idle.count == 3)
    }

    @Test func `puts the session's timeouts back`() throws {
        let timeout = try Connection.withTemporary(database.target) { connection in
            _ = try Migrator([first]).migrate(connection)
            return try connection.execute("SHOW statement_timeout")[0].text(0)
        }
        #expect(timeout == "30s")
    }
}
