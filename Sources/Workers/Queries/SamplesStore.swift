internal import Core
internal import Ingest
internal import Postgres

/// The SQL of queries for samples.
struct SamplesStore {
    let connection: Connection
    /// The moment that decides which samples have expired.
    let now: Timestamp
    /// How long samples are kept that have no lifetime of their own.
    let keep: Duration

    private static let newest = Statement("newest samples", file: PackageResources.newest_samples_sql)
    private static let described = Statement("described series", file: PackageResources.described_series_sql)
    /// Up to this many series, blocks without any of them are not read.
    private static let fewSeries = 64
    private static let firstBlocks = 4

    /// Samples, the newest first.
    ///
    /// Blocks are read from the newest on, until no other block can have a sample that belongs to the answer.
    func fetchNewest(_ query: SampleQuery) throws -> [StoredSample] {
        let to = min(query.to, query.cursor?.at ?? .latest)
        guard query.limit > 0, query.from <= to else { return [] }
        let meant = try query.filter.find(on: connection)
        guard !meant.components.isEmpty else { return [] }
        let numbers = meant.series.map { Parameter.int64Array($0) } ?? .null
        let few = (meant.series?.count ?? .max) <= Self.fewSeries ? numbers : .null

        let references: Parameter =
            query.isOfReferences
            ? .textArray([query.traceID, query.executionID].filter { $0 != nil }) : .null

        var blocks = Self.firstBlocks
        while true {
            let rows = try connection.execute(
                Self.newest,
                [
                    .int64Array(meant.components), .timestamp(query.from), .timestamp(to), few, .int(blocks),
                    numbers, .timestamp(now - keep), .timestamp(now), .int(query.limit),
                    .optional(query.cursor?.at), .optional(query.cursor?.metricID), references,
                    .optional(query.traceID), .optional(query.executionID),
                ]
            )
            let samples = try StoredSample.samples(in: rows[0])
            let isLast = try rows[0].int("blocks") < blocks
            let completeAt = try rows[0].optionalTimestamp("complete_at") ?? .latest
            let isComplete = samples.count == query.limit && samples.last?.at ?? .epoch > completeAt
            if isLast || isComplete { return samples }
            blocks = Self.more(than: blocks, with: samples.count, of: query.limit)
        }
    }

    /// What answers say of the series of samples.
    func describe(_ samples: [StoredSample]) throws -> [Int32: SeriesText] {
        guard !samples.isEmpty else { return [:] }
        let numbers = Set(samples.lazy.map(\.series)).map { Int64($0) }
        let rows = try connection.execute(Self.described, [.int64Array(numbers)])
        return try Dictionary(
            rows.map { (Int32(truncatingIfNeeded: try $0.int64(0)), try SeriesText($0)) }
        ) { $1 }
    }

    /// A block may have one sample of the answer or a thousand: the first ones tell.
    private static func more(than blocks: Int, with found: Int, of limit: Int) -> Int {
        guard found > 0 else { return blocks * 8 }
        return blocks * min(max(limit * 5 / 4 / found + 1, 2), 512)
    }
}
