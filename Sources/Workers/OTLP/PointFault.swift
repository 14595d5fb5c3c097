/// Why a data point is not stored.
enum PointFault: String, Error, CaseIterable, Sendable {
    case delta
    case noName = "no_name"
    case noValue = "no_value"
    case badBuckets = "bad_buckets"
    case tooLarge = "too_large"
    case badTime = "bad_time"
    case tooManySeries = "too_many_series"
    case tooManyComponents = "too_many_components"

    /// Whether the message alone says so; otherwise the line of the journal does, since limits may change.
    var isOfMessage: Bool {
        switch self {
        case .delta, .noName, .noValue, .badBuckets: true
        case .tooLarge, .badTime, .tooManySeries, .tooManyComponents: false
        }
    }

    /// For whoever sent it: behind "3 data points".
    var words: String {
        switch self {
        case .delta:
            "are not cumulative: set OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=cumulative, or give the collector "
                + "a deltatocumulative processor"
        case .noName: "are of metrics without a name"
        case .noValue: "have no value"
        case .badBuckets: "are histograms whose counts do not fit their bounds"
        case .tooLarge: "have too many labels, or too long ones"
        case .badTime:
            "have times too far from now: see WEIR_OTLP_MAX_AHEAD and WEIR_OTLP_MAX_BEHIND, and the clock"
        case .tooManySeries:
            "are of series that are too many for their component: see WEIR_SERIES_PER_COMPONENT"
        case .tooManyComponents:
            "are of new services, and there are too many components: see WEIR_ADOPTED_COMPONENTS"
        }
    }
}
