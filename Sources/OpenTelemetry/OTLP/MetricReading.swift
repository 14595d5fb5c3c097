internal import Core

/// Reads the metrics of an `ExportMetricsServiceRequest`.
struct MetricReading {
    var reading: OTLPReading
    private var points = 0

    init(_ limits: OTLPLimits) {
        reading = OTLPReading(limits)
    }

    mutating func batches(_ bytes: [UInt8]) throws(OTLPError) -> [MetricBatch] {
        var batches: [MetricBatch] = []
        for group in try reading.scopes(bytes) {
            var metrics: [Metric] = []
            for part in group.parts {
                if let metric = try metric(part) { metrics.append(metric) }
            }
            guard !metrics.isEmpty else { continue }
            batches.append(MetricBatch(resource: group.resource, scope: group.scope, metrics: metrics))
        }
        return batches
    }

    /// Nil for a metric without data.
    private mutating func metric(_ part: ProtobufReader) throws(OTLPError) -> Metric? {
        var part = part
        var (name, description, unit) = ("", "", "")
        var data: Metric.Content?
        while let field = try part.field() {
            guard let range = field.value.range else { continue }
            switch field.number {
            case 1: name = reading.text(part, range)
            case 2: description = reading.text(part, range)
            case 3: unit = reading.text(part, range)
            case 5, 7, 9, 10, 11: data = try content(field.number, part.part(range))
            default: break
            }
        }
        return data.map { Metric(name, description: description, unit: unit, $0) }
    }

    private mutating func content(_ kind: Int, _ part: ProtobufReader) throws(OTLPError) -> Metric.Content {
        var part = part
        var parts: [ProtobufReader] = []
        var temporality = Metric.Temporality.unspecified
        var isMonotonic = false
        while let field = try part.field() {
            switch (field.number, field.value) {
            case (1, .bytes(let range)):
                points += 1
                guard points <= reading.limits.dataPoints else {
                    throw .tooMany("data points", limit: reading.limits.dataPoints)
                }
                parts.append(part.part(range))
            case (2, .varint(let number)):
                temporality = Int(exactly: number).flatMap(Metric.Temporality.init) ?? .unspecified
            case (3, .varint(let flag)): isMonotonic = flag != 0
            default: break
            }
        }
        switch kind {
        case 5: return .gauge(try numbers(parts))
        case 7: return .sum(try numbers(parts), temporality, isMonotonic: isMonotonic)
        case 9:
            var points: [Metric.HistogramPoint] = []
            for part in parts { points.append(try histogram(part)) }
            return .histogram(points, temporality)
        case 10:
            var points: [Metric.ExponentialPoint] = []
            for part in parts { points.append(try exponential(part)) }
            return .exponentialHistogram(points, temporality)
        default:
            var points: [Metric.SummaryPoint] = []
            for part in parts { points.append(try summary(part)) }
            return .summary(points)
        }
    }

    private mutating func numbers(_ parts: [ProtobufReader]) throws(OTLPError) -> [Metric.NumberPoint] {
        var points: [Metric.NumberPoint] = []
        points.reserveCapacity(parts.count)
        for var part in parts {
            var point = Metric.NumberPoint(Metric.Place(), nil)
            while let field = try part.field() {
                switch (field.number, field.value) {
                case (4, .fixed64(let bits)): point.value = .double(OTLPReading.double(bits))
                case (6, .fixed64(let bits)): point.value = .int(Int64(bitPattern: bits))
                case (5, .bytes(let range)): try exemplar(part.part(range), to: &point.exemplars)
                case (7, .bytes(let range)): try attribute(part, range, of: &point.place)
                default: take(field, into: &point.place, flags: 8)
                }
            }
            points.append(point)
        }
        return points
    }

    // MARK: - What points share

    /// Takes a time or the flags, whose field differs.
    func take(_ field: ProtobufReader.Field, into place: inout Metric.Place, flags: Int) {
        switch (field.number, field.value) {
        case (2, .fixed64(let time)): place.start = time
        case (3, .fixed64(let time)): place.time = time
        case (flags, .varint(let bits)): place.flags = UInt32(truncatingIfNeeded: bits)
        default: break
        }
    }

    mutating func attribute(
        _ part: ProtobufReader,
        _ range: Range<Int>,
        of place: inout Metric.Place
    ) throws(OTLPError) {
        var dropped: UInt32 = 0
        try reading.attribute(part, range, to: &place.attributes, dropped: &dropped)
    }

    mutating func exemplar(
        _ part: ProtobufReader,
        to exemplars: inout [Metric.Exemplar]
    ) throws(OTLPError) {
        try reading.count()
        guard exemplars.count < reading.limits.events else { return }
        var part = part
        var exemplar = Metric.Exemplar()
        var dropped: UInt32 = 0
        while let field = try part.field() {
            switch (field.number, field.value) {
            case (2, .fixed64(let time)): exemplar.time = time
            case (3, .fixed64(let bits)): exemplar.value = .double(OTLPReading.double(bits))
            case (6, .fixed64(let bits)): exemplar.value = .int(Int64(bitPattern: bits))
            case (4, .bytes(let range)): exemplar.spanID = SpanID(bytes: part.bytes[range])
            case (5, .bytes(let range)): exemplar.traceID = TraceID(bytes: part.bytes[range])
            case (7, .bytes(let range)):
                try reading.attribute(part, range, to: &exemplar.attributes, dropped: &dropped)
            default: break
            }
        }
        exemplars.append(exemplar)
    }
}
