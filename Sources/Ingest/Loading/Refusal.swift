import Core
import Journal
import Postgres

/// Why an element cannot become rows.
package struct Refusal: Error, Hashable, Sendable {
    /// The SQLSTATE that PostgreSQL gave, or `unreadable`.
    package let sqlState: String
    /// What was wrong, in the words of whoever refused it. Never holds the value.
    package let reason: String

    /// The code of what Weir itself could not read: a line as a whole.
    package static let unreadable = "WEIR1"

    /// Whether the line could not be read at all, so that its elements are not known.
    var isOfLine: Bool { sqlState == Self.unreadable }

    /// Makes a refusal.
    package init(sqlState: String = Refusal.unreadable, reason: String) {
        self.sqlState = sqlState
        self.reason = reason
    }
}

extension Refusal {
    init(_ error: PostgresError) {
        self.init(sqlState: error.sqlState ?? "", reason: error.description)
    }
}
