internal import Core
internal import Postgres

/// Reads the newest samples from blocks as they are stored.
///
/// PostgreSQL takes several times as long to take blocks apart and to sort their samples. But it need not send what a
/// question leaves out: a page is read here only while most samples of the blocks belong to it.
struct NewestBlocks {
    static let newest = Statement("newest blocks", file: PackageResources.newest_blocks_sql)
    /// Up to this many samples are read for each one of a page, and of a block: a component may have millions of one
    /// moment.
    private static let mostForOne = 4
    /// Two for a page of the usual size of large blocks, and one more shows that they are complete.
    private static let firstBlocks = 3

    let connection: Connection
    let query: SampleQuery
    let components: [Int64]
    /// The latest time of a sample.
    let to: Timestamp
    /// This moment.
    let now: Timestamp
    /// Samples that arrived before have expired, unless their series has a lifetime of its own.
    let keptSince: Timestamp

    /// What was found.
    enum Outcome {
        case complete([StoredSample])
        /// So many blocks have the rest, about.
        case incomplete(blocks: Int)
    }

    /// A sample that may belong to the page: its block, and its place there.
    private struct Candidate {
        let at: Int64
        let metricID: Int64
        let block: Int
        let place: Int

        /// Whether it comes before another one: the newest first.
        func precedes(_ other: Candidate) -> Bool {
            at == other.at ? metricID > other.metricID : at > other.at
        }
    }

    /// Reads blocks from the newest on, until no other one can have a sample of the page.
    func read(_ standing: inout SeriesStanding) throws -> Outcome {
        var count = Self.firstBlocks
        while true {
            let blocks = try connection.execute(
                Self.newest,
                [.int64Array(components), .timestamp(query.from), .timestamp(to), .int(count)]
            ).map { try StoredBlock($0) }
            var series: Set<Int32> = []
            // Mostly all reports of a component have the same series.
            for (index, block) in blocks.enumerated()
            where index == 0 || block.series != blocks[index - 1].series {
                series.formUnion(block.series)
            }
            try standing.learn(series, at: now, on: connection)
            let page = page(of: blocks, standing.keptAfter)
            let completeAt = blocks.last?.lastAt.microseconds ?? .max
            let isComplete = page.count == query.limit && page.last?.at ?? .min > completeAt
            if isComplete || blocks.count < count {
                return .complete(page.map { blocks[$0.block].sample($0.place) })
            }
            let samples = blocks.reduce(0) { $0 + $1.values.count }
            let next = SamplesStore.more(than: count, with: page.count, of: query.limit)
            guard next * (samples / count + 1) <= Self.mostForOne * (query.limit + SampleBlock.mostSamples)
            else {
                return .incomplete(blocks: next)
            }
            count = next
        }
    }

    /// The samples of the page that some blocks have, in order; `keptAfter` is of series with a lifetime of their own.
    private func page(of blocks: [StoredBlock], _ keptAfter: [Int32: Timestamp]) -> ArraySlice<Candidate> {
        var candidates: [Candidate] = []
        candidates.reserveCapacity(blocks.reduce(0) { $0 + $1.values.count })
        for (index, block) in blocks.enumerated() {
            let isKept = block.receivedAt >= keptSince
            for place in block.values.indices {
                let candidate = Candidate(
                    at: block.times[place],
                    metricID: block.metricID + Int64(place),
                    block: index,
                    place: place
                )
                guard isMeant(candidate) else { continue }
                let isAlive =
                    keptAfter.isEmpty
                    ? isKept : keptAfter[block.series[place]].map { block.receivedAt > $0 } ?? isKept
                if isAlive { candidates.append(candidate) }
            }
        }
        candidates.sort { $0.precedes($1) }
        return candidates.prefix(query.limit)
    }

    private func isMeant(_ candidate: Candidate) -> Bool {
        guard candidate.at >= query.from.microseconds, candidate.at <= to.microseconds else { return false }
        guard let cursor = query.cursor else { return true }
        let at = cursor.at.microseconds
        return candidate.at == at ? candidate.metricID < cursor.metricID : candidate.at < at
    }
}

extension StoredBlock {
    /// The sample at a place.
    fileprivate func sample(_ place: Int) -> StoredSample {
        StoredSample(
            metricID: metricID + Int64(place),
            series: series[place],
            at: Timestamp(microseconds: times[place]),
            receivedAt: receivedAt,
            value: values[place],
            exemplar: nil
        )
    }
}
