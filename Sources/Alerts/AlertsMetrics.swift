internal import Core
internal import Metrics

/// What the engine and the sender count.
final class AlertsMetrics: Sendable {
    let failures: Counter
    let evaluation: Histogram
    private let lastEvaluation: Gauge
    private let deliveries: MetricFamily<Counter>
    private let alerts: MetricFamily<Counter>
    private let rejected: Counter

    init(registry: Registry) {
        failures = registry.counter(
            "weir_alert_evaluation_failures_total",
            help: "Evaluations of alert rules that failed, such as while PostgreSQL was away."
        )
        evaluation = registry.histogram(
            "weir_alert_evaluation_seconds",
            help: "How long an evaluation of the rules over measured values took.",
            bounds: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10]
        )
        lastEvaluation = registry.gauge(
            "weir_alert_last_evaluation_timestamp_seconds",
            help: "When this Weir last evaluated alert rules."
        )
        deliveries = registry.counterFamily(
            "weir_alert_deliveries_total",
            help: "Attempts to send a notification.",
            labels: ["channel_kind", "outcome"]
        )
        // Contract pipelogiq §5.
        alerts = registry.counterFamily(
            "pipelogiq_alerts_total",
            help: "Attempts to send a notification, by the kind of the channel and the event.",
            labels: ["channel", "event", "outcome"],
            limit: Self.mostSeries
        )
        // Contract beampipe §2.2, family 36.
        rejected = registry.counterFamily(
            "beampipe_unsafe_inline_secret_rejected_total",
            help: "Configurations that were refused since they had a secret in them in production.",
            labels: ["surface"]
        ).child("notification_channel")
    }

    func evaluated(within duration: Duration) {
        evaluation.observe(duration / .seconds(1))
        lastEvaluation.set(Timestamp.now().secondsSinceEpoch)
    }

    /// A channel was refused since its configuration has a secret in it.
    func rejectedSecret() { rejected.increment() }

    /// The most combinations of channel, event and outcome; the others are one series.
    private static let mostSeries = 300

    func attempted(_ kind: String, _ outcome: String, event: String) {
        deliveries.child(kind, outcome).increment()
        alerts.child(kind, event, outcome).increment()
    }
}
