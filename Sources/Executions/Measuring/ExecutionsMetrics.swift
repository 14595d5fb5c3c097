internal import Core
internal import Metrics
internal import Synchronization

/// What this process has loaded of executions. Contract beampipe §2.2, families 23 to 25.
///
/// Their labels are bounded: as many projects as `WEIR_METRICS_NAMES` allows have series of their own, the others are
/// `other`, whose series exist from the start (D3).
final class ExecutionsMetrics: Sendable {
    static let other = "other"

    private let terminal: MetricFamily<Counter>
    private let admitted: MetricFamily<Counter>
    private let durations: MetricFamily<Histogram>
    private let mismatches: MetricFamily<Counter>
    private let names: Int
    // Guards the projects that have series of their own.
    private let named = Mutex<Set<String>>([])

    /// Registers the families; `names` projects are shown by name.
    init(registry: Registry, names: Int) {
        self.names = names
        terminal = registry.counterFamily(
            "beampipe_execute_terminal_total",
            help: "Executions that this process saw end, by project and status.",
            labels: ["project_module", "status"],
            limit: 10_000
        )
        admitted = registry.counterFamily(
            "beampipe_execution_admitted_total",
            help: "Executions that were registered with this process; Weir skips none.",
            labels: ["project_module", "skip_reason"],
            limit: 10_000
        )
        durations = registry.histogramFamily(
            "beampipe_execute_duration_seconds",
            help: "Time from the first start of an execution to its end.",
            labels: ["phase"],
            bounds: Histogram.exponentialBounds(from: 1, factor: 4, count: 10)
        )
        mismatches = registry.counterFamily(
            "weir_execution_mismatches_total",
            help: "Changes that left the axes of an execution in contradiction, repeats included.",
            labels: ["code"]
        )
        for status in LedgerStatus.allCases where status.isTerminal {
            _ = terminal.child(Self.other, status.rawValue)
        }
        _ = admitted.child(Self.other, "admitted")
        _ = durations.child("total")
        for mismatch in Reconciliation.Mismatch.allCases { _ = mismatches.child(mismatch.rawValue) }
    }

    /// Counts a committed operation.
    func loaded(_ element: ExecutionElement, _ outcome: ExecutionOutcome) {
        if let mismatch = element.mismatch { mismatches.child(mismatch.rawValue).increment() }
        switch outcome {
        case .created(let execution): admitted.child(project(execution), "admitted").increment()
        case .changed(let execution), .observed(_, of: let execution): ended(element, execution)
        case .repeated, .notFound, .conflict: break
        }
    }

    private func ended(_ element: ExecutionElement, _ execution: Execution) {
        for status in element.reached where status.isTerminal {
            terminal.child(project(execution), status.rawValue).increment()
            guard let start = execution.time(.startedAt), let end = execution.time(.completedAt) else {
                continue
            }
            durations.child("total").observe(end - start)
        }
    }

    private func project(_ execution: Execution) -> String {
        guard names > 0, let project = execution.text(.projectModule), !project.isEmpty else {
            return Self.other
        }
        return named.withLock { named in
            if named.contains(project) { return project }
            guard named.count < names else { return Self.other }
            named.insert(project)
            return project
        }
    }
}
