package import Postgres

/// A problem of PostgreSQL as text: the only place that turns a cause into text for people.
package struct DatabaseTrouble: Hashable, Sendable {
    /// For public pages: no host, no user, no database, no text of the driver.
    let brief: String
    /// What to do next.
    package let advice: String

    /// Describes an error.
    package init(_ error: PostgresError) {
        let words: (String, String)
        switch error.kind {
        case .unreachable where error.sqlState == "57P03":
            words = ("is starting up, shutting down or recovering", "Wait; its own log says how far it is.")
        case .unreachable:
            words = ("cannot be reached", "Start PostgreSQL, or correct host and port in DATABASE_URL.")
        case .authentication:
            words = ("user or password refused", "Correct user and password in DATABASE_URL, or pg_hba.conf.")
        case .forbidden:
            words = (
                "the role lacks a right", "GRANT it; the log and `weir doctor` say which: \(error.message)."
            )
        case .missingDatabase:
            words = (
                "the database does not exist",
                "Make it with createdb --encoding=UTF8 --template=template0, or correct DATABASE_URL."
            )
        case .unsupportedServer: words = ("the server is too old", "Use PostgreSQL 14 or newer.")
        case .tooManyConnections:
            words = (
                "it has no free connection",
                """
                Raise max_connections, or the limit of the role (ALTER ROLE weir CONNECTION LIMIT), end idle sessions, or \
                lower WEIR_POOL_SIZE.
                """
            )
        case .poolTimeout:
            words = (
                "all connections are busy", "Raise WEIR_POOL_SIZE, or find the slow queries in the log."
            )
        case .cancelled: words = ("no answer in time", Self.look)
        case .transient where error.sqlState == "25006":
            words = ("it is read-only", "Name the primary in DATABASE_URL, or let the role write.")
        case .transient where error.sqlState == "53100":
            words = ("its disk is full", "Make room on its disk.")
        case .transient, .refusedData, .closed, .undecodable, .programming: words = ("failed", Self.look)
        }
        (brief, advice) = words
    }

    /// Describes an unsuitable database.
    init(_ misfit: DatabaseMisfit) {
        brief = misfit.finding
        advice = misfit.advice
    }

    private static let look = "Check PostgreSQL; `weir doctor` helps."
}
