package import Metrics

/// What this process loaded of the runs surface.
package struct RunsMetrics: Sendable {
    private let operations: MetricFamily<Counter>

    /// Registers the families.
    package init(registry: Registry) {
        operations = registry.counterFamily(
            "weir_runs_operations_total",
            help: "Operations on tracked runs that were loaded, by what came of them.",
            labels: ["outcome"]
        )
    }

    /// Counts an operation that is committed.
    func loaded(_ outcome: RunOutcome) {
        operations.child(outcome.word).increment()
    }
}

extension RunOutcome {
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
