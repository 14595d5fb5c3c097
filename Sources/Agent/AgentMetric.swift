internal import Core

/// One value of a report.
struct AgentMetric: Sendable, Equatable {
    var name: String
    var type: PrometheusType
    var value: Double
    var unit: String?
    var help: String?
    /// Beside those of every metric; of the same name, these count.
    var labels: [PrometheusLabel] = []
    /// Nil is the time of the report.
    var time: Timestamp?

    static func gauge(
        _ name: String,
        _ value: Double,
        _ unit: String,
        _ help: String,
        _ labels: [PrometheusLabel] = []
    ) -> AgentMetric {
        AgentMetric(name: name, type: .gauge, value: value, unit: unit, help: help, labels: labels)
    }

    static func counter(
        _ name: String,
        _ value: Double,
        _ unit: String,
        _ help: String,
        _ labels: [PrometheusLabel] = []
    ) -> AgentMetric {
        AgentMetric(name: name, type: .counter, value: value, unit: unit, help: help, labels: labels)
    }
}
