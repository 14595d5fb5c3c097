internal import Core
internal import Ingest
internal import Logging
internal import Metrics
internal import Postgres
internal import Synchronization

/// The platform's gauges, read every 15 seconds and whenever `/api/v2/metrics` is asked. Contract beampipe §2.2, §2.3.
///
/// Each reading replaces all of the last one, so that nothing that is gone stays (D7).
final class PlatformGauges: Sendable {
    /// How often they are read.
    static let interval = Duration.seconds(15)

    private let pool: Pool
    private let surroundings: any ExecutionSurroundings
    private let taps: [TAPProbe]
    private let names: Int
    private let logger: Logger
    private struct Guarded {
        var counts: ExecutionCounts?
        var startedAt: ContinuousClock.Instant?
    }

    // Guards the last reading, and when it began.
    private let guarded = Mutex(Guarded())

    /// Makes the gauges; `names` projects are shown by name.
    init(
        pool: Pool,
        _ surroundings: any ExecutionSurroundings,
        taps: [TAPProbe],
        names: Int,
        logger: Logger
    ) {
        self.pool = pool
        self.surroundings = surroundings
        self.taps = taps
        self.names = names
        self.logger = logger
    }

    /// Reads until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            await refresh()
            try? await Task.sleep(for: Self.interval)
        }
    }

    /// Reads once; not again within a second, however many ask.
    func refresh() async {
        let isDue = guarded.withLock { guarded in
            if let last = guarded.startedAt, .now - last < .seconds(1) { return false }
            guarded.startedAt = .now
            return true
        }
        guard isDue else { return }
        async let probed: Void = probe()
        do {
            let counts = try await pool.withConnection { [surroundings] connection in
                try ExecutionCounts(on: connection, at: .now(), surroundings, withSources: true)
            }
            guarded.withLock { $0.counts = counts }
        } catch {
            guarded.withLock { $0.counts = nil }
            logger.debug("gauges of executions not read", metadata: ["error": "\(error)"])
        }
        await probed
    }

    private func probe() async {
        for tap in taps { _ = await tap.finding(within: .milliseconds(1500)) }
    }

    /// Adds the families; never waits.
    func collect(into snapshot: inout MetricsSnapshot) {
        let counts = guarded.withLock { $0.counts }
        dependencies(counts != nil, &snapshot)
        guard let counts else { return }
        queue(counts, &snapshot)
        ledger(counts, &snapshot)
        axes(counts, &snapshot)
        sources(counts, &snapshot)
        workers(counts, &snapshot)
    }

    // MARK: - Families

    private func dependencies(_ isReachable: Bool, _ snapshot: inout MetricsSnapshot) {
        var states = [("postgres", isReachable), ("redis", true)]
        states += taps.map { ($0.name, $0.last?.state != .error) }
        for (name, isUp) in states {
            snapshot.gauge(
                "beampipe_dependency_up",
                help: "Whether a dependency answered last; one that is not configured counts as up.",
                labels: [("dependency", name)],
                isUp ? 1 : 0
            )
        }
    }

    private func queue(_ counts: ExecutionCounts, _ snapshot: inout MetricsSnapshot) {
        let (queued, age) = (
            counts.count(ExecutionCounts.queued), counts.oldestAge(ExecutionCounts.queued)
        )
        snapshot.gauge(
            "beampipe_jobs_queue_depth",
            help: "Executions that no backend has begun with (pending, retrying).",
            Double(queued)
        )
        snapshot.gauge(
            "beampipe_jobs_running",
            help: "Executions that run or wait for their scheduler.",
            Double(counts.count([.running, .awaitingScheduler]))
        )
        snapshot.gauge(
            "beampipe_jobs_queued",
            help: "Executions that no backend has begun with, as jobs of a kind.",
            labels: [("kind", "execute")],
            Double(queued)
        )
        snapshot.gauge(
            "beampipe_jobs_oldest_queued_age_seconds",
            help: "Age of the oldest execution that no backend has begun with; 0 without one.",
            labels: [("kind", "execute")],
            Double(age)
        )
    }

    private func ledger(_ counts: ExecutionCounts, _ snapshot: inout MetricsSnapshot) {
        for status in LedgerStatus.active {
            snapshot.gauge(
                "beampipe_executions_active",
                help: "Executions that are not over, by status.",
                labels: [("status", status.rawValue)],
                Double(counts.count([status]))
            )
            snapshot.gauge(
                "beampipe_executions_oldest_active_age_seconds",
                help: "Age of the oldest execution of each status that is not over; 0 without one.",
                labels: [("status", status.rawValue)],
                Double(counts.oldestAge([status]))
            )
        }
        for status in LedgerStatus.allCases {
            snapshot.gauge(
                "weir_executions",
                help: "Executions by status, those that are over included.",
                labels: [("status", status.rawValue)],
                Double(counts.count("status", status.rawValue))
            )
        }
        let known = ["none", "workflow_auto", "daliuge", "slurm"]
        for scheduler in known + [ExecutionsMetrics.other] {
            let isOther = scheduler == ExecutionsMetrics.other
            let count = counts.open.filter {
                isOther ? !known.contains($0.scheduler) : $0.scheduler == scheduler
            }
            snapshot.gauge(
                "beampipe_executions_inflight",
                help: "Executions that are not over, by backend.",
                labels: [("scheduler_name", scheduler)],
                Double(count.reduce(0) { $0 + $1.count })
            )
        }
        snapshot.gauge(
            "beampipe_reconciliation_risk_executions",
            help: "Executions that contradict themselves, or whose submission is uncertain.",
            Double(counts.risks)
        )
    }

    private func axes(_ counts: ExecutionCounts, _ snapshot: inout MetricsSnapshot) {
        let axes: [(axis: String, states: [String])] = [
            ("submission", SubmissionState.allCases.map(\.rawValue)),
            ("scheduler", SchedulerState.allCases.map(\.rawValue)),
            ("daliuge", DaliugeState.allCases.map(\.rawValue)),
            ("output", OutputState.allCases.map(\.rawValue)),
        ]
        for (axis, states) in axes {
            for state in states {
                snapshot.gauge(
                    "beampipe_executions_by_external_state",
                    help: "All executions by the states of their axes.",
                    labels: [("axis", axis), ("state", state)],
                    Double(counts.count(axis, state))
                )
            }
        }
        // The original's is a gauge with the name of a counter; retries only grow.
        snapshot.counter(
            "beampipe_execution_retries_total",
            help: "Retries of all executions together.",
            Double(counts.count("retries", "all"))
        )
    }

    /// Whether a project is one of tests, whose sources are not shown. Contract beampipe §2.2, §10 row 2.
    static func isHidden(_ project: String) -> Bool {
        ["fail_requeue_", "sig_test_", "test_", "exec_sig_"].contains { project.hasPrefix($0) }
    }

    private func sources(_ counts: ExecutionCounts, _ snapshot: inout MetricsSnapshot) {
        var rest: Int64 = 0
        let shown = counts.sources.filter { !Self.isHidden($0.project) }
        for (place, found) in shown.enumerated() {
            guard place < names else {
                rest += found.count
                continue
            }
            processing(found.project, found.count, &snapshot)
        }
        processing(ExecutionsMetrics.other, rest, &snapshot)
    }

    private func processing(_ project: String, _ count: Int64, _ snapshot: inout MetricsSnapshot) {
        snapshot.gauge(
            "beampipe_sources_processing",
            help: "Sources of executions that are not over, by project.",
            labels: [("project_module", project), ("phase", "executing")],
            Double(count)
        )
    }

    private func workers(_ counts: ExecutionCounts, _ snapshot: inout MetricsSnapshot) {
        for worker in counts.workers.filter({ !$0.isStopped }).prefix(max(names, 0)) {
            snapshot.gauge(
                "beampipe_worker_heartbeat_age_seconds",
                help: "Age of the last heartbeat of each pool; with WEIR_METRICS_NAMES.",
                labels: [("pool", worker.pool)],
                worker.heartbeatAge / .seconds(1)
            )
        }
        let ages = counts.workers.filter { !$0.isStopped }.map { $0.heartbeatAge / .seconds(1) }
        snapshot.gauge(
            "beampipe_worker_heartbeat_age_seconds",
            help: "Age of the last heartbeat of each pool; with WEIR_METRICS_NAMES.",
            labels: [("pool", ExecutionsMetrics.other)],
            ages.dropFirst(max(names, 0)).max() ?? 0
        )
    }
}
