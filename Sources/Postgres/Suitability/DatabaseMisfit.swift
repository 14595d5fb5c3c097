/// Why Weir cannot work with a reachable database. Each case says what to do.
package enum DatabaseMisfit: Error, Hashable, Sendable {
    /// The database does not hold UTF-8.
    case encoding(found: String, database: String, role: String)
    /// There is a pooler in transaction or statement mode in between.
    case sharedSessions
    /// The role may not make temporary tables.
    case noTemporaryTables(role: String, database: String)
    /// The role may not make tables in the schema.
    case noTables(role: String, schema: String)
    /// There is no schema to make tables in.
    case noSchema(role: String, database: String)
    /// Weir's tables exist, and the role may not write to them.
    case foreignTables(role: String, owner: String)
    /// Transactions of the role are read-only.
    case readOnly(role: String)
    /// The server is a standby.
    case standby

    /// Whether waiting may help: a server is promoted, a setting changed.
    package var isPassing: Bool {
        switch self {
        case .readOnly, .standby: true
        case .encoding, .sharedSessions, .noTemporaryTables, .noTables, .noSchema, .foreignTables: false
        }
    }

    /// The problem, in a sentence without a full stop.
    package var finding: String {
        switch self {
        case .encoding(let found, let database, _):
            "the database \(database) has the encoding \(found), and Weir needs UTF8"
        case .sharedSessions:
            """
            a pooler in transaction mode (pgbouncer: pool_mode) stands between Weir and PostgreSQL: clients \
            share its sessions, and Weir needs exclusive ones
            """
        case .noTemporaryTables(let role, let database):
            "the role \(role) may not make temporary tables in the database \(database)"
        case .noTables(let role, let schema): "the role \(role) may not make tables in the schema \(schema)"
        case .noSchema(let role, let database):
            "the role \(role) has no schema in the database \(database) to make tables in"
        case .foreignTables(let role, let owner):
            "the role \(role) may not write to Weir's tables, which belong to \(owner)"
        case .readOnly(let role):
            "transactions of the role \(role) are read-only (default_transaction_read_only)"
        case .standby: "the server is a standby, which takes no rows"
        }
    }

    /// What to do next: a command or a statement where there is one.
    package var advice: String {
        switch self {
        case .encoding(_, let database, let role):
            """
            create a database in UTF8, and name it in DATABASE_URL: createdb --encoding=UTF8 \
            --template=template0 --locale=C --owner=\(Identifier.shell(role)) \(Identifier.shell(database + "_utf8"))
            """
        case .sharedSessions:
            """
            name PostgreSQL itself in DATABASE_URL, or a pool of the pooler in session mode (pgbouncer: \
            pool_mode=session)
            """
        case .noTemporaryTables(let role, let database):
            "GRANT TEMPORARY ON DATABASE \(Identifier.sql(database)) TO \(Identifier.sql(role));"
        case .noTables(let role, let schema):
            "GRANT CREATE, USAGE ON SCHEMA \(Identifier.sql(schema)) TO \(Identifier.sql(role));"
        case .noSchema(let role, _):
            "CREATE SCHEMA \(Identifier.sql(role)) AUTHORIZATION \(Identifier.sql(role));"
        case .foreignTables(let role, let owner):
            "GRANT \(Identifier.sql(owner)) TO \(Identifier.sql(role)); or log in as \(owner)"
        case .readOnly(let role):
            "ALTER ROLE \(Identifier.sql(role)) SET default_transaction_read_only = off; or use a role that may write"
        case .standby: "name the primary in DATABASE_URL; a standby belongs into DATABASE_READ_URL"
        }
    }
}

extension DatabaseMisfit: CustomStringConvertible {
    package var description: String { "\(finding): \(advice)" }
}

extension Identifier {
    /// A name as a person would type it in SQL: in quotes only where it needs them.
    fileprivate static func sql(_ name: String) -> String { isPlain(name) ? name : quoted(name) }

    /// A name as a word of a command line.
    fileprivate static func shell(_ name: String) -> String {
        isPlain(name)
            ? name
            : "'" + name.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
                + "'"
    }

    private static func isPlain(_ name: String) -> Bool {
        guard let first = name.utf8.first, first == UInt8(ascii: "_") || (97...122).contains(first) else {
            return false
        }
        return name.utf8.allSatisfy {
            $0 == UInt8(ascii: "_") || (97...122).contains($0) || (48...57).contains($0)
        }
    }
}
