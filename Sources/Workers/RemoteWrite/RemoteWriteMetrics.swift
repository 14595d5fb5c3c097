internal import Metrics

/// What receiving says of itself on `/metrics`.
struct RemoteWriteMetrics: Sendable {
    private let stored: Counter
    private let rejected: MetricFamily<Counter>

    init(_ registry: Registry) {
        stored = registry.counter(
            "weir_remote_write_received_samples_total",
            help: "Samples received by remote-write or import that are durable."
        )
        rejected = registry.counterFamily(
            "weir_remote_write_not_stored_total",
            help: "What was received by remote-write or import and is not stored.",
            labels: ["reason"]
        )
    }

    func count(_ request: WriteRequest) {
        stored.increment(by: request.sampleCount)
        for (fault, samples) in request.rejected.samples {
            rejected.child(fault.word).increment(by: samples)
        }
        for (word, count) in [
            ("histogram", request.histograms), ("exemplar", request.exemplars),
            ("metadata", request.descriptions),
        ] where count > 0 {
            rejected.child(word).increment(by: count)
        }
    }
}

extension SeriesFault {
    /// The word of metrics.
    fileprivate var word: String {
        switch self {
        case .noName: "no_name"
        case .badText: "bad_text"
        case .badLabels: "bad_labels"
        case .tooLarge: "too_large"
        case .tooManySeries: "too_many_series"
        case .tooManyComponents: "too_many_components"
        case .badTime: "bad_time"
        }
    }
}
