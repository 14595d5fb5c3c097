internal import HTTP

/// The two texts in which metrics are exported.
enum ExpositionFormat: Sendable {
    /// The Prometheus text format 0.0.4.
    case text
    /// OpenMetrics 1.0.
    case openMetrics

    var contentType: String {
        switch self {
        case .text: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    /// The format that a client prefers: OpenMetrics only for those that name it.
    init(for head: RequestHead) {
        let offers = [
            "text/plain; version=0.0.4", "application/openmetrics-text; version=1.0.0",
            "application/openmetrics-text; version=0.0.1", "application/openmetrics-text",
        ]
        let preferred = head.preferredMediaType(of: offers)
        self = preferred?.hasPrefix("application/openmetrics-text") == true ? .openMetrics : .text
    }
}
