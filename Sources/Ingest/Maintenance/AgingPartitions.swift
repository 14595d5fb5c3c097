package import Core
package import Postgres

/// The daily partitions of a raw table, deleted one in each batch; dropping a partition frees its space at once.
package struct AgingPartitions: AgingRows {
    package let name: String
    package let table: String? = nil
    private let partitions: DayPartitions

    /// Wraps partitions of days; `name` is an operator's name for their rows.
    package init(_ name: String, _ partitions: DayPartitions) {
        self.name = name
        self.partitions = partitions
    }

    package func survey(before limit: Timestamp, on connection: Connection) throws -> AgeSurvey {
        let days = try partitions.days(on: connection)
        return AgeSurvey(
            total: days.count,
            oldest: days.first,
            newest: days.last,
            expired: days.count { $0 < limit.startOfDay }
        )
    }

    package func deleteBatch(
        before limit: Timestamp,
        atMost count: Int,
        on connection: Connection
    ) throws -> Int {
        try partitions.drop(before: limit, atMost: 1, on: connection)
    }
}
