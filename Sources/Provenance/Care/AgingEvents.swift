package import Core
package import Ingest
package import Postgres

/// Provenance events for retention, by when they happened, with their places and sources. Contract beampipe §3.5.
package struct AgingEvents: AgingRows {
    package let name = "provenance-events"
    package let table: String? = "provenance_events"

    private static let delete = Statement("delete_events", file: PackageResources.delete_events_sql)

    /// The rows of `provenance_events`.
    package init() {}

    package func survey(before limit: Timestamp, on connection: Connection) throws -> AgeSurvey {
        let rows = try connection.execute(
            Statement(
                "survey provenance events",
                """
                SELECT count(*) AS total, min(occurred_at) AS oldest, max(occurred_at) AS newest,
                       count(*) FILTER (WHERE occurred_at < $1) AS expired
                FROM provenance_events
                """
            ),
            [.timestamp(limit)]
        )
        return try AgeSurvey(rows[0])
    }

    package func deleteBatch(
        before limit: Timestamp,
        atMost count: Int,
        on connection: Connection
    ) throws -> Int {
        try connection.transaction {
            // However many are deleted, they are found by their keys.
            try connection.executeScript(
                "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off"
            )
            return try connection.execute(Self.delete, [.timestamp(limit), .int(count)]).first?.int("deleted")
                ?? 0
        }
    }
}
