internal import Core

/// Which call of Tower's client tells most of a task, as one number: the greater one tells more. It is merged by the
/// greatest, and finds the call again, which has the task as the client sent it.
struct TowerTold: Hashable, Sendable {
    /// The bits of the time of arrival, microseconds since 1970: enough for two thousand years.
    private static let timeBits = 56

    /// The rank of the status that the call tells; what comes late may tell less.
    let rank: Int16
    /// When the call arrived.
    let receivedAt: Timestamp

    /// The number that the column `tower_told` of `task` holds.
    var number: Int64 { Int64(rank) << Self.timeBits | receivedAt.microseconds & (1 << Self.timeBits - 1) }

    /// The SQL of the time of arrival in such a column.
    static func receivedAt(_ column: String) -> String {
        "timestamptz 'epoch' + (\(column) & \(Int64(1) << timeBits - 1)) * interval '1 microsecond'"
    }

    /// The SQL of the status in such a column.
    static func status(_ column: String) -> String { "task_status((\(column) >> \(timeBits))::smallint)" }
}
