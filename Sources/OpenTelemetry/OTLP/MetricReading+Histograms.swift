internal import Core

extension MetricReading {
    mutating func histogram(_ part: ProtobufReader) throws(OTLPError) -> Metric.HistogramPoint {
        var part = part
        var point = Metric.HistogramPoint(Metric.Place(), Metric.Totals())
        while let field = try part.field() {
            switch (field.number, field.value) {
            case (4, .fixed64(let count)): point.totals.count = count
            case (5, .fixed64(let bits)): point.totals.sum = OTLPReading.double(bits)
            case (11, .fixed64(let bits)): point.totals.min = OTLPReading.double(bits)
            case (12, .fixed64(let bits)): point.totals.max = OTLPReading.double(bits)
            case (6, _): try fixed(field.value, part, to: &point.counts) { $0 }
            case (7, _): try fixed(field.value, part, to: &point.bounds, OTLPReading.double)
            case (8, .bytes(let range)): try exemplar(part.part(range), to: &point.exemplars)
            case (9, .bytes(let range)): try attribute(part, range, of: &point.place)
            default: take(field, into: &point.place, flags: 10)
            }
        }
        return point
    }

    mutating func exponential(_ part: ProtobufReader) throws(OTLPError) -> Metric.ExponentialPoint {
        var part = part
        var point = Metric.ExponentialPoint(Metric.Place(), Metric.Totals(), scale: 0)
        while let field = try part.field() {
            switch (field.number, field.value) {
            case (1, .bytes(let range)): try attribute(part, range, of: &point.place)
            case (4, .fixed64(let count)): point.totals.count = count
            case (5, .fixed64(let bits)): point.totals.sum = OTLPReading.double(bits)
            case (6, .varint): point.scale = Self.sint32(field.value)
            case (7, .fixed64(let count)): point.zeroCount = count
            case (8, .bytes(let range)): point.positive = try buckets(part.part(range))
            case (9, .bytes(let range)): point.negative = try buckets(part.part(range))
            case (11, .bytes(let range)): try exemplar(part.part(range), to: &point.exemplars)
            case (12, .fixed64(let bits)): point.totals.min = OTLPReading.double(bits)
            case (13, .fixed64(let bits)): point.totals.max = OTLPReading.double(bits)
            case (14, .fixed64(let bits)): point.zeroThreshold = OTLPReading.double(bits)
            default: take(field, into: &point.place, flags: 10)
            }
        }
        return point
    }

    mutating func summary(_ part: ProtobufReader) throws(OTLPError) -> Metric.SummaryPoint {
        var part = part
        var point = Metric.SummaryPoint(Metric.Place())
        while let field = try part.field() {
            switch (field.number, field.value) {
            case (4, .fixed64(let count)): point.count = count
            case (5, .fixed64(let bits)): point.sum = OTLPReading.double(bits)
            case (6, .bytes(let range)):
                try checkBuckets(point.quantiles.count)
                point.quantiles.append(try quantile(part.part(range)))
            case (7, .bytes(let range)): try attribute(part, range, of: &point.place)
            default: take(field, into: &point.place, flags: 8)
            }
        }
        return point
    }

    private func quantile(_ part: ProtobufReader) throws(OTLPError) -> Metric.SummaryPoint.Quantile {
        var part = part
        var quantile = Metric.SummaryPoint.Quantile(0, 0)
        while let field = try part.field() {
            guard case .fixed64(let bits) = field.value else { continue }
            if field.number == 1 {
                quantile.quantile = OTLPReading.double(bits)
            } else if field.number == 2 {
                quantile.value = OTLPReading.double(bits)
            }
        }
        return quantile
    }

    private mutating func buckets(_ part: ProtobufReader) throws(OTLPError) -> Metric.Buckets {
        var part = part
        var buckets = Metric.Buckets()
        while let field = try part.field() {
            switch (field.number, field.value) {
            case (1, .varint): buckets.offset = Self.sint32(field.value)
            case (2, .varint(let count)):
                try checkBuckets(buckets.counts.count)
                buckets.counts.append(count)
            case (2, .bytes(let range)):
                var list = part.part(range)
                while !list.isAtEnd {
                    try checkBuckets(buckets.counts.count)
                    do { buckets.counts.append(try list.varint()) } catch { throw .protobuf(error) }
                }
            default: break
            }
        }
        return buckets
    }

    /// Reads an element of a list, or a packed list.
    private mutating func fixed<Number>(
        _ value: ProtobufReader.Value,
        _ part: ProtobufReader,
        to numbers: inout [Number],
        _ number: (UInt64) -> Number
    ) throws(OTLPError) {
        switch value {
        case .fixed64(let bits):
            try checkBuckets(numbers.count)
            numbers.append(number(bits))
        case .bytes(let range):
            var list = part.part(range)
            while !list.isAtEnd {
                try checkBuckets(numbers.count)
                do { numbers.append(number(try list.fixed64())) } catch { throw .protobuf(error) }
            }
        default: break
        }
    }

    /// Counts one more: a count takes one byte in the message, and eight in memory.
    private mutating func checkBuckets(_ count: Int) throws(OTLPError) {
        try reading.count()
        guard count < reading.limits.buckets else {
            throw .tooMany("buckets of a data point", limit: reading.limits.buckets)
        }
    }

    private static func sint32(_ value: ProtobufReader.Value) -> Int32 {
        Int32(truncatingIfNeeded: value.zigzag ?? 0)
    }
}
