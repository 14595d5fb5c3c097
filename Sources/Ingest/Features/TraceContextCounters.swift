package import Metrics
package import OpenTelemetry

/// Counts the trace contexts that senders give with what they create: one family for all features.
package struct TraceContextCounters: Sendable {
    private let taken: Counter
    private let malformed: Counter

    /// Registers the family, from 0; `feature` is its word for the label.
    package init(_ feature: String, registry: Registry) {
        let family = registry.counterFamily(
            "weir_trace_contexts_total",
            help: "Trace contexts that came with what senders create: taken, or malformed and ignored.",
            labels: ["feature", "outcome"]
        )
        taken = family.child(feature, "taken")
        malformed = family.child(feature, "malformed")
    }

    /// Counts what a request brought.
    package func count(_ sent: SentTrace) {
        if sent.context != nil { taken.increment() }
        if sent.malformed > 0 { malformed.increment(by: sent.malformed) }
    }
}
