internal import Core
internal import Ingest
internal import Journal
internal import Logging
internal import Metrics
internal import Postgres

/// Sends every stored sample to a time-series database, at least once, in the order of its arrival.
///
/// PostgreSQL is the queue: a row says how far each journal's samples were sent. Only the leader sends.
struct Forwarder: Sendable {
    let sender: ForwardSender
    let labels: [NamedValue]
    let pool: Pool
    let journal: Journal
    let progress: StreamProgress
    let lease: ForwardLease
    let metrics: ForwardMetrics
    let logger: Logger
    /// Rows that arrived within it may not be visible yet.
    var settling = Duration.seconds(5)

    /// How many rows a request has, each with at most a thousand samples.
    private static let rows = 8
    private static let firstSlice = Duration.seconds(30)
    private static let longestSlice = Duration.seconds(3600)

    /// The database, whose positions are kept apart from those of others.
    private var destination: UUID128 {
        var digest = KeyDigest()
        digest.add(sender.url)
        return digest.finish()
    }

    /// Runs until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            var hasSent = false
            if lease.isHeld {
                do {
                    hasSent = try await step()
                } catch {
                    logger.debug("samples to forward are not read", metadata: ["error": "\(error)"])
                }
            } else {
                metrics.lag.set(0)
            }
            if !hasSent { try? await Task.sleep(for: .seconds(1)) }
        }
    }

    /// Sends what has settled of each journal, a while long.
    ///
    /// - Returns: whether something was sent.
    func step() async throws -> Bool {
        let destination = destination
        let now = Timestamp.now()
        // In this order: what is durable now is loaded when `progress` has reached it.
        let durable = journal.durableSeq
        let isCaughtUp = progress.snapshot.appliedSeq >= durable
        let sources = try await pool.withConnection {
            try ForwardStore.fetchSources(to: destination, on: $0)
        }
        var hasSent = false
        var lag = Duration.zero
        for source in sources {
            let settled = now - settling
            let isWhole = source.journal == journal.id && isCaughtUp
            let end = isWhole ? settled : min(source.loadedAt ?? .earliest, settled)
            let place = try await forward(source, until: end, &hasSent)
            if place.receivedAt < end { lag = max(lag, now - place.receivedAt) }
        }
        metrics.lag.set(lag / .seconds(1))
        return hasSent
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
        var requests = 0
        while place.receivedAt < end, requests < Self.turn {
            let until = min(end, place.receivedAt + slice)
            let page = try await page(of: source.journal, after: place, until: until)
            guard let last = page.blocks.last else {
                // Nothing arrived in this slice, or no more.
                place = ForwardPlace(receivedAt: until, metricID: .max)
                slice = min(slice * 2, Self.longestSlice)
                continue
            }
            let message = WriteRequestEncoder.message(samples(page))
            let count = page.blocks.reduce(0) { $0 + $1.values.count }
            guard await sender.send(
                message,
                samples: count,
                since: page.blocks.first?.receivedAt ?? last.receivedAt,
                while: { lease.isHeld }
            ) else { return place }
            place = ForwardPlace(receivedAt: last.receivedAt, metricID: last.metricID)
            (hasSent, slice) = (true, Self.firstSlice)
            requests += 1
            try await keep(place, of: source)
        }
        // An idle journal needs no row a second.
        if place.receivedAt - (source.sent?.receivedAt ?? .earliest) > .seconds(60) {
            try await keep(place, of: source)
        }
        return place
    }

    private func keep(_ place: ForwardPlace, of source: ForwardSource) async throws {
        let destination = destination
        try await pool.withConnection {
            try ForwardStore.keep(place, of: source.journal, to: destination, on: $0)
        }
    }

    // MARK: - Where to begin

    /// The place after which rows are sent: what was kept, or the oldest row. Days that were dropped meanwhile are lost.
    private func begin(_ source: ForwardSource, until end: Timestamp) async throws -> ForwardPlace {
        guard let sent = source.sent else {
            let oldest = try await pool.withConnection {
                try ForwardStore.fetchOldest(of: source.journal, on: $0)
            }
            return ForwardPlace(receivedAt: oldest ?? end, metricID: .min)
        }
        guard end - sent.receivedAt > .seconds(86_400) else { return sent }
        let days = try await pool.withConnection { try DayPartitions(table: "sample_block").days(on: $0) }
        guard let oldest = days.first, sent.receivedAt < oldest else { return sent }
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
    }

    private func page(
        of journal: UUID128,
        after place: ForwardPlace,
        until end: Timestamp
    ) async throws -> Page {
        try await pool.withConnection { connection in
            let blocks = try ForwardStore.fetchBlocks(
                of: journal,
                after: place,
                until: end,
                atMost: Self.rows,
                on: connection
            )
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
            return Page(blocks: blocks, series: series)
        }
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
