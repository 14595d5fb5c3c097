package import Core
package import Ingest
package import Postgres

/// Tracked runs for retention, whatever their status, by the time of their creation. Contract §4.1.
package struct AgingRuns: AgingRows {
    package let name = "runs"
    package let table: String? = "agent_run"

    private static let delete = Statement("delete_runs", file: PackageResources.delete_runs_sql)

    /// The rows of `agent_run`.
    package init() {}

    package func survey(before limit: Timestamp, on connection: Connection) throws -> AgeSurvey {
        let rows = try connection.execute(
            """
            SELECT (SELECT coalesce(sum(runs), 0)::bigint FROM agent_run_tally WHERE facet = 'agent_name') AS total,
                   (SELECT min(created_order) FROM agent_run) AS oldest,
                   (SELECT max(created_order) FROM agent_run) AS newest,
                   (SELECT count(*) FROM agent_run WHERE created_order < $1) AS expired
            """,
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
            let groups = try connection.execute(Self.delete, [.timestamp(limit), .int(count)])
            var counts = RunCounts()
            var deleted = 0
            for group in groups {
                let runs = try group.int64("runs")
                let kind = RunCounts.Kind(
                    agent: try group.text("agent_name"),
                    job: try group.text("job_type"),
                    status: try group.text("status")
                )
                counts.remove(runs, kind, createdAt: try group.timestamp("hour"))
                deleted += Int(runs)
            }
            try RunsApplyStore.tally(counts, on: connection)
            return deleted
        }
    }
}
