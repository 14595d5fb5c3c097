import Core
import Postgres
import WeirApp

/// The contents of a database at one moment, for the metadata of a copy and for comparing with it.
enum DatabaseSnapshot {
    /// Begins a snapshot, calls `body` with the name by which `pg_dump` can use it, and ends it.
    static func with<Value>(
        _ database: DatabaseSession,
        _ body: (_ connection: Connection, _ name: String) throws -> Value
    ) throws -> Value {
        try Connection.withTemporary(database.target, unhurried(database.session)) { connection in
            let options = TransactionOptions(isolation: .repeatableRead, isReadOnly: true)
            return try connection.transaction(options) {
                let row = try connection.execute("SELECT pg_export_snapshot() AS name", [])
                return try body(connection, try row[0].text("name"))
            }
        }
    }

    /// Sessions without a statement timeout.
    static func unhurried(_ session: SessionSettings) -> SessionSettings {
        var session = session
        session.applicationName = "weir-backup"
        session.statementTimeout = nil
        session.parameters["idle_in_transaction_session_timeout"] = "0"
        session.parameters["idle_session_timeout"] = "0"
        return session
    }

    /// The number of rows of every table of the schema; a partitioned table counts as one.
    static func rowCounts(on connection: Connection) throws -> [String: Int64] {
        let tables = try connection.execute(
            """
            SELECT relname::text AS name
            FROM pg_class
            WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
            """,
            []
        )
        return try tables.reduce(into: [:]) { counts, table in
            let name = try table.text("name")
            counts[name] = try rowCount(of: name, on: connection)
        }
    }

    /// The number of rows of one table.
    static func rowCount(of table: String, on connection: Connection) throws -> Int64 {
        let counted = try connection.executeOnce(
            Statement("count rows", "SELECT count(*) FROM \(Identifier.quoted(table))")
        )
        return try counted[0].int64(0)
    }

    /// The loaded position of each journal.
    static func positions(on connection: Connection) throws -> [BackupMetadata.Position] {
        guard
            try connection.execute("SELECT to_regclass('journal_position') IS NOT NULL AS found", [])[0]
                .bool("found")
        else { return [] }
        return try connection.execute(
            "SELECT journal_id::text AS journal, stream, seq FROM journal_position ORDER BY 1, 2",
            []
        ).map { row in
            BackupMetadata.Position(
                journal: try row.text("journal"),
                stream: try row.text("stream"),
                seq: try row.int64("seq")
            )
        }
    }

    /// The newest step of the schema; 0 without one.
    static func schemaVersion(on connection: Connection) throws -> Int {
        switch try Schema.migrator.state(connection) {
        case .none: 0
        case .current(let version, _): version
        case .newer(let version, _): version
        }
    }
}
