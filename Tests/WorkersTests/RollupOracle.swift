import Core

@testable import Workers

/// Computes rollups from samples, one sample after the other: what the SQL must store.
struct RollupOracle {
    /// A sample as a client reported it.
    struct Reported {
        var series: String
        var isCounter: Bool
        var at: Timestamp
        var value: Double
    }

    /// A bucket that has samples.
    struct Bucket {
        var count = 0
        var min = Double.nan
        var max = Double.nan
        var sum = 0.0
        var last = 0.0
        var lastAt = Timestamp.epoch
        var increase: Double?
    }

    /// In the order of their arrival.
    var samples: [Reported] = []

    /// The buckets of all series, of some length in seconds, as the lines of `sql`.
    func lines(_ length: Int64) -> [String] {
        var lines: [String] = []
        for (series, all) in Dictionary(grouping: samples, by: \.series) {
            for (start, bucket) in buckets(of: all, length) {
                lines.append(Self.line(series, Timestamp(microseconds: start), bucket))
            }
        }
        return lines.sorted()
    }

    /// The buckets of one series by the microseconds of their starts.
    func buckets(of all: [Reported], _ length: Int64) -> [Int64: Bucket] {
        // Stable: of samples with one time the later arrival is the later sample.
        let ordered = all.enumerated()
            .sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
            .map(\.element)
        var buckets: [Int64: Bucket] = [:]
        var previous: Reported?
        for sample in ordered {
            let us = length * 1_000_000
            let start = sample.at.microseconds / us * us
            buckets[start, default: Bucket()].add(sample, after: &previous)
        }
        return buckets
    }

    private static func line(_ series: String, _ start: Timestamp, _ bucket: Bucket) -> String {
        [
            series, start.iso8601(), "\(bucket.count)", text(bucket.min), text(bucket.max), text(bucket.sum),
            text(bucket.last), bucket.lastAt.iso8601(), bucket.increase.map(text) ?? "∅",
        ].joined(separator: "|")
    }

    /// As PostgreSQL writes it.
    static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        return value.magnitude < 1e15 && value == value.rounded() ? "\(Int64(value))" : "\(value)"
    }

    /// The same of a table, `unit` seconds a bucket.
    static func sql(_ table: String, unit: Int) -> String {
        """
        SELECT
            c.name || '/' || s.metric_name,
            to_char(
                (r.starts_at + e.bucket * interval '\(unit) seconds') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
            ),
            coalesce(e.count, 1), coalesce(e.min, e.last), coalesce(e.max, e.last),
            coalesce(e.sum, rollup_summand(e.last)), e.last,
            to_char(e.last_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), e.increase
        FROM \(table) r
        JOIN series s USING (series_id)
        JOIN component c USING (runtime_id)
        CROSS JOIN LATERAL unnest(r.bucket, r.count, r.min, r.max, r.sum, r.last, r.last_at, r.increase)
            AS e (bucket, count, min, max, sum, last, last_at, increase)
        """
    }
}

extension RollupOracle.Bucket {
    fileprivate mutating func add(
        _ sample: RollupOracle.Reported,
        after previous: inout RollupOracle.Reported?
    ) {
        let value = sample.value
        count += 1
        if !value.isNaN {
            min = min.isNaN ? value : Swift.min(min, value)
            max = max.isNaN ? value : Swift.max(max, value)
        }
        sum += value.magnitude > 1e300 ? value * .infinity : value
        (last, lastAt) = (value, sample.at)
        guard sample.isCounter else { return }
        increase = increase ?? 0
        guard value.magnitude <= 1e300 else { return }
        if let before = previous, sample.at - before.at <= .seconds(3600) {
            increase? += value >= before.value ? value - before.value : Swift.max(value, 0)
        }
        previous = sample
    }
}
