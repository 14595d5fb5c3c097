internal import Core
internal import Ingest
package import Logging
package import Metrics
package import Postgres
internal import Synchronization

/// Gauges of the domain: runs by state, tasks by process and status.
///
/// They come from the database, so that every Weir that shares it shows the same. A task reads them now and then and
/// a scrape shows what was read last: a scrape never waits for PostgreSQL, and an outage leaves the last numbers
/// standing, with the time they were read.
package final class NextflowGauges: Sendable {
    /// How many processes have a series of their own; the rest are added up as `other`.
    static let processLimit = 200

    // Guards the last reading.
    private let latest = Mutex(MetricsSnapshot())

    /// Registers the gauges; nothing is shown before the first reading.
    package init(registry: Registry) {
        registry.addCollector { [weak self] snapshot in
            guard let self else { return }
            snapshot.merge(latest.withLock { $0 })
        }
    }

    /// Reads the gauges every `interval` until the task is cancelled; what fails is logged and tried again.
    package func run(pool: Pool, every interval: Duration, staleAfter: Duration, logger: Logger) async {
        while !Task.isCancelled {
            do {
                try await refresh(pool: pool, staleAfter: staleAfter)
            } catch {
                logger.debug("gauges not read", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: interval)
        }
    }

    /// Reads the gauges once.
    ///
    /// - Throws: `PostgresError`.
    package func refresh(pool: Pool, staleAfter: Duration) async throws {
        let reading = try await pool.withConnection { connection in
            try ReadSnapshot.read(connection) { now in
                try Self.read(connection, now: now, staleAfter: staleAfter)
            }
        }
        latest.withLock { $0 = reading }
    }

    private static func read(
        _ connection: Connection,
        now: Timestamp,
        staleAfter: Duration
    ) throws -> MetricsSnapshot {
        let parameters: [Parameter] = [.timestamp(now), .text("\(staleAfter.components.seconds) seconds")]
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
        SELECT run_state(r, $1::timestamptz, $2::interval), count(*)
        FROM run r
        WHERE r.completed_utc IS NULL OR r.segment_start > r.completed_segment
        GROUP BY 1
        """
    )

    private static let tasks = Statement(
        "task gauges",
        ProcessMetricsStore.text(PackageResources.task_gauges_sql)
    )
}
