import Postgres
import TestKit
import Testing

@Suite struct `A transaction` {
    private struct Stop: Error {}
    private let database: TemporaryDatabase

    init() throws {
        database = try TemporaryDatabase.make()
        try Connection.withTemporary(database.target) {
            _ = try $0.executeScript(
                """
                CREATE TABLE t (i int PRIMARY KEY);
                CREATE TABLE d (i int REFERENCES t DEFERRABLE INITIALLY DEFERRED)
                """
            )
        }
    }

    private func with(_ body: (Connection) throws -> Void) throws {
        try Connection.withTemporary(database.target) { try body($0) }
    }

    private func stored(_ connection: Connection) throws -> [Int64?] {
        try connection.execute("SELECT coalesce(array_agg(i ORDER BY i), '{}') FROM t")[0].int64Array(0)
    }

    private func insert(_ value: Int64, _ connection: Connection) throws {
        try connection.execute("INSERT INTO t VALUES ($1)", [.int64(value)])
    }

    @Test func `keeps what the body leaves and undoes what it throws`() throws {
        try with { connection in
            let answer = try connection.transaction {
                try insert(1, connection)
                return "done"
            }
            #expect(answer == "done")
            #expect(throws: Stop.self) {
                try connection.transaction {
                    try insert(2, connection)
                    throw Stop()
                }
            }
            #expect(try stored(connection) == [1])
        }
    }

    @Test func `undoes a savepoint alone`() throws {
        try with { connection in
            try connection.transaction {
                try insert(1, connection)
                #expect(throws: PostgresError.self) {
                    try connection.savepoint("row") {
                        try insert(2, connection)
                        try insert(1, connection)
                    }
                }
                try connection.savepoint("row") {
                    try connection.savepoint("inner") { try insert(3, connection) }
                }
            }
            #expect(try stored(connection) == [1, 3])
        }
    }

    @Test func `reports an error that the body kept to itself`() throws {
        try with { connection in
            let error = #expect(throws: PostgresError.self) {
                try connection.transaction {
                    try insert(1, connection)
                    _ = try? insert(1, connection)
                }
            }
            #expect(error?.sqlState == "25P02")
            #expect(error?.context == "COMMIT")
            let rows = try stored(connection)
            #expect(rows.isEmpty)
        }
    }

    @Test func `reports a failure at COMMIT`() throws {
        try with { connection in
            let error = #expect(throws: PostgresError.self) {
                try connection.transaction { try connection.execute("INSERT INTO d VALUES (7)") }
            }
            #expect(error?.sqlState == "23503")
            #expect(error?.context == "COMMIT")
            try connection.transaction { try insert(1, connection) }
            #expect(try stored(connection) == [1])
        }
    }

    @Test func `is lost with its connection`() throws {
        try with { connection in
            let error = #expect(throws: PostgresError.self) {
                try connection.transaction {
                    try insert(1, connection)
                    try connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
                }
            }
            #expect(error?.isRetryable == true)
            #expect(connection.isBroken)
        }
        try with { connection in
            let rows = try stored(connection)
            #expect(rows.isEmpty)
        }
    }

    @Test func `does not overrule a server that is set to read only`() throws {
        try with { connection in
            try connection.executeScript("SET default_transaction_read_only = on")
            let error = #expect(throws: PostgresError.self) {
                try connection.transaction { try insert(1, connection) }
            }
            #expect(error?.sqlState == "25006")
            #expect(error?.isRetryable == true)
        }
    }

    @Test func `refuses to write when it is read only`() throws {
        try with { connection in
            let error = #expect(throws: PostgresError.self) {
                try connection.transaction(TransactionOptions(isReadOnly: true)) { try insert(1, connection) }
            }
            #expect(error?.sqlState == "25006")
            let level = try connection.transaction(TransactionOptions(isolation: .serializable)) {
                try connection.execute("SHOW transaction_isolation")[0].text(0)
            }
            #expect(level == "serializable")
        }
    }
}
