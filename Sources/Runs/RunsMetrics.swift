package import Metrics

/// Counters of the runs operations that this process has loaded.
package struct RunsMetrics: Sendable {
    private let operations: MetricFamily<Counter>
    private let finished: MetricFamily<Counter>

    /// Registers the families.
    package init(registry: Registry) {
        operations = registry.counterFamily(
            "weir_runs_operations_total",
            help: "Operations on tracked runs that were loaded, by outcome.",
            labels: ["outcome"]
        )
        finished = registry.counterFamily(
            "weir_runs_finished_total",
            help: "Tracked runs that ended, by status.",
            labels: ["status"]
        )
        // A rate needs a first value.
        for status in RunStatus.allCases where status.isTerminal { _ = finished.child(status.rawValue) }
    }

    /// Counts an operation that is committed, and the end of a run if it was one.
    func loaded(_ outcome: RunWriteOutcome, finished status: RunStatus? = nil) {
        operations.child(outcome.word).increment()
        if let status { finished.child(status.rawValue).increment() }
    }
}

extension RunWriteOutcome {
    /// A bounded word for metric labels.
    var word: String {
        switch self {
        case .created: "created"
        case .duplicate: "duplicate"
        case .updated: "updated"
        case .ended: "ended"
        case .associated: "associated"
        case .notFound: "not_found"
        }
    }
}
