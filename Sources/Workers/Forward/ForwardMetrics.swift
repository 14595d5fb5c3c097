internal import Metrics

/// What forwarding says of itself on `/metrics`.
struct ForwardMetrics: Sendable {
    let lag: Gauge
    let sent: Counter
    let refused: Counter
    let retries: Counter
    let lost: Counter

    init(_ registry: Registry) {
        lag = registry.gauge(
            "weir_remote_write_lag_seconds",
            help: "How long the oldest sample has waited that is not sent to WEIR_REMOTE_WRITE_URL yet."
        )
        sent = registry.counter(
            "weir_remote_write_samples_total",
            help: "Samples that WEIR_REMOTE_WRITE_URL has taken."
        )
        refused = registry.counter(
            "weir_remote_write_refused_samples_total",
            help: "Samples that WEIR_REMOTE_WRITE_URL has refused with a status that forbids a retry."
        )
        retries = registry.counter(
            "weir_remote_write_retries_total",
            help: "Requests to WEIR_REMOTE_WRITE_URL that failed and were repeated."
        )
        lost = registry.counter(
            "weir_remote_write_lost_seconds_total",
            help: "Time whose samples were deleted by age before they were sent to WEIR_REMOTE_WRITE_URL."
        )
    }
}
