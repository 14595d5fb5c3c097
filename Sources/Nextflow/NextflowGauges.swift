internal import Core
internal import Ingest
internal import Metrics
internal import Postgres

/// Gauges of Nextflow: runs by state, tasks by process and status.
///
/// They come from the database, so that all Weirs that share it show the same values.
enum NextflowGauges {
    /// How many processes have series of their own; the others are added up as `other`.
    static let processLimit = 200

    /// Runs and tasks, and the partitions of raw events; a running run that is silent for `staleAfter` is stale.
    static func sources(staleAfter: RunSilence) -> [GaugeSource] {
        [
            GaugeSource(during: .lastReading) { connection in
                try ReadSnapshot.read(connection) { now in
                    try read(connection, now: now, staleAfter: staleAfter)
                }
            },
            GaugeSource(
                "weir_partitions",
                help: "Daily partitions of raw tables.",
                labels: [("table", "telemetry")]
            ) { Double(try DayPartitions.telemetry.count(on: $0)) },
            GaugeSource(
                "weir_tower_pending_calls",
                help: "Calls of Nextflow's Tower client whose run nobody has told yet, 10,000 at most.",
                labels: []
            ) { connection in
                Double(try connection.execute(pending).first?.int64(0) ?? 0)
            },
        ]
    }

    private static let pending = Statement(
        "pending calls",
        "SELECT count(*) FROM (SELECT FROM tower_pending LIMIT 10000) p"
    )

    private static func read(
        _ connection: Connection,
        now: Timestamp,
        staleAfter: RunSilence
    ) throws -> MetricsSnapshot {
        let parameters: [Parameter] = [.timestamp(now), staleAfter.parameter]
        var snapshot = MetricsSnapshot()

        var runs = Dictionary(uniqueKeysWithValues: RunState.allCases.map { ($0.rawValue, Int64(0)) })
        for row in try connection.execute(runStates, parameters) {
            runs[try row.text("state"), default: 0] += try row.int64("runs")
        }
        for state in RunState.allCases {
            snapshot.gauge(
                "weir_nextflow_runs",
                help: "Runs by state.",
                labels: [("state", state.rawValue)],
                Double(runs[state.rawValue] ?? 0)
            )
        }
        for row in try connection.execute(tasks, parameters + [.int(processLimit)]) {
            snapshot.gauge(
                "weir_nextflow_tasks",
                help: "Tasks by process and status: of runs at work now, and all that were completed.",
                labels: [("process", try row.text("process")), ("status", try row.text("status"))],
                try row.double("tasks")
            )
        }
        snapshot.gauge(
            "weir_nextflow_refresh_timestamp_seconds",
            help: "When the numbers of runs and tasks were read, in seconds since 1970.",
            now.secondsSinceEpoch
        )
        return snapshot
    }

    private static let runStates = Statement(
        "run state gauges",
        """
        SELECT outcome AS state, count(*) AS runs
        FROM run
        WHERE outcome IS NOT NULL
        GROUP BY outcome
        UNION ALL
        SELECT run_state(r, $1::timestamptz, $2::interval[]), count(*)
        FROM run r
        WHERE r.completed_utc IS NULL OR r.segment_start > r.completed_segment
        GROUP BY 1
        """
    )

    private static let tasks = Statement("task gauges", file: PackageResources.task_gauges_sql)
}
