internal import Core

/// The body of `POST /api/metrics/report`. Contract noetl §1.2.
struct MetricReport: Sendable {
    /// Nil for 0, null and no member.
    let runtimeID: Int64?
    /// As it was sent, not trimmed; nil for an empty one.
    let componentName: String?
    /// From `component_type` or `kind`; nil when it is none of the registry's types, as that of a queue worker.
    let componentType: ComponentType?
    let metrics: [ReportedMetric]
    /// The trace that the request belongs to: of metrics that name none.
    var trace: Exemplar?
}

/// One metric of a report; its series follows once the component is known.
struct ReportedMetric: Sendable {
    let identity: MetricIdentity
    let value: Double
    let time: ReportedTime
    var exemplar: Exemplar?
}

/// The time of a metric, before its arrival is known.
enum ReportedTime: Hashable, Sendable {
    case arrival
    case instant(Timestamp)
    /// Without an offset, read as UTC: it may be the local time of its sender.
    case local(Timestamp)
}

extension MetricReport {
    /// The samples of the report of a component.
    func samples(of component: ComponentKey, arrivedAt arrival: Timestamp) -> [Sample] {
        metrics.map { metric in
            Sample(
                series: metric.identity.series(of: component),
                at: SampleTime.resolve(metric.time, arrivedAt: arrival),
                value: metric.value,
                exemplar: metric.exemplar ?? trace
            )
        }
    }
}

extension MetricReport {
    /// As a client would send it.
    var line: [UInt8] {
        var writer = JSONWriter()
        writer.object { body in
            body.member("component_name", componentName)
            body.array("metrics") { list in
                for metric in metrics { list.object { metric.write(to: &$0) } }
            }
        }
        return writer.bytes
    }
}

extension ReportedMetric {
    fileprivate func write(to body: inout JSONWriter) {
        body.member("metric_name", identity.name)
        body.member("metric_type", identity.type.rawValue)
        body.member("metric_value", value)
        if let labels = identity.labels.json { body.member("labels", raw: labels) }
        body.member("help_text", identity.help)
        body.member("unit", identity.unit)
    }
}
