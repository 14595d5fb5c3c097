internal import Core

/// What sends metrics: `ExportMetricsServiceRequest`, in protobuf and JSON. OTLP 1.x, opentelemetry-proto.
package enum MetricsRequest {
    /// Writes protobuf; batches of the same resource share a `ResourceMetrics`.
    package static func encode(_ batches: [MetricBatch]) -> [UInt8] {
        ProtobufWriter.request(batches, \.resource, \.scope) { scope, batch in
            for metric in batch.metrics { scope.field(2) { $0.metric(metric) } }
        }
    }

    /// Reads protobuf. Unknown fields and metrics without data are ignored.
    package static func decode(
        protobuf bytes: [UInt8],
        limits: OTLPLimits = OTLPLimits()
    ) throws(OTLPError) -> [MetricBatch] {
        var reading = MetricReading(limits)
        return try reading.batches(bytes)
    }

    /// Reads OTLP/JSON; see `TraceRequest.decode(json:limits:)`.
    package static func decode(
        json bytes: [UInt8],
        limits: OTLPLimits = OTLPLimits()
    ) throws(OTLPError) -> [MetricBatch] {
        try decode(protobuf: protobuf(json: bytes, limits: limits), limits: limits)
    }

    /// The protobuf form of OTLP/JSON: for whoever keeps only one form.
    package static func protobuf(json bytes: [UInt8], limits: OTLPLimits) throws(OTLPError) -> [UInt8] {
        try OTLPJSON.protobuf(bytes, .metricsRequest, limits: limits)
    }

    /// Writes OTLP/JSON.
    package static func json(_ batches: [MetricBatch]) -> [UInt8] {
        OTLPJSON.json(encode(batches), .metricsRequest)
    }
}

extension ProtobufWriter {
    fileprivate mutating func metric(_ metric: Metric) {
        text(1, metric.name)
        text(2, metric.description)
        text(3, metric.unit)
        switch metric.data {
        case .gauge(let points):
            field(5) { $0.points(points) { $0.point($1) } }
        case .sum(let points, let temporality, let isMonotonic):
            field(7) { sum in
                sum.points(points) { $0.point($1) }
                sum.count(2, UInt32(temporality.rawValue))
                if isMonotonic { sum.field(3, integer: 1) }
            }
        case .histogram(let points, let temporality):
            field(9) { histogram in
                histogram.points(points) { $0.point($1) }
                histogram.count(2, UInt32(temporality.rawValue))
            }
        case .exponentialHistogram(let points, let temporality):
            field(10) { histogram in
                histogram.points(points) { $0.point($1) }
                histogram.count(2, UInt32(temporality.rawValue))
            }
        case .summary(let points):
            field(11) { $0.points(points) { $0.point($1) } }
        }
    }

    private mutating func points<Point>(_ points: [Point], _ write: (inout ProtobufWriter, Point) -> Void) {
        for point in points { field(1) { write(&$0, point) } }
    }

    // Of the two fields of a number that has a value; fields are written in the order of their numbers.
    private mutating func double(_ number: Int, _ value: Metric.Number?) {
        if case .double(let value)? = value { field(number, bits: value.bitPattern) }
    }

    private mutating func int(_ number: Int, _ value: Metric.Number?) {
        if case .int(let value)? = value { field(number, bits: UInt64(bitPattern: value)) }
    }

    private mutating func double(_ number: Int, _ value: Double?) {
        if let value { field(number, bits: value.bitPattern) }
    }

    private mutating func exemplars(_ number: Int, _ exemplars: [Metric.Exemplar]) {
        for exemplar in exemplars {
            field(number) { part in
                part.fixed(2, exemplar.time)
                part.double(3, exemplar.value)
                if let span = exemplar.spanID { part.id(4, span) }
                if let trace = exemplar.traceID { part.id(5, trace) }
                part.int(6, exemplar.value)
                part.attributes(7, exemplar.attributes)
            }
        }
    }

    private mutating func point(_ point: Metric.NumberPoint) {
        fixed(2, point.place.start)
        fixed(3, point.place.time)
        double(4, point.value)
        exemplars(5, point.exemplars)
        int(6, point.value)
        attributes(7, point.place.attributes)
        count(8, point.place.flags)
    }

    private mutating func point(_ point: Metric.HistogramPoint) {
        fixed(2, point.place.start)
        fixed(3, point.place.time)
        fixed(4, point.totals.count)
        double(5, point.totals.sum)
        packed(6, point.counts)
        packed(7, point.bounds.map(\.bitPattern))
        exemplars(8, point.exemplars)
        attributes(9, point.place.attributes)
        count(10, point.place.flags)
        double(11, point.totals.min)
        double(12, point.totals.max)
    }

    private mutating func point(_ point: Metric.ExponentialPoint) {
        attributes(1, point.place.attributes)
        fixed(2, point.place.start)
        fixed(3, point.place.time)
        fixed(4, point.totals.count)
        double(5, point.totals.sum)
        if point.scale != 0 { zigzag(6, point.scale) }
        fixed(7, point.zeroCount)
        if let buckets = point.positive { field(8) { $0.buckets(buckets) } }
        if let buckets = point.negative { field(9) { $0.buckets(buckets) } }
        count(10, point.place.flags)
        exemplars(11, point.exemplars)
        double(12, point.totals.min)
        double(13, point.totals.max)
        if point.zeroThreshold.bitPattern != 0 { double(14, point.zeroThreshold) }
    }

    private mutating func buckets(_ buckets: Metric.Buckets) {
        if buckets.offset != 0 { zigzag(1, buckets.offset) }
        guard !buckets.counts.isEmpty else { return }
        field(2) { list in for count in buckets.counts { list.varint(count) } }
    }

    private mutating func point(_ point: Metric.SummaryPoint) {
        fixed(2, point.place.start)
        fixed(3, point.place.time)
        fixed(4, point.count)
        fixed(5, point.sum.bitPattern)
        for quantile in point.quantiles {
            field(6) { part in
                part.fixed(1, quantile.quantile.bitPattern)
                part.fixed(2, quantile.value.bitPattern)
            }
        }
        attributes(7, point.place.attributes)
        count(8, point.place.flags)
    }

    private mutating func zigzag(_ number: Int, _ value: Int32) {
        field(number, integer: Int64(UInt32(bitPattern: value << 1 ^ value >> 31)))
    }

    private mutating func packed(_ number: Int, _ values: [UInt64]) {
        guard !values.isEmpty else { return }
        field(
            number,
            bytes: values.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } }
        )
    }
}
