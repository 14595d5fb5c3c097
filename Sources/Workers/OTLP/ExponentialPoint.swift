internal import Glibc
internal import OpenTelemetry

/// Exponential histograms become such with fixed bounds: powers of two, and three between each and the next. A finer one
/// is made that coarse, so that the series of a histogram stay the same when its sender makes it coarser; the bounds of a
/// coarser one are among those of a finer one. OpenTelemetry, "Exponential Scale".
extension Metric.ExponentialPoint: MetricPoint {
    /// The finest scale that is stored: four buckets from one power of two to the next.
    private static let finest: Int32 = 2
    /// Of OpenTelemetry.
    private static let scales: ClosedRange<Int32> = -10...20

    var fault: PointFault? {
        Self.scales.contains(scale) && !zeroThreshold.isNaN && zeroThreshold >= 0 ? nil : .badBuckets
    }

    func lines(_ type: MetricType) -> [PointLine] {
        let shift = max(0, scale - Self.finest)
        let kept = scale - shift
        var sum = 0.0
        var buckets: [(bound: Double, count: Double)] = []
        // From the lowest value to the highest: of the negative ones those with the largest magnitude come first.
        for (index, count) in Self.merged(negative, by: shift).reversed() {
            sum += Double(count)
            buckets.append((-Self.bound(index, kept), sum))
        }
        sum += Double(zeroCount)
        // A threshold beyond the lowest bucket is no bound between two buckets.
        let positive = Self.merged(positive, by: shift)
        if zeroThreshold < positive.first.map({ Self.bound($0.index + 1, kept) }) ?? .infinity {
            buckets.append((zeroThreshold, sum))
        }
        for (index, count) in positive {
            sum += Double(count)
            buckets.append((Self.bound(index + 1, kept), sum))
        }
        return totals.lines(Self.ascending(buckets), exemplars, isEnd: place.isEnd)
    }

    /// Without bounds that doubles cannot tell apart or do not have: the last one of equal ones has the whole count.
    private static func ascending(_ buckets: [(bound: Double, count: Double)]) -> [(
        bound: Double, count: Double
    )] {
        var kept: [(bound: Double, count: Double)] = []
        for bucket in buckets where bucket.bound.isFinite {
            if let last = kept.last, last.bound >= bucket.bound { kept.removeLast() }
            kept.append(bucket)
        }
        return kept
    }

    /// The buckets with indices of a coarser scale, ascending. A negative index is rounded down, too.
    private static func merged(_ buckets: Metric.Buckets?, by shift: Int32) -> [(index: Int64, count: UInt64)]
    {
        guard let buckets else { return [] }
        var merged: [(index: Int64, count: UInt64)] = []
        for (place, count) in buckets.counts.enumerated() {
            let index = (Int64(buckets.offset) + Int64(place)) >> Int64(shift)
            if merged.last?.index == index {
                let (sum, isBeyond) = merged[merged.count - 1].count.addingReportingOverflow(count)
                merged[merged.count - 1].count = isBeyond ? .max : sum
            } else {
                merged.append((index, count))
            }
        }
        return merged
    }

    /// 2 to the power of index / 2^scale.
    private static func bound(_ index: Int64, _ scale: Int32) -> Double {
        exp2(scalbn(Double(index), -scale))
    }
}
