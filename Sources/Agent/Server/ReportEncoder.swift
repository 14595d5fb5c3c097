internal import Core

/// Writes the bodies of the protocol. Contract noetl §5.3.
struct ReportEncoder: Sendable {
    /// The most metrics of one report.
    static let batch = 5000
    /// The most bytes of a report of several metrics.
    static let mostBytes = 4 << 20

    let configuration: AgentConfiguration

    /// A report, each metric with its own time: it may be stored hours later.
    func report(_ metrics: some Sequence<AgentMetric>, at now: Timestamp) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 4096)
        writer.object { body in
            body.member("component_name", configuration.pool)
            body.member("component_type", "worker_pool")
            body.array("metrics") { list in
                for metric in metrics { list.object { write(metric, at: now, to: &$0) } }
            }
        }
        return writer.bytes
    }

    private func write(_ metric: AgentMetric, at now: Timestamp, to body: inout JSONWriter) {
        body.member("metric_name", metric.name)
        // The protocol has no type for what has none.
        body.member("metric_type", metric.type == .untyped ? "gauge" : metric.type.rawValue)
        if metric.value.isFinite {
            body.member("metric_value", metric.value)
        } else {
            let word = metric.value.isNaN ? "NaN" : metric.value > 0 ? "inf" : "-inf"
            body.member("metric_value", word)
        }
        body.member("timestamp", metric.time ?? now, offset: .plusZero)
        body.object("labels") { labels in
            for label in common where !metric.labels.contains(where: { $0.name == label.name }) {
                labels.member(label.name, label.value)
            }
            for label in metric.labels { labels.member(label.name, label.value) }
        }
        body.member("help_text", metric.help)
        body.member("unit", metric.unit)
    }

    /// The labels of every metric. Contract noetl §4.2.
    private var common: [PrometheusLabel] {
        [
            PrometheusLabel("component", configuration.pool),
            PrometheusLabel("worker_id", configuration.workerID),
            PrometheusLabel("hostname", configuration.host),
        ]
    }

    /// The body of a registration.
    func registration(process: Int32) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { body in
            body.member("name", configuration.pool)
            body.member("runtime", configuration.runtime)
            body.member("uri", configuration.address)
            body.member("status", "ready")
            body.member("capacity", configuration.capacity)
            if configuration.labels.isEmpty {
                body.null("labels")
            } else {
                body.array("labels") { list in for label in configuration.labels { list.value(label) } }
            }
            body.member("pid", Int(process))
            body.member("hostname", configuration.host)
        }
        return writer.bytes
    }

    /// The body of a heartbeat and of a deregistration.
    var name: [UInt8] {
        var writer = JSONWriter()
        writer.object { $0.member("name", configuration.pool) }
        return writer.bytes
    }
}
