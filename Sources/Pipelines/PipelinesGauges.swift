internal import Core
package import Metrics
package import Postgres

/// Gauges of pipelines and their workers from the database: all Weirs that share it show the same values.
package enum PipelinesGauges {
    /// Reads the gauges: pipelines that are not over are few and have an index, those that are over are counted from
    /// the last day.
    ///
    /// - Throws: `PostgresError`.
    package static func read(_ connection: Connection, offlineAfter limit: Duration) throws -> MetricsSnapshot
    {
        var snapshot = MetricsSnapshot()
        var pipelines = Dictionary(
            uniqueKeysWithValues: PipelineStatus.allCases.map { ($0.rawValue, Int64(0)) }
        )
        let rows = try connection.execute(
            Statement(
                "pipelines by status",
                """
                SELECT status, count(*) AS n FROM pipeline WHERE NOT is_completed GROUP BY status
                UNION ALL
                SELECT status, count(*) FROM pipeline
                WHERE finished_at >= now() - interval '1 day' AND is_completed GROUP BY status
                """
            )
        )
        for row in rows { pipelines[try row.text("status"), default: 0] += try row.int64("n") }
        for status in PipelineStatus.allCases {
            snapshot.gauge(
                "pipelogiq_pipelines_total",
                help: "Pipelines by status; of those that are over, those of the last 24 hours.",
                labels: [("status", status.rawValue)],
                Double(pipelines[status.rawValue] ?? 0)
            )
        }
        var workers = Dictionary(uniqueKeysWithValues: WorkerState.allCases.map { ($0, 0) })
        let now = Timestamp.now()
        for row in try connection.execute("SELECT state, last_seen_at FROM worker_client") {
            let state = WorkerState(rawValue: try row.text("state")) ?? .starting
            let seen = try row.timestamp("last_seen_at")
            workers[state.effective(lastSeen: seen, now: now, offlineAfter: limit), default: 0] += 1
        }
        for state in WorkerState.allCases {
            snapshot.gauge(
                "pipelogiq_workers",
                help: "Workers of pipelines by effective state.",
                labels: [("state", state.rawValue)],
                Double(workers[state] ?? 0)
            )
        }
        return snapshot
    }
}
