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
    /// Up to this many series, blocks without any of them are not read.
    private static let fewSeries = 64
    private static let firstBlocks = 4

    /// A page of samples, the newest first, with what is said of their series.
    struct Page: Sendable {
        var samples: [StoredSample] = []
        var texts: [Int32: SeriesText] = [:]
    }

    /// Fetches the newest samples. It reads blocks from the newest on, until no other block can have a sample that belongs
    /// to the answer.
    func fetchNewest(_ query: SampleQuery, _ texts: SeriesTexts) throws -> Page {
        let to = min(query.to, query.cursor?.at ?? .latest)
        guard query.limit > 0, query.from <= to else { return Page() }
        let meant = try query.filter.find(on: connection)
        guard !meant.components.isEmpty else { return Page() }
        var standing = SeriesStanding()
        var blocks = Self.firstBlocks
        if meant.series == nil, !query.isOfReferences {
            let newest = NewestBlocks(
                connection: connection,
                query: query,
                components: meant.components,
                to: to,
                now: now,
                keptSince: now - keep
            )
            let plans = TransactionOptions(isReadOnly: true, reusesPlans: true)
            let page: Page? = try connection.transaction(plans) {
                switch try newest.read(&standing) {
                case .complete(let samples):
                    return Page(
                        samples: samples,
                        texts: try texts.texts(of: samples, standing, on: connection)
                    )
                case .incomplete(let more):
                    blocks = more
                    return nil
                }
            }
            if let page { return page }
        }
        let samples = try fetch(query, meant, to, from: blocks)
        try standing.learn(samples.lazy.map(\.series), at: now, on: connection)
        return Page(samples: samples, texts: try texts.texts(of: samples, standing, on: connection))
    }

    /// Lets PostgreSQL take the blocks apart, of which many samples are left out.
    private func fetch(
        _ query: SampleQuery,
        _ meant: SeriesFilter.Meant,
        _ to: Timestamp,
        from first: Int
    ) throws -> [StoredSample] {
        let numbers = meant.series.map { Parameter.int64Array($0) } ?? .null
        let few = (meant.series?.count ?? .max) <= Self.fewSeries ? numbers : .null
        let references: Parameter =
            query.isOfReferences
            ? .textArray([query.traceID, query.executionID].filter { $0 != nil }) : .null

        var blocks = first
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

    /// A block may have one sample of the answer or a thousand: the first ones tell.
    static func more(than blocks: Int, with found: Int, of limit: Int) -> Int {
        guard found > 0 else { return blocks * 8 }
        return blocks * min(max(limit * 5 / 4 / found + 1, 2), 512)
    }
}
