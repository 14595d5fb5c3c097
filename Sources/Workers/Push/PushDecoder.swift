internal import Core
internal import HTTP

/// Reads the bodies of pushes: the Prometheus text format, or delimited messages of Protocol Buffers.
struct PushDecoder: Sendable {
    /// The most samples of a push, and the bounds of their names and labels.
    let limits: ReportLimits

    /// Metrics that the group itself has.
    private static let reserved: Set<String> = ["push_time_seconds", "push_failure_time_seconds"]

    /// Reads a body, and checks that it makes sense within its group.
    func families(_ body: [UInt8], _ head: RequestHead, of group: PushGroup) throws(PushFault)
        -> [PushedFamily]
    {
        let isProtobuf = Self.isProtobuf(head.fields["Content-Type"])
        var families: [PushedFamily] = []
        for family in isProtobuf ? try protobuf(body) : try text(body) where !family.samples.isEmpty {
            guard family.samples.allSatisfy({ $0.timestamp == nil }) else {
                throw .inconsistent("pushed metrics must not have timestamps")
            }
            guard !family.samples.contains(where: { $0.labels.contains { $0.name.hasPrefix("__") } }) else {
                throw .inconsistent("the metric \(family.name) has a label that begins with __")
            }
            if !Self.reserved.contains(family.name) { families.append(PushedFamily(family)) }
        }
        try check(families, group)
        return families
    }

    /// Whatever does not say that it is a delimited `MetricFamily` is text.
    private static func isProtobuf(_ type: String?) -> Bool {
        let parts = (type ?? "").split(separator: ";").map { part in
            part.filter { $0 != " " && $0 != "\t" && $0 != "\"" }
        }
        return parts.first?.lowercased() == "application/vnd.google.protobuf"
            && parts.contains("proto=io.prometheus.client.MetricFamily")
            && parts.contains("encoding=delimited")
    }

    private var textLimits: PrometheusTextLimits {
        PrometheusTextLimits(
            nameBytes: limits.nameBytes,
            valueBytes: limits.valueBytes,
            labels: limits.labels,
            samples: limits.metrics
        )
    }

    private func text(_ body: [UInt8]) throws(PushFault) -> [PrometheusFamily] {
        do throws(PrometheusTextError) {
            return try PrometheusFamily.all(in: body, limits: textLimits)
        } catch {
            throw .malformed("text format parsing error in \(error)")
        }
    }

    private func protobuf(_ body: [UInt8]) throws(PushFault) -> [PrometheusFamily] {
        do throws(PrometheusProtobufError) {
            return try PrometheusProtobufReader.families(in: body, limits: textLimits)
        } catch {
            let message = "protobuf parsing error: \(error)"
            switch error {
            case .wrongValue, .repeatedLabel: throw .inconsistent(message)
            default: throw .malformed(message)
            }
        }
    }

    /// As the Pushgateway checks them, but within one push: metrics of other groups do not matter.
    private func check(_ families: [PushedFamily], _ group: PushGroup) throws(PushFault) {
        // Each sample is stored with the labels of the group.
        let bytes = group.labels.pairs.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
        let count = families.reduce(0) { $0 + $1.lines.count }
        guard count * bytes <= textLimits.labelBytes else {
            throw .malformed(
                "the labels of the group, with each sample, have more than \(textLimits.labelBytes) bytes"
            )
        }
        var names: Set<String> = []
        for family in families {
            guard names.insert(family.name).inserted else {
                throw .inconsistent("the metric \(family.name) is there twice")
            }
            var series: Set<UUID128> = []
            for sample in family.samples(of: group, at: .epoch) {
                guard series.insert(sample.series.key).inserted else {
                    throw .inconsistent(
                        "the metric \(family.name) has two values for one set of labels of the group"
                    )
                }
            }
        }
        for family in families {
            for line in family.lines where line.name != family.name && names.contains(line.name) {
                throw .inconsistent("the metric \(line.name) is a part of \(family.name), too")
            }
        }
    }
}

extension PushedFamily {
    /// An untyped metric is a gauge: the table of samples knows four types, and of these a gauge promises least.
    fileprivate init(_ family: PrometheusFamily) {
        name = family.name
        type =
            switch family.type {
            case .counter: .counter
            case .histogram: .histogram
            case .summary: .summary
            case .gauge, .untyped: .gauge
            }
        help = family.help
        lines = family.samples.map { sample in
            Line(
                name: sample.name,
                labels: LabelSet(sample.labels.map { ($0.name, Self.value(of: $0, family.type)) }),
                value: sample.value,
                exemplar: sample.exemplar.flatMap(Exemplar.init)
            )
        }
    }

    /// Bounds of buckets and numbers of quantiles are spelled as the Pushgateway spells them: clients write `1`, `1.0` or
    /// `1e0`, and it is one series.
    private static func value(of label: PrometheusLabel, _ type: PrometheusType) -> String {
        guard type == .histogram && label.name == "le" || type == .summary && label.name == "quantile",
            let number = PythonFloat.value(label.value)
        else { return label.value }
        return GoFloat.text(number)
    }
}

extension Exemplar {
    /// Nil when it refers to nothing that Weir knows.
    fileprivate init?(_ sent: PrometheusExemplar) {
        for label in sent.labels {
            switch label.name {
            case "trace_id", "traceID": traceID = label.value
            case "span_id", "spanID": spanID = label.value
            case "execution_id": executionID = label.value
            default: break
            }
        }
        guard !isEmpty else { return nil }
        value = sent.value.isFinite ? sent.value : nil
        at = sent.at
    }
}
