package import Core
package import Postgres

/// Rows of one kind that are deleted when they are old enough.
///
/// Every call of `deleteBatch` is a transaction of its own, so that a sweep can end after any of them.
package protocol AgingRows: Sendable {
    /// What the rows are called: `runs`.
    var name: String { get }
    /// The table, for VACUUM and for its size; nil where space comes back by itself.
    var table: String? { get }

    /// What there is, and what of it is older than `limit`.
    func survey(before limit: Timestamp, on connection: Connection) throws -> AgeSurvey

    /// Deletes at most `count` rows that are older than `limit`, the oldest first.
    ///
    /// - Returns: how many went; 0 when there is nothing left to delete.
    func deleteBatch(before limit: Timestamp, atMost count: Int, on connection: Connection) throws -> Int
}

/// What a look at rows that age has found.
package struct AgeSurvey: Hashable, Sendable {
    /// How many there are.
    package var total: Int
    /// The time of the oldest one; nil where there are none.
    package var oldest: Timestamp?
    /// The time of the newest one; nil where there are none.
    package var newest: Timestamp?
    /// How many are old enough to be deleted.
    package var expired: Int

    /// Makes a survey.
    package init(total: Int, oldest: Timestamp?, newest: Timestamp?, expired: Int) {
        self.total = total
        self.oldest = oldest
        self.newest = newest
        self.expired = expired
    }

    /// Reads a row with the columns `total`, `oldest`, `newest` and `expired`.
    package init(_ row: Row) throws {
        total = try row.int("total")
        oldest = try row.optionalTimestamp("oldest")
        newest = try row.optionalTimestamp("newest")
        expired = try row.int("expired")
    }
}
