internal import Core
internal import OpenTelemetry

/// One sample that a data point becomes: its series is the metric's with a suffix, and with the bound of a bucket or a
/// quantile as a label.
struct PointLine: Sendable {
    let suffix: String
    let bound: (name: String, value: String)?
    let value: Double
    var exemplar: Exemplar?

    init(_ suffix: String, _ value: Double, exemplar: Exemplar? = nil) {
        self.suffix = suffix
        self.value = value
        self.exemplar = exemplar
        bound = nil
    }

    /// A bucket: how many measurements are not above a bound.
    init(upTo bound: Double, _ value: Double, exemplar: Exemplar? = nil) {
        suffix = "_bucket"
        self.bound = ("le", AttributeLabels.number(bound))
        self.value = value
        self.exemplar = exemplar
    }

    /// A quantile of a summary.
    init(quantile: Double, _ value: Double) {
        suffix = ""
        bound = ("quantile", AttributeLabels.number(quantile))
        self.value = value
    }
}

/// A data point of any kind.
protocol MetricPoint {
    var place: Metric.Place { get }
    /// Why it cannot be stored; nil when it can.
    var fault: PointFault? { get }
    /// Its samples, for a metric of a type.
    func lines(_ type: MetricType) -> [PointLine]
}

extension Metric {
    /// Its data points.
    var points: [any MetricPoint] {
        switch data {
        case .gauge(let points), .sum(let points, _, _): points
        case .histogram(let points, _): points
        case .exponentialHistogram(let points, _): points
        case .summary(let points): points
        }
    }

    /// Whether its points count since the start of their process: the others cannot be told from those of a process that
    /// was started anew.
    var isCumulative: Bool {
        switch data {
        case .gauge, .summary: true
        case .sum(_, let temporality, _), .histogram(_, let temporality),
            .exponentialHistogram(_, let temporality):
            temporality == .cumulative
        }
    }
}

extension Metric.NumberPoint: MetricPoint {
    var fault: PointFault? { value == nil && !place.isEnd ? .noValue : nil }

    func lines(_ type: MetricType) -> [PointLine] {
        guard let value, !place.isEnd else { return [PointLine("", .staleMarker)] }
        // Others have none in the formats of exports.
        let exemplar = type == .counter ? Metric.Totals.newest(exemplars) { _ in 0 }[0] : nil
        return [PointLine("", value.double, exemplar: exemplar)]
    }
}

extension Metric.SummaryPoint: MetricPoint {
    var fault: PointFault? { nil }

    func lines(_ type: MetricType) -> [PointLine] {
        let isEnd = place.isEnd
        var lines = quantiles.map { PointLine(quantile: $0.quantile, isEnd ? .staleMarker : $0.value) }
        lines.append(PointLine("_sum", isEnd ? .staleMarker : sum))
        lines.append(PointLine("_count", isEnd ? .staleMarker : Double(count)))
        return lines
    }
}

extension Metric.HistogramPoint: MetricPoint {
    var fault: PointFault? {
        let isWhole = counts.isEmpty && bounds.isEmpty || counts.count == bounds.count + 1
        guard isWhole, zip(bounds, bounds.dropFirst()).allSatisfy({ $0 < $1 }) else { return .badBuckets }
        return nil
    }

    func lines(_ type: MetricType) -> [PointLine] {
        var sum = 0.0
        var buckets: [(bound: Double, count: Double)] = []
        for (bound, count) in zip(bounds, counts) where bound != .infinity {
            sum += Double(count)
            buckets.append((bound, sum))
        }
        return totals.lines(buckets, exemplars, isEnd: place.isEnd)
    }
}

extension Metric.Totals {
    /// The samples of a histogram, whose buckets are cumulative and without the one of all measurements.
    func lines(
        _ buckets: [(bound: Double, count: Double)],
        _ exemplars: [Metric.Exemplar],
        isEnd: Bool
    ) -> [PointLine] {
        func value(_ number: Double) -> Double { isEnd ? .staleMarker : number }
        let bounds = buckets.map(\.bound)
        let newest = Self.newest(exemplars) { bounds.firstPlace(notBelow: $0) }
        var lines = (buckets + [(.infinity, Double(count))]).enumerated().map { index, bucket in
            PointLine(upTo: bucket.bound, value(bucket.count), exemplar: newest[index])
        }
        if let sum { lines.append(PointLine("_sum", value(sum))) }
        lines.append(PointLine("_count", value(Double(count))))
        return lines
    }

    /// The newest exemplar with a trace at each place.
    static func newest(_ exemplars: [Metric.Exemplar], _ place: (Double) -> Int) -> [Int: Exemplar] {
        var newest: [Int: Metric.Exemplar] = [:]
        for exemplar in exemplars where exemplar.traceID != nil {
            guard let value = exemplar.value?.double, !value.isNaN else { continue }
            let place = place(value)
            if let other = newest[place], other.time > exemplar.time { continue }
            newest[place] = exemplar
        }
        return newest.mapValues { one in
            Exemplar(
                traceID: one.traceID.map { "\($0)" },
                spanID: one.spanID.map { "\($0)" },
                value: one.value?.double,
                at: one.time == 0 ? nil : Timestamp(microseconds: Int64(one.time / 1000))
            )
        }
    }
}

extension [Double] {
    /// The place of the first bound, of those in ascending order, that a value is not above; their count for none.
    fileprivate func firstPlace(notBelow value: Double) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
