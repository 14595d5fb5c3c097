internal import Configuration
package import Core
package import Ingest
package import Postgres

/// Rollups of the coarse grains for retention. A row is a day or a month long, and old when all of it is.
package struct AgingRollups: AgingRows {
    package let name: String
    package var table: String? { rows.table }
    private let rows: AgingTable
    private let length: Duration

    private init(_ name: String, table: String, length: Duration) {
        self.name = name
        rows = AgingTable(name, table: table, at: "starts_at")
        self.length = length
    }

    package func survey(before limit: Timestamp, on connection: Connection) throws -> AgeSurvey {
        try rows.survey(before: limit - length, on: connection)
    }

    package func deleteBatch(before limit: Timestamp, atMost count: Int, on connection: Connection) throws
        -> Int
    {
        try rows.deleteBatch(before: limit - length, atMost: count, on: connection)
    }

    /// The retention of all rollups.
    static let rules = [
        rule(
            "minutes",
            AgingPartitions("rollups by minute", DayPartitions(table: "rollup_minute")),
            WorkersSettings.minutesKeep
        ),
        rule(
            "five-minutes",
            AgingPartitions("rollups by five minutes", DayPartitions(table: "rollup_five_minutes")),
            WorkersSettings.fiveMinutesKeep
        ),
        rule(
            "hours",
            AgingRollups("rollups by hour", table: "rollup_hour", length: .seconds(86_400)),
            WorkersSettings.hoursKeep
        ),
        rule(
            "days",
            AgingRollups("rollups by day", table: "rollup_day", length: .seconds(31 * 86_400)),
            WorkersSettings.daysKeep
        ),
    ]

    private static func rule(
        _ grain: String,
        _ rows: any AgingRows,
        _ keep: Setting<Duration>
    ) -> RetentionRule {
        RetentionRule("workers.rollups.\(grain)", rows, keep: keep, every: .seconds(900), for: .seconds(15))
    }
}
