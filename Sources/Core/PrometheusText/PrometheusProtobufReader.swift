/// Reads delimited messages of `io.prometheus.client.MetricFamily` into the families of the text format.
///
/// A histogram becomes its buckets, its sum and its count, a summary its quantiles, its sum and its count. Of a native
/// histogram without classic buckets only the bucket `+Inf`, the sum and the count are taken.
package struct PrometheusProtobufReader {
    /// The types of metrics, with the field of a metric that has its value.
    private enum Kind: UInt64 {
        case counter, gauge, summary, untyped, histogram, gaugeHistogram

        var field: Int {
            switch self {
            case .gauge: 2
            case .counter: 3
            case .summary: 4
            case .untyped: 5
            case .histogram, .gaugeHistogram: 7
            }
        }

        var type: PrometheusType {
            switch self {
            case .counter: .counter
            case .gauge: .gauge
            case .untyped: .untyped
            case .summary: .summary
            case .histogram, .gaugeHistogram: .histogram
            }
        }
    }

    /// What the samples of one metric share.
    private struct Metric {
        var name: String
        var labels: [PrometheusLabel] = []
        /// Milliseconds since 1970.
        var timestamp: Int64?

        func sample(
            _ suffix: String = "",
            _ more: [PrometheusLabel] = [],
            _ value: Double,
            _ exemplar: PrometheusExemplar? = nil
        ) -> PrometheusSample {
            PrometheusSample(name + suffix, labels + more, value: value, at: timestamp, exemplar: exemplar)
        }
    }

    private let limits: PrometheusTextLimits
    private var count = 0
    private var labelBytes = 0

    private init(_ limits: PrometheusTextLimits) { self.limits = limits }

    /// Reads all families of a body; those without metrics are left out.
    package static func families(
        in body: [UInt8],
        limits: PrometheusTextLimits = PrometheusTextLimits()
    ) throws(PrometheusProtobufError) -> [PrometheusFamily] {
        var reader = PrometheusProtobufReader(limits)
        var families: [PrometheusFamily] = []
        var stream = ProtobufReader(body)
        while true {
            let range: Range<Int>?
            do throws(ProtobufError) { range = try stream.delimited() } catch { throw .wire(error) }
            guard let range else { return families }
            let family = try reader.family(stream.part(range))
            if !family.samples.isEmpty { families.append(family) }
        }
    }

    // MARK: - Families and metrics

    private mutating func family(_ message: ProtobufReader) throws(PrometheusProtobufError)
        -> PrometheusFamily
    {
        var message = message
        var family = PrometheusFamily(name: "")
        var kind = Kind.counter
        var metrics: [Range<Int>] = []
        while let field = try Self.next(&message) {
            switch field.number {
            case 1: family.name = try name(field.value, in: message)
            case 2: family.help = try text(field.value, in: message)
            case 3:
                guard let known = Kind(rawValue: try Self.integer(field.value)) else { throw .unknownType }
                kind = known
            case 4: metrics.append(try Self.range(field.value))
            default: break
            }
        }
        guard !family.name.isEmpty else { throw .noMetricName }
        family.type = kind.type
        for range in metrics { family.samples += try samples(message.part(range), family.name, kind) }
        return family
    }

    private mutating func samples(_ message: ProtobufReader, _ name: String, _ kind: Kind)
        throws(PrometheusProtobufError) -> [PrometheusSample]
    {
        var message = message
        var metric = Metric(name: name)
        var value: Range<Int>?
        while let field = try Self.next(&message) {
            switch field.number {
            case 1:
                guard metric.labels.count < limits.labels else { throw .tooManyLabels(limit: limits.labels) }
                metric.labels.append(try label(field.value, in: message))
            case 6: metric.timestamp = Int64(bitPattern: try Self.integer(field.value))
            case kind.field: value = try Self.range(field.value)
            case 2...5, 7: throw .wrongValue(metric: name)
            default: break
            }
        }
        guard Set(metric.labels.map(\.name)).count == metric.labels.count else {
            throw .repeatedLabel(metric: name)
        }
        guard let value else { throw .wrongValue(metric: name) }
        switch kind {
        case .counter, .gauge, .untyped: return [try number(message.part(value), metric, kind)]
        case .summary: return try distribution(message.part(value), metric, isSummary: true)
        case .histogram, .gaugeHistogram:
            return try distribution(message.part(value), metric, isSummary: false)
        }
    }

    /// The value of a counter, a gauge or an untyped metric.
    private mutating func number(_ message: ProtobufReader, _ metric: Metric, _ kind: Kind)
        throws(PrometheusProtobufError) -> PrometheusSample
    {
        var message = message
        var value = 0.0
        var exemplar: PrometheusExemplar?
        while let field = try Self.next(&message) {
            switch field.number {
            case 1: value = try Self.double(field.value)
            case 2 where kind == .counter: exemplar = try self.exemplar(field.value, in: message)
            default: break
            }
        }
        try take(1, metric)
        return metric.sample("", [], value, exemplar)
    }

    // MARK: - Summaries and histograms

    private mutating func distribution(_ message: ProtobufReader, _ metric: Metric, isSummary: Bool)
        throws(PrometheusProtobufError) -> [PrometheusSample]
    {
        var message = message
        var (total, sum) = (0.0, 0.0)
        var samples: [PrometheusSample] = []
        var isComplete = isSummary
        while let field = try Self.next(&message) {
            switch field.number {
            case 1: total = Double(try Self.integer(field.value))
            case 2: sum = try Self.double(field.value)
            case 3:
                try take(1, metric)
                let part = try part(message.part(Self.range(field.value)), isSummary)
                let label = PrometheusLabel(isSummary ? "quantile" : "le", GoFloat.text(part.bound))
                samples.append(metric.sample(isSummary ? "" : "_bucket", [label], part.value, part.exemplar))
                isComplete = isComplete || part.bound == .infinity
            case 4 where !isSummary: total = try Self.double(field.value)
            default: break
            }
        }
        try take(3, metric)
        if !isComplete { samples.append(metric.sample("_bucket", [PrometheusLabel("le", "+Inf")], total)) }
        return samples + [metric.sample("_sum", [], sum), metric.sample("_count", [], total)]
    }

    /// A quantile and its value; or a bucket, its bound and its count.
    private func part(_ message: ProtobufReader, _ isSummary: Bool) throws(PrometheusProtobufError)
        -> (bound: Double, value: Double, exemplar: PrometheusExemplar?)
    {
        var message = message
        var (bound, value) = (0.0, 0.0)
        var exemplar: PrometheusExemplar?
        while let field = try Self.next(&message) {
            switch (field.number, isSummary) {
            case (1, true), (2, false): bound = try Self.double(field.value)
            case (2, true), (4, false): value = try Self.double(field.value)
            case (1, false): value = Double(try Self.integer(field.value))
            case (3, false): exemplar = try self.exemplar(field.value, in: message)
            default: break
            }
        }
        return (bound, value, exemplar)
    }

    /// All samples of a metric share its labels in the message, but not in what is read from it.
    private mutating func take(_ samples: Int, _ metric: Metric) throws(PrometheusProtobufError) {
        count += samples
        guard count <= limits.samples else { throw .tooManySamples(limit: limits.samples) }
        let bytes = metric.labels.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
        labelBytes += samples * bytes
        guard labelBytes <= limits.labelBytes else { throw .tooMuchText(limit: limits.labelBytes) }
    }

    // MARK: - Exemplars and labels

    private func exemplar(_ value: ProtobufReader.Value, in parent: ProtobufReader)
        throws(PrometheusProtobufError) -> PrometheusExemplar
    {
        var message = parent.part(try Self.range(value))
        var exemplar = PrometheusExemplar()
        while let field = try Self.next(&message) {
            switch field.number {
            case 1:
                guard exemplar.labels.count < limits.labels else {
                    throw .tooManyLabels(limit: limits.labels)
                }
                exemplar.labels.append(try label(field.value, in: message))
            case 2: exemplar.value = try Self.double(field.value)
            case 3: exemplar.at = try time(field.value, in: message)
            default: break
            }
        }
        return exemplar
    }

    /// Nil outside of the years 1 to 9999.
    private func time(_ value: ProtobufReader.Value, in parent: ProtobufReader)
        throws(PrometheusProtobufError) -> Timestamp?
    {
        var message = parent.part(try Self.range(value))
        var (seconds, nanoseconds): (Int64, Int64) = (0, 0)
        while let field = try Self.next(&message) {
            switch field.number {
            case 1: seconds = Int64(bitPattern: try Self.integer(field.value))
            case 2: nanoseconds = Int64(bitPattern: try Self.integer(field.value))
            default: break
            }
        }
        let years = Timestamp.earliest.microseconds / 1_000_000...Timestamp.latest.microseconds / 1_000_000
        guard years.contains(seconds), (0..<1_000_000_000).contains(nanoseconds) else { return nil }
        return Timestamp(microseconds: seconds * 1_000_000 + nanoseconds / 1000)
    }

    private func label(_ value: ProtobufReader.Value, in parent: ProtobufReader)
        throws(PrometheusProtobufError) -> PrometheusLabel
    {
        var message = parent.part(try Self.range(value))
        var label = PrometheusLabel("", "")
        while let field = try Self.next(&message) {
            switch field.number {
            case 1: label.name = try name(field.value, in: message)
            case 2: label.value = try text(field.value, in: message)
            default: break
            }
        }
        guard !label.name.isEmpty else { throw .noLabelName }
        return label
    }

    private func name(_ value: ProtobufReader.Value, in message: ProtobufReader)
        throws(PrometheusProtobufError) -> String
    {
        let range = try Self.range(value)
        guard range.count <= limits.nameBytes else { throw .nameTooLong(limit: limits.nameBytes) }
        return try text(value, in: message)
    }

    private func text(_ value: ProtobufReader.Value, in message: ProtobufReader)
        throws(PrometheusProtobufError) -> String
    {
        let range = try Self.range(value)
        guard range.count <= limits.valueBytes else { throw .valueTooLong(limit: limits.valueBytes) }
        guard let text = message.text(range), !text.utf8.contains(0) else { throw .notUTF8 }
        return text
    }

    // MARK: - Fields

    private static func integer(_ value: ProtobufReader.Value) throws(PrometheusProtobufError) -> UInt64 {
        guard let integer = value.integer else { throw .wrongField }
        return integer
    }

    private static func double(_ value: ProtobufReader.Value) throws(PrometheusProtobufError) -> Double {
        guard let double = value.double else { throw .wrongField }
        return double
    }

    private static func range(_ value: ProtobufReader.Value) throws(PrometheusProtobufError) -> Range<Int> {
        guard let range = value.range else { throw .wrongField }
        return range
    }

    private static func next(_ message: inout ProtobufReader) throws(PrometheusProtobufError)
        -> ProtobufReader.Field?
    {
        do throws(ProtobufError) { return try message.next() } catch { throw .wire(error) }
    }
}
