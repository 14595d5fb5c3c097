package import Core
package import Postgres

/// How much of a window is read: its newest part, and the answer says since when.
package struct InsightLimits: Hashable, Sendable {
    /// The most rows of which a percentile is made, and that a search looks at.
    package let samples: Int
    /// The most rows that are counted: an index counts them without reading them.
    package var counted: Int { samples * 10 }

    /// `samples` is at least 1.
    package init(samples: Int) {
        self.samples = max(1, samples)
    }
}

/// A value that covers a window from its end back to `since`; nil when it covers it whole.
package struct Capped<Value: Sendable>: Sendable {
    package var value: Value
    package var since: Timestamp?

    /// Makes one.
    package init(_ value: Value, since: Timestamp? = nil) {
        self.value = value
        self.since = since
    }
}

extension StageGroup {
    /// Reads a row with the columns `pipeline`, `stage`, `n`, `failed`, `retries`, `sum_ms` and `percentiles` (p50, p95, p99).
    package init(_ row: Row) throws {
        let percentiles = try row.int64Array("percentiles").map { $0 ?? 0 }
        guard percentiles.count == 3 else { preconditionFailure("BUG: three percentiles are asked for") }
        self.init(
            pipeline: try row.text("pipeline"),
            stage: try row.text("stage"),
            count: try row.int64("n"),
            failed: try row.int64("failed"),
            retries: try row.int64("retries"),
            sumMs: try row.double("sum_ms"),
            p50: percentiles[0],
            p95: percentiles[1],
            p99: percentiles[2]
        )
    }

    /// The groups of some rows, which have `oldest`, too: at `limit` samples the window is not whole.
    package static func read(_ rows: some Sequence<Row>, limit: Int) throws -> Capped<[StageGroup]> {
        var groups = Capped<[StageGroup]>([])
        var oldest: Timestamp?
        for row in rows {
            groups.value.append(try StageGroup(row))
            let time = try row.timestamp("oldest")
            oldest = min(oldest ?? time, time)
        }
        if groups.value.reduce(0, { $0 + $1.count }) >= Int64(limit) { groups.since = oldest }
        return groups
    }
}

extension PipelineTotals {
    /// Reads a row with the columns `total`, `failed` and `oldest`.
    package static func read(_ row: Row, limit: Int) throws -> Capped<PipelineTotals> {
        let totals = PipelineTotals(total: try row.int64("total"), failed: try row.int64("failed"))
        return Capped(totals, since: totals.total >= Int64(limit) ? try row.optionalTimestamp("oldest") : nil)
    }
}

/// The buckets of a series while rows are read into them.
package struct InsightSeries: Sendable {
    package let buckets: InsightBuckets
    package private(set) var list: [InsightBucket]
    /// Since when it is whole; nil when it is.
    package private(set) var since: Timestamp?

    /// Empty buckets.
    package init(_ buckets: InsightBuckets) {
        self.buckets = buckets
        list = [InsightBucket](repeating: InsightBucket(), count: buckets.count)
    }

    /// Adds rows with the columns `what`, `start` (of a bucket), `n`, `completed`, `failed` and `oldest`. `what` is `created`,
    /// `ended` or `stages`, or `runs`, which are both.
    package mutating func count(_ rows: some Sequence<Row>, limit: Int) throws {
        var seen: [String: (n: Int64, oldest: Timestamp)] = [:]
        for row in rows {
            let what = try row.text("what")
            let (n, oldest) = (try row.int64("n"), try row.timestamp("oldest"))
            let known = seen[what] ?? (0, oldest)
            seen[what] = (known.n + n, min(known.oldest, oldest))
            guard let place = place(try row.timestamp("start")) else { continue }
            let (completed, failed) = (try row.int64("completed"), try row.int64("failed"))
            if what == "created" { list[place].pipelinesCreated += n }
            if what == "ended" || what == "runs" {
                list[place].pipelinesCompleted += completed
                list[place].pipelinesFailed += failed
            }
            if what == "stages" || what == "runs" {
                list[place].stagesCompleted += completed
                list[place].stagesFailed += failed
            }
        }
        for (n, oldest) in seen.values where n >= Int64(limit) { since = max(since ?? oldest, oldest) }
    }

    /// Adds rows with the columns `bucket` (its place), `n`, `p50` and `p95`; `limit` is the most samples of one.
    package mutating func measure(_ rows: some Sequence<Row>, limit: Int) throws {
        for row in rows {
            let place = try row.int("bucket")
            guard list.indices.contains(place) else { continue }
            (list[place].p50, list[place].p95) = (try row.int64("p50"), try row.int64("p95"))
            list[place].isSampled = try row.int("n") >= limit
        }
    }

    /// Reads a series. `counts` gives the rows of `count(_:limit:)` from `$1` to `$2` in buckets of `$3` seconds, at most `$4` of
    /// each; `durations` those of `measure(_:limit:)` for `$3` buckets of `$2` seconds from `$1` on, at most `$4` in each.
    ///
    /// - Throws: `PostgresError`.
    package static func read(
        _ buckets: InsightBuckets,
        counts: Statement,
        durations: Statement,
        counted: Int,
        samples: Int,
        on connection: Connection
    ) throws -> InsightSeries {
        var series = InsightSeries(buckets)
        let start = Parameter.timestamp(buckets.start)
        try series.count(
            connection.execute(
                counts,
                [start, .timestamp(buckets.end), .int64(buckets.step), .int(counted)]
            ),
            limit: counted
        )
        let most = max(1, samples / buckets.count)
        try series.measure(
            connection.execute(
                durations,
                [start, .int64(buckets.step), .int(buckets.count), .int(most)]
            ),
            limit: most
        )
        return series
    }

    private func place(_ start: Timestamp) -> Int? {
        let place = Int((start.microseconds - buckets.start.microseconds) / (buckets.step * 1_000_000))
        return list.indices.contains(place) ? place : nil
    }

    /// Adds another source's.
    package mutating func add(_ other: InsightSeries) {
        for (place, bucket) in other.list.enumerated() where list.indices.contains(place) {
            list[place].add(bucket)
        }
        if let time = other.since { since = max(since ?? time, time) }
    }
}
