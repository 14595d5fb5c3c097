package import Core

/// The value of a series, or of several that were combined.
package struct MeasuredMetric: Hashable, Sendable {
    package let metric: String
    /// Nil where series of several components were combined.
    package let component: String?
    package let componentType: String?
    /// The labels of the series, or those that the combined ones have in common by the question.
    package let labels: [String: String]
    /// In the metric's own unit.
    package let value: Double
    /// The begin of the last step that has samples.
    package let at: Timestamp

    init(_ group: MetricGroup, _ value: Double, at: Timestamp) {
        metric = group.metric
        component = group.component
        componentType = group.componentType
        labels = group.labels
        self.value = value
        self.at = at
    }
}

/// What makes a value of an answer.
struct MetricGroup: Hashable {
    let metric: String
    var component: String?
    var componentType: String?
    var labels: [String: String]

    init(_ group: StepStore.Group) {
        metric = group.metricName
        component = group.componentName
        componentType = group.componentType
        labels = Dictionary(group.labels.pairs.map { ($0.name, $0.value) }) { $1 }
    }

    init(_ series: MeasuredMetric) {
        metric = series.metric
        component = series.component
        componentType = series.componentType
        labels = series.labels
    }
}

/// A component and whether it is alive.
package struct MeasuredComponent: Hashable, Sendable {
    package let name: String
    /// `worker_pool`, `server_api` or `broker`.
    package let type: String
    /// `ready`, `busy`, `offline`, or what else it calls it.
    package let status: String
    package let lastHeartbeatAt: Timestamp
    /// False for what pushes or writes samples: its silence says nothing.
    package let sendsHeartbeats: Bool
    package let project: String?
    package let hostname: String?
    package let version: String?
    /// How many tasks it takes at once, as it said.
    package let capacity: Int64?
    /// Whether it has said goodbye.
    package let isDeregistered: Bool

    /// Whether Weir takes it for gone: it has deregistered, or its heartbeats have stopped.
    package var isOffline: Bool { status == "offline" }
}
