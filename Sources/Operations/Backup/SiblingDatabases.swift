import Core
import Postgres
import PostgresCluster
import WeirApp

/// Other databases on the same server: made, filled, exchanged and dropped from a session in a maintenance database.
struct SiblingDatabases: Sendable {
    private let database: DatabaseSession
    /// The database in use.
    let name: String

    /// Works on the server of a session.
    init(_ database: DatabaseSession) throws {
        self.database = database
        name = try Connection.withTemporary(database.target, database.session) { connection in
            try connection.execute("SELECT current_database()::text AS name", [])[0].text("name")
        }
    }

    /// The same server, in another database.
    func session(in other: String) -> DatabaseSession {
        DatabaseSession(
            pool: database.pool,
            target: database.target.with(database: other),
            session: DatabaseSnapshot.unhurried(database.session)
        )
    }

    /// Runs `body` in a database that is never exchanged.
    func maintain<Value>(_ body: (Connection) throws -> Value) throws -> Value {
        let session = session(in: "postgres")
        do {
            return try Connection.withTemporary(session.target, session.session, body)
        } catch let error as PostgresError where error.kind == .missingDatabase {
            let other = self.session(in: "template1")
            return try Connection.withTemporary(other.target, other.session, body)
        }
    }

    /// Makes an empty database with the properties of the one in use.
    func make(_ new: String) throws {
        do {
            try create(new)
        } catch let error as PostgresError where error.sqlState == "42501" {
            let role = try maintain {
                try $0.execute("SELECT current_user::text AS role", [])[0].text("role")
            }
            throw StartError(
                "the role '\(role)' may not make databases, which restoring a copy requires; let a superuser run: "
                    + "ALTER ROLE \(Identifier.quoted(role)) CREATEDB"
            )
        }
    }

    private func create(_ new: String) throws {
        try maintain { connection in
            let row = try connection.execute(
                """
                SELECT pg_encoding_to_char(encoding)::text AS encoding, datcollate::text AS collation,
                       datctype::text AS type, pg_get_userbyid(datdba)::text AS owner
                FROM pg_database WHERE datname = $1
                """,
                [.text(name)]
            )[0]
            try connection.executeScript(
                """
                CREATE DATABASE \(Identifier.quoted(new)) TEMPLATE template0
                ENCODING \(Identifier.literal(try row.text("encoding")))
                LC_COLLATE \(Identifier.literal(try row.text("collation")))
                LC_CTYPE \(Identifier.literal(try row.text("type")))
                OWNER \(Identifier.quoted(try row.text("owner")))
                """
            )
        }
    }

    /// Drops a database, if it exists.
    func drop(_ old: String) throws {
        try maintain { connection in
            _ = try connection.executeScript("DROP DATABASE IF EXISTS \(Identifier.quoted(old)) WITH (FORCE)")
        }
    }

    /// Renames the database in use to `aside`, and `new` to its name, in one transaction.
    func exchange(_ new: String, aside: String) throws {
        try maintain { connection in
            try connection.transaction {
                try connection.executeScript(Self.rename(name, aside))
                try connection.executeScript(Self.rename(new, name))
            }
        }
    }

    private static func rename(_ old: String, _ new: String) -> String {
        "ALTER DATABASE \(Identifier.quoted(old)) RENAME TO \(Identifier.quoted(new))"
    }

    /// The databases that were set aside with this word, the newest last.
    func setAside(_ word: String) throws -> [String] {
        try maintain { connection in
            try connection.execute("SELECT datname::text AS name FROM pg_database", []).map {
                try $0.text("name")
            }
        }.compactMap { other in DatabaseNames.time(of: other, name, word).map { (other, $0) } }
            .sorted { $0.1 < $1.1 }.map(\.0)
    }

    /// The programs connected to the database in use, one per line; empty if there are none.
    func visitors() throws -> [String] {
        try maintain { connection in
            let rows = try connection.execute(
                """
                SELECT coalesce(nullif(application_name, ''), 'a program without a name') AS program,
                       count(*) AS sessions
                FROM pg_stat_activity
                WHERE datname = $1
                GROUP BY 1
                ORDER BY 1
                """,
                [.text(name)]
            )
            return try rows.map { "\(try $0.text("program")) (\(try $0.int64("sessions")))" }
        }
    }

    /// Whether the database itself has grants or settings, which dumps do not contain.
    func hasSettingsOfItsOwn() throws -> Bool {
        try maintain { connection in
            try connection.execute(
                """
                SELECT datacl IS NOT NULL OR EXISTS (
                    SELECT FROM pg_db_role_setting s WHERE s.setdatabase = d.oid
                ) AS found
                FROM pg_database d WHERE datname = $1
                """,
                [.text(name)]
            )[0].bool("found")
        }
    }

    /// Fills an empty database from a dump and compares the rows of every table with the counts of the copy.
    func fill(
        _ new: String,
        from dump: String,
        _ metadata: BackupMetadata,
        tools: ServerTools,
        withGrants: Bool = true
    ) throws {
        var arguments = ["--no-owner", "--no-password", "--exit-on-error", "--jobs=2"]
        if !withGrants { arguments.append("--no-privileges") }
        let target = session(in: new)
        let outcome = try tools.restore(target.target, arguments + [dump])
        guard outcome.status == 0 else { throw StartError("pg_restore failed: \(outcome.complaint)") }
        try Connection.withTemporary(target.target, target.session) { connection in
            for (table, count) in metadata.rows.sorted(by: { $0.key < $1.key }) {
                let found = try DatabaseSnapshot.rowCount(of: table, on: connection)
                guard found == count else {
                    throw StartError("the restored table \(table) has \(found) rows and not \(count)")
                }
            }
            // A dump contains no statistics, and without them the first plans would be bad.
            try connection.executeScript("ANALYZE")
        }
    }
}

/// A restore into a temporary database.
struct TrialRestore {
    private let siblings: SiblingDatabases
    private let tools: ServerTools

    init(_ database: DatabaseSession, _ tools: ServerTools) throws {
        siblings = try SiblingDatabases(database)
        self.tools = tools
    }

    func check(_ dump: String, _ metadata: BackupMetadata) throws {
        let name = DatabaseNames.name(siblings.name, DatabaseNames.trial, metadata.createdAt)
        try siblings.make(name)
        defer { try? siblings.drop(name) }
        try siblings.fill(name, from: dump, metadata, tools: tools)
    }
}
