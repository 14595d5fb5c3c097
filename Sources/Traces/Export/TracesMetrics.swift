internal import Metrics

/// Counters of what this process exports and receives.
final class TracesMetrics: Sendable {
    private let spans: MetricFamily<Counter>
    private let pipelogiqSpans: MetricFamily<Counter>
    private let runs: MetricFamily<Counter>
    private let retries: Counter

    init(registry: Registry) {
        spans = registry.counterFamily(
            "weir_otlp_spans_total",
            help: "Spans by what became of them: exported, rejected by the collector, dropped, received.",
            labels: ["outcome"]
        )
        // Contract pipelogiq §5.
        pipelogiqSpans = registry.counterFamily(
            "pipelogiq_otlp_spans_total",
            help: "The same as weir_otlp_spans_total, by Pipelogiq's name.",
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
        for outcome in ["exported", "rejected", "dropped", "received"] { count(outcome, 0) }
        for outcome in ["nextflow", "runs", "pipelines", "given_up"] { _ = runs.child(outcome) }
    }

    /// Counts the spans of a request that was answered; some of them may have been rejected.
    ///
    /// What a collector says of it is a stranger's number: it counts as far as it can be true.
    func sent(_ count: Int, rejected: Int) {
        let rejected = min(max(0, rejected), count)
        self.count("exported", count - rejected)
        self.count("rejected", rejected)
    }

    func dropped(_ count: Int) { self.count("dropped", count) }
    func received(_ count: Int) { self.count("received", count) }
    func exported(runOf system: String) { runs.child(system).increment() }
    func gaveUp(runs count: Int) { if count > 0 { runs.child("given_up").increment(by: count) } }
    func retried() { retries.increment() }

    private func count(_ outcome: String, _ count: Int) {
        spans.child(outcome).increment(by: max(0, count))
        pipelogiqSpans.child(outcome).increment(by: max(0, count))
    }
}
