internal import Core
package import Metrics
package import Postgres

/// Gauges of workers of pipelines from the database: all Weirs that share it show the same values.
package enum PipelinesGauges {
    /// Reads the gauges; workers that are long gone are not kept.
    ///
    /// - Throws: `PostgresError`.
    package static func read(_ connection: Connection, offlineAfter limit: Duration) throws -> MetricsSnapshot
    {
        var snapshot = MetricsSnapshot()
        var workers = Dictionary(uniqueKeysWithValues: WorkerState.allCases.map { ($0, Int64(0)) })
        let rows = try connection.execute(
            Statement(
                "workers of pipelines by state",
                """
                SELECT CASE WHEN state <> 'stopped' AND last_seen_at < $1 THEN 'offline' ELSE state END AS state,
                       count(*) AS n
                FROM (SELECT state, last_seen_at FROM worker_client ORDER BY last_seen_at DESC LIMIT 1000000) w
                GROUP BY 1
                """
            ),
            [.timestamp(Timestamp.now() - limit)]
        )
        for row in rows {
            workers[WorkerState(rawValue: try row.text("state")) ?? .starting, default: 0] += try row.int64(
                "n"
            )
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
