internal import Core
internal import Ingest
internal import Journal
internal import Logging
internal import Metrics
internal import Postgres

/// Sends every stored sample to a time-series database, at least once, in the order of its arrival.
///
/// PostgreSQL is the queue: a row says how far each journal's samples were sent. Only the holder of the lease sends.
struct Forwarder: Sendable {
    let sender: ForwardSender
    let labels: [NamedValue]
    let pool: Pool
    let journal: Journal
    let progress: StreamProgress
    let lease: WorkLease
    let metrics: ForwardMetrics
    let logger: Logger
    /// Rows that arrived within it may not be visible yet.
    var settling = Duration.seconds(5)

    /// How many samples a request has, up to the last row of a page.
    private static let samples = 8000
    /// How many rows are read at once: as many as are likely to have that many samples.
    private static let rows = 8...1000
    private static let firstSlice = Duration.seconds(30)
    private static let longestSlice = Duration.seconds(3600)

    /// The database, whose positions are kept apart from those of others.
    private var destination: UUID128 { sender.destination.id }

    /// Runs until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            var hasSent = false
            do {
                hasSent = try await step()
            } catch {
                logger.debug("samples to forward are not read", metadata: ["error": "\(error)"])
            }
            if !hasSent { try? await Task.sleep(for: .seconds(1)) }
        }
        lease.close()
    }

    /// Sends what has settled of each journal, a while long.
    ///
    /// - Returns: whether something was sent; false when another Weir holds the lease.
    func step() async throws -> Bool {
        guard try await lease.renew() else {
            metrics.lag.set(0)
            return false
        }
        let destination = destination
        let now = Timestamp.now()
        // In this order: what had arrived at `now` is durable when nothing waits for the disk, and loaded when `progress`
        // has reached it.
        let isDurable = journal.backlog.bytes == 0
        let durable = journal.durableSeq
        let isCaughtUp = isDurable && progress.snapshot.appliedSeq >= durable
        let sources = try await pool.withConnection {
            try ForwardStore.fetchSources(to: destination, on: $0)
        }
        var hasSent = false
        var lag = Duration.zero
        for source in sources {
            let settled = now - settling
            let isWhole = source.journal == journal.id && isCaughtUp
            let end = isWhole ? settled : min(loaded(source), settled)
            let place = try await forward(source, until: end, &hasSent)
            if place < .end(of: end) { lag = max(lag, now - place.receivedAt) }
        }
        metrics.lag.set(lag / .seconds(1))
        return hasSent
    }

    /// Up to when everything is loaded that arrived: of lines that arrived with the last one some may come.
    private func loaded(_ source: ForwardSource) -> Timestamp {
        guard let last = source.loadedAt else { return .earliest }
        return source.isIdle ? last : Timestamp(microseconds: last.microseconds - 1)
    }

    /// How many requests a journal may send before others get their turn.
    private static let turn = 20

    private func forward(
        _ source: ForwardSource,
        until end: Timestamp,
        _ hasSent: inout Bool
    ) async throws -> ForwardPlace {
        var place = try await begin(source, until: end)
        var slice = Self.firstSlice
        var rows = Self.rows.lowerBound
        var requests = 0
        while place < .end(of: end), requests < Self.turn {
            let until = min(end, place.receivedAt + slice)
            let page = try await page(of: source.journal, after: place, until: until, atMost: rows)
            slice = page.isLast ? min(slice * 2, Self.longestSlice) : Self.firstSlice
            rows = page.rows(for: Self.samples, within: Self.rows)
            guard let oldest = page.blocks.first, let last = page.blocks.last else {
                place = .end(of: until)
                continue
            }
            guard await send(page, oldest.receivedAt) else { return place }
            place =
                page.isLast
                ? .end(of: until) : ForwardPlace(receivedAt: last.receivedAt, metricID: last.metricID)
            hasSent = true
            requests += 1
            try await keep(place, of: source)
        }
        if isWorthKeeping(place, of: source) { try await keep(place, of: source) }
        return place
    }

    /// An idle journal needs no row a second, and one of a Weir that has gone only a last one.
    private func isWorthKeeping(_ place: ForwardPlace, of source: ForwardSource) -> Bool {
        guard let sent = source.sent else { return place.receivedAt > .earliest }
        let isOver = source.isIdle && place.receivedAt == source.loadedAt
        return place.receivedAt - sent.receivedAt > .seconds(60) || (isOver && place > sent)
    }

    private func send(_ page: Page, _ oldest: Timestamp) async -> Bool {
        let series = samples(page)
        // Their series may have been deleted.
        guard !series.isEmpty else { return true }
        return await sender.send(
            series,
            since: oldest,
            while: {
                // Without PostgreSQL there is no lease; the next step says why.
                await (try? lease.renew()) ?? false
            }
        )
    }

    private func keep(_ place: ForwardPlace, of source: ForwardSource) async throws {
        let destination = destination
        try await pool.withConnection {
            try ForwardStore.keep(place, of: source.journal, to: destination, on: $0)
        }
    }

    // MARK: - Where to begin

    /// The place after which rows are sent: what was kept, or the oldest day. Days that were dropped meanwhile are lost.
    private func begin(_ source: ForwardSource, until end: Timestamp) async throws -> ForwardPlace {
        if let sent = source.sent, sent.receivedAt.startOfDay == end.startOfDay { return sent }
        let days = try await pool.withConnection { try DayPartitions(table: "sample_block").days(on: $0) }
        guard let sent = source.sent else {
            return ForwardPlace(receivedAt: min(days.first ?? end, end), metricID: .min)
        }
        guard let oldest = days.first, sent.receivedAt < min(oldest, end) else { return sent }
        let lost = min(oldest, end) - sent.receivedAt
        logger.error(
            "samples were deleted by age before they were sent",
            metadata: ["from": "\(sent.receivedAt)", "to": "\(min(oldest, end))"]
        )
        metrics.lost.add(lost / .seconds(1))
        let place = ForwardPlace(receivedAt: min(oldest, end), metricID: .min)
        try await keep(place, of: source)
        return place
    }

    // MARK: - Pages

    private struct Page: Sendable {
        let blocks: [StoredBlock]
        let series: [Int32: StoredSeries]
        /// Whether there is nothing behind it that arrived by its end.
        let isLast: Bool

        /// How many rows like these have so many samples.
        func rows(for samples: Int, within bounds: ClosedRange<Int>) -> Int {
            let count = blocks.reduce(0) { $0 + $1.values.count }
            return min(max(samples * blocks.count / max(count, 1), bounds.lowerBound), bounds.upperBound)
        }
    }

    private func page(
        of journal: UUID128,
        after place: ForwardPlace,
        until end: Timestamp,
        atMost count: Int
    ) async throws -> Page {
        try await pool.withConnection { connection in
            let found = try ForwardStore.fetchBlocks(
                of: journal,
                after: place,
                until: end,
                atMost: count,
                on: connection
            )
            let blocks = Self.first(Self.samples, of: found)
            let numbers = Array(Set(blocks.lazy.flatMap(\.series)))
            let series =
                try numbers.isEmpty
                ? [:]
                : StoredBlocksStore.fetchSeries(
                    numbers,
                    keptSince: .earliest,
                    now: .now(),
                    on: connection
                )
            return Page(
                blocks: blocks,
                series: series,
                isLast: found.count < count && blocks.count == found.count
            )
        }
    }

    /// The first blocks, up to one with which there are so many samples.
    private static func first(_ samples: Int, of blocks: [StoredBlock]) -> [StoredBlock] {
        var count = 0
        return Array(
            blocks.prefix { block in
                defer { count += block.values.count }
                return count < samples
            }
        )
    }

    /// The samples by series, in the order of their times.
    private func samples(_ page: Page) -> [SeriesSamples] {
        var found: [Int32: [(time: Int64, value: Double)]] = [:]
        var order: [Int32] = []
        for block in page.blocks {
            for (index, number) in block.series.enumerated() where page.series[number] != nil {
                if found[number] == nil { order.append(number) }
                let time = SampleExport.milliseconds(block.times[index])
                found[number, default: []].append((time, block.values[index]))
            }
        }
        return order.compactMap { number in
            guard let known = page.series[number], let samples = found[number] else { return nil }
            // Stable, so that of two samples of one time the later one stays behind.
            let sorted = samples.enumerated().sorted {
                ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
            }
            let own = labels.filter { label in !known.labels.contains { $0.name == label.name } }
            return SeriesSamples(
                name: known.name,
                labels: known.labels + own.map { LabelSet.Pair(name: $0.name, value: $0.value) },
                times: sorted.map(\.element.time),
                values: sorted.map(\.element.value)
            )
        }
    }
}
