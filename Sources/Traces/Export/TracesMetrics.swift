internal import Metrics

/// Counters of what this process exports and receives.
final class TracesMetrics: Sendable {
    private let spans: MetricFamily<Counter>
    private let runs: MetricFamily<Counter>
    private let retries: Counter

    init(registry: Registry) {
        spans = registry.counterFamily(
            "weir_otlp_spans_total",
            help: "Spans by what became of them: exported, rejected by the collector, dropped, received.",
            labels: ["outcome"]
        )
        runs = registry.counterFamily(
            "weir_otlp_runs_total",
            help: "Runs by what became of their traces: exported by the feature they are of, or given up.",
            labels: ["outcome"]
        )
        retries = registry.counter(
            "weir_otlp_retries_total",
            help: "Requests that the collector did not take, and that are sent again."
        )
        // A rate needs a first value.
        for outcome in ["exported", "rejected", "dropped", "received"] { _ = spans.child(outcome) }
        for outcome in ["nextflow", "runs", "pipelines", "given_up"] { _ = runs.child(outcome) }
    }

    /// Counts the spans of a request that was answered; some of them may have been rejected.
    ///
    /// What a collector says of it is a stranger's number: it counts as far as it can be true.
    func sent(_ count: Int, rejected: Int) {
        let rejected = min(max(0, rejected), count)
        spans.child("exported").increment(by: count - rejected)
        if rejected > 0 { spans.child("rejected").increment(by: rejected) }
    }

    func dropped(_ count: Int) { if count > 0 { spans.child("dropped").increment(by: count) } }
    func received(_ count: Int) { spans.child("received").increment(by: count) }
    func exported(runOf system: String) { runs.child(system).increment() }
    func gaveUp(runs count: Int) { if count > 0 { runs.child("given_up").increment(by: count) } }
    func retried() { retries.increment() }
}
