package import Core
package import Ingest
package import Postgres

/// Samples for retention, a day at a time, by their arrival. Contract noetl §7.2.
///
/// A day is dropped when none of its samples can be alive: its end is older than the limit, and than every lifetime of
/// a series that is longer. It is kept until everything is rolled up that arrived on it.
package struct AgingSamples: AgingRows {
    package let name = "samples"
    package let table: String? = "sample_block"
    private let partitions = DayPartitions(table: "sample_block")

    /// The rows of `sample_block`.
    package init() {}

    package func survey(before limit: Timestamp, on connection: Connection) throws -> AgeSurvey {
        let rows = try connection.execute(
            """
            SELECT coalesce(sum(samples), 0)::bigint AS total,
                   min(day)::timestamp AT TIME ZONE 'UTC' AS oldest,
                   (max(day) + 1)::timestamp AT TIME ZONE 'UTC' AS newest,
                   coalesce(sum(samples) FILTER (WHERE day < ($1 AT TIME ZONE 'UTC')::date), 0)::bigint AS expired
            FROM sample_count
            """,
            [.timestamp(try SampleCareStore.firstKeptDay(limit, on: connection))]
        )
        return try AgeSurvey(rows[0])
    }

    package func deleteBatch(before limit: Timestamp, atMost count: Int, on connection: Connection) throws
        -> Int
    {
        let end = try SampleCareStore.firstKeptDay(limit, on: connection)
        let dropped = try partitions.drop(before: end, atMost: 1, on: connection)
        try SampleCareStore.dropped(dropped, before: end, on: connection)
        return dropped
    }
}
