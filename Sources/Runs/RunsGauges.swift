internal import Core
package import Metrics
package import Postgres

/// Gauges of tracked runs from the database: all Weirs that share it show the same values.
package enum RunsGauges {
    private static let statement = Statement("run gauges", file: PackageResources.run_gauges_sql)

    /// Reads the gauges; the cost grows with the pairs of agent and job type, not with the number of runs.
    ///
    /// `named` of these pairs, those with the most runs, have series of their own; the others are added up as
    /// `other`. With 0 no series has a name.
    /// - Throws: `PostgresError`.
    package static func read(_ connection: Connection, named: Int) throws -> MetricsSnapshot {
        var snapshot = MetricsSnapshot()
        var totals = Dictionary(uniqueKeysWithValues: RunStatus.allCases.map { ($0.rawValue, Int64(0)) })
        var lastSuccess: Timestamp?
        for row in try connection.execute(statement, [.int(named)]) {
            let status = try row.text("status")
            let runs = try row.int64("runs")
            let success = try row.optionalTimestamp("last_success")
            totals[status, default: 0] += runs
            if let success { lastSuccess = max(lastSuccess ?? success, success) }
            guard named > 0 else { continue }
            let names = [("agent_name", try row.text("agent_name")), ("job_type", try row.text("job_type"))]
            add(runs, names + [("status", status)], to: &snapshot)
            if let success { add(lastSuccess: success, names, to: &snapshot) }
        }
        if named == 0 {
            for status in RunStatus.allCases.map(\.rawValue) {
                add(totals[status] ?? 0, [("status", status)], to: &snapshot)
            }
            if let lastSuccess { add(lastSuccess: lastSuccess, [], to: &snapshot) }
        }
        return snapshot
    }

    private static func add(_ runs: Int64, _ labels: [(String, String)], to snapshot: inout MetricsSnapshot) {
        snapshot.gauge(
            "weir_runs",
            help: "Tracked runs by status; also by agent and job type with WEIR_METRICS_NAMES.",
            labels: labels,
            Double(max(runs, 0))
        )
    }

    private static func add(
        lastSuccess: Timestamp,
        _ labels: [(String, String)],
        to snapshot: inout MetricsSnapshot
    ) {
        snapshot.gauge(
            "weir_runs_last_success_timestamp_seconds",
            help: "When the newest successful run ended, in seconds since 1970.",
            labels: labels,
            lastSuccess.secondsSinceEpoch
        )
    }
}
