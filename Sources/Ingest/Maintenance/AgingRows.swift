package import Core
package import Postgres

/// Rows of one kind that are deleted once they are old enough.
///
/// Every call of `deleteBatch` is its own transaction, so that a sweep can end after any of them.
package protocol AgingRows: Sendable {
    /// The name of the rows: `runs`.
    var name: String { get }
    /// The table, for VACUUM and for its size; nil where deleting frees the space at once.
    var table: String? { get }

    /// Counts all rows, and those that are older than `limit`.
    func survey(before limit: Timestamp, on connection: Connection) throws -> AgeSurvey

    /// Deletes at most `count` rows that are older than `limit`, the oldest first.
    ///
    /// - Returns: how many were deleted; 0 when none is left.
    func deleteBatch(before limit: Timestamp, atMost count: Int, on connection: Connection) throws -> Int
}

/// The numbers of a survey of rows that age.
package struct AgeSurvey: Hashable, Sendable {
    /// How many rows there are.
    package var total: Int
    /// The time of the oldest row; nil without rows.
    package var oldest: Timestamp?
    /// The time of the newest row; nil without rows.
    package var newest: Timestamp?
    /// How many rows are old enough to be deleted.
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
