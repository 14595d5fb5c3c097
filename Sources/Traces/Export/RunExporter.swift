internal import Core
internal import Ingest
internal import Logging
internal import OTLPClient
internal import OpenTelemetry
internal import Postgres
internal import Synchronization

/// Exports every run as a trace when it has ended: page by page, so that a run of any size needs no more memory than a
/// page, and small runs together in one request. Each Weir has one.
///
/// It has a connection of its own and never delays ingest. A collector that is away postpones the run.
final class RunExporter: Sendable {
    let queue: ExportQueue
    let sampler: Sampler
    /// How many spans a request has, about.
    let batch: Int
    let send: SpanSending
    let metrics: TracesMetrics
    let logger: Logger
    private let target: ConnectionTarget
    /// How many runs are claimed at once: one after a run of several pages, which takes its time.
    private let together = Atomic(1)
    private static let mostTogether = 64
    // How many requests in a row the collector did not take.
    private let failures = Mutex(0)

    /// The first pause after a failure; it is doubled up to the longest.
    private static let pause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(300)
    /// The longest pause of the exporter itself, when other runs would be refused as well.
    private static let longestRest = Duration.seconds(60)
    /// How often the exporter says that it listens, for the case that it was forgotten.
    private static let registration = Duration.seconds(60)
    private static let scope = SpanBatch.Scope(name: "weir")

    init(
        queue: ExportQueue,
        sampler: Sampler,
        batch: Int,
        send: @escaping SpanSending,
        metrics: TracesMetrics,
        logger: Logger,
        target: ConnectionTarget
    ) {
        self.queue = queue
        self.sampler = sampler
        self.batch = batch
        self.send = send
        self.metrics = metrics
        self.logger = logger
        self.target = target
    }

    /// Runs until the task is cancelled.
    func run() async {
        let connection = DedicatedConnection(
            target,
            SessionSettings(applicationName: "weir-traces", parameters: ["jit": "off"]),
            label: "weir.traces"
        )
        var registeredAt: ContinuousClock.Instant?
        while !Task.isCancelled {
            do {
                if registeredAt.map({ ContinuousClock.now - $0 > Self.registration }) ?? true {
                    try await connection.withConnection { try self.queue.register(on: $0) }
                    registeredAt = .now
                }
                if try await turn(connection) { continue }
                if let rest { try? await Task.sleep(for: rest) }
            } catch {
                let level: Logger.Level = (error as? PostgresError)?.isRetryable == true ? .debug : .warning
                logger.log(level: level, "runs are not exported", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
            }
            try? await Task.sleep(for: .milliseconds(500))
        }
        connection.close()
    }

    /// Takes events and exports some runs.
    ///
    /// - Returns: whether there may be others to export at once; not while the collector takes nothing, since each of very
    ///   many runs would be tried, and logged, as fast as it fails.
    func turn(_ connection: DedicatedConnection) async throws -> Bool {
        let most = together.load(ordering: .relaxed)
        let entries = try await connection.withConnection { [queue] connection in
            try queue.takeEvents(on: connection)
            return try queue.claim(atMost: most, on: connection)
        }
        guard !entries.isEmpty else { return false }
        do {
            // More of them at once, as long as they are small.
            together.store(min(most * 2, Self.mostTogether), ordering: .relaxed)
            return try await export(entries[...], connection)
        } catch {
            // One that can't be read must not keep the others: they are taken one by one, and it stays held alone.
            together.store(1, ordering: .relaxed)
            if entries.count > 1 { _ = try? await letGo(entries[...], connection) }
            throw error
        }
    }

    /// Exports claimed runs; returns what `turn` does.
    private func export(
        _ entries: ArraySlice<ExportQueue.Entry>,
        _ connection: DedicatedConnection
    ) async throws -> Bool {
        var waiting = entries
        var next: Opened?
        while next != nil || !waiting.isEmpty, !Task.isCancelled {
            let (small, other) = try await read(next, &waiting, connection)
            next = other
            let isTaken = try await deliver(small, connection)
            if isTaken, let other, other.page.next != nil {
                together.store(1, ordering: .relaxed)
                next = nil
                guard try await export(other, connection) else { return try await letGo(waiting, connection) }
            } else if !isTaken {
                return try await letGo(other.map { [$0.entry] + waiting } ?? waiting, connection)
            }
        }
        return true
    }

    /// How long to wait before the next run, when the collector did not take the last request; nil when it did.
    var rest: Duration? {
        let count = failures.withLock { $0 }
        return count == 0 ? nil : min(Self.pause(attempt: count - 1), Self.longestRest)
    }

    /// The collector takes nothing now: what was claimed is due later.
    ///
    /// - Returns: false, as the end of a turn.
    private func letGo(
        _ entries: ArraySlice<ExportQueue.Entry>,
        _ connection: DedicatedConnection
    ) async throws -> Bool {
        guard !entries.isEmpty else { return false }
        try await connection.withConnection { connection in
            try self.queue.postpone(
                Array(entries),
                by: Self.pause,
                "the collector does not take spans",
                on: connection
            )
        }
        return false
    }

    // MARK: - Small runs

    /// A run with its next page; nil for the run when it is gone or not sampled, so that nothing is sent of it.
    private struct Opened: Sendable {
        let entry: ExportQueue.Entry
        let run: (any TracedRun)?
        var page: (spans: [Span], next: String?) = ([], nil)
    }

    /// Reads runs that have one page, as many as a request takes, and perhaps one that does not fit.
    private func read(
        _ first: Opened?,
        _ waiting: inout ArraySlice<ExportQueue.Entry>,
        _ connection: DedicatedConnection
    ) async throws -> (small: [Opened], other: Opened?) {
        let (now, entries) = (Timestamp.now(), waiting)
        let (small, other, count) = try await connection.withConnection {
            connection -> ([Opened], Opened?, Int) in
            var (small, spans, count) = ([Opened](), 0, 0)
            if let first {
                small.append(first)
                spans = first.page.spans.count
            }
            for entry in entries {
                count += 1
                let opened = try self.open(entry, now, on: connection)
                spans += opened.page.spans.count
                if opened.page.next != nil || (spans > self.batch && !small.isEmpty) {
                    return (small, opened, count)
                }
                small.append(opened)
            }
            return (small, nil, count)
        }
        waiting = waiting.dropFirst(count)
        return (small, other)
    }

    private func open(_ entry: ExportQueue.Entry, _ now: Timestamp, on connection: Connection) throws
        -> Opened
    {
        let source = queue.sources.first { $0.system == entry.system }
        guard let run = try source?.open(entry.name, on: connection),
            sampler.takes(run.trace, parent: run.parent)
        else {
            return Opened(entry: entry, run: nil)
        }
        let page = try run.page(after: entry.position, limit: batch, now: now, on: connection)
        return Opened(entry: entry, run: run, page: page)
    }

    /// Sends runs as one request; returns false when they were postponed.
    private func deliver(_ runs: [Opened], _ connection: DedicatedConnection) async throws -> Bool {
        guard !runs.isEmpty else { return true }
        let full = runs.filter { !$0.page.spans.isEmpty }
        switch await request(full.map { ($0.run, $0.page.spans) }) {
        case .accepted(let rejected, let message):
            if let first = full.first {
                metrics.sent(full.reduce(0) { $0 + $1.page.spans.count }, rejected: Int(clamping: rejected))
                if rejected > 0 { complain("the collector rejected spans", first.entry, message) }
            }
        case .refused where full.count > 1:
            // One of them is to blame.
            for run in runs { guard try await deliver([run], connection) else { return false } }
            return true
        case .refused(let why):
            for run in full {
                metrics.sent(run.page.spans.count, rejected: run.page.spans.count)
                complain("the collector refused spans of a run", run.entry, why)
            }
        case .retry(let after, let why):
            try await postpone(runs.map(\.entry), after, why, connection)
            return false
        }
        try await connection.withConnection { connection in
            try self.queue.finish(runs.map { ($0.entry, $0.entry.position) }, on: connection)
        }
        for run in runs where run.run != nil { metrics.exported(runOf: run.entry.system) }
        return true
    }

    private func request(_ parts: [(run: (any TracedRun)?, spans: [Span])]) async -> OTLPSender.Outcome {
        let batches = parts.compactMap { part in
            part.run.map { SpanBatch(resource: $0.resource, scope: Self.scope, spans: part.spans) }
        }
        guard !batches.isEmpty else { return .accepted(rejected: 0, message: "") }
        let outcome = await send(batches)
        failures.withLock { count in
            if case .retry = outcome { count += 1 } else { count = 0 }
        }
        return outcome
    }

    private func postpone(
        _ entries: [ExportQueue.Entry],
        _ after: Duration?,
        _ why: String,
        _ connection: DedicatedConnection
    ) async throws {
        guard let first = entries.first else { return }
        let pause = max(after ?? .zero, Self.pause(attempt: (entries.map(\.attempts).max() ?? 1) - 1))
        metrics.retried()
        // A collector that is away for days is not news every minute.
        let level: Logger.Level = failures.withLock { $0 } == 1 ? .warning : .debug
        complain("the collector does not take spans now; trying again", first, why, level)
        try await connection.withConnection { connection in
            try self.queue.postpone(entries, by: pause, why, on: connection)
        }
    }

    // MARK: - A run of several pages

    /// Sends a run page by page; returns false when it was postponed.
    private func export(_ opened: Opened, _ connection: DedicatedConnection) async throws -> Bool {
        guard let run = opened.run else { return true }
        let (entry, now) = (opened.entry, Timestamp.now())
        var (position, page) = (entry.position, opened.page)
        while true {
            let after = position
            guard try await deliver(page.spans, of: run, entry, connection) else { return false }
            guard let next = page.next else { break }
            let isOurs = try await connection.withConnection { connection in
                try self.queue.advance(entry, from: after, to: next, on: connection)
            }
            guard isOurs, !Task.isCancelled else { return true }
            position = next
            page = try await connection.withConnection { connection in
                try run.page(after: next, limit: self.batch, now: now, on: connection)
            }
        }
        let last = position
        try await connection.withConnection { try self.queue.finish([(entry, last)], on: $0) }
        metrics.exported(runOf: entry.system)
        return true
    }

    /// Sends a page; returns false when the run was postponed.
    private func deliver(
        _ spans: [Span],
        of run: any TracedRun,
        _ entry: ExportQueue.Entry,
        _ connection: DedicatedConnection
    ) async throws -> Bool {
        guard !spans.isEmpty else { return true }
        switch await request([(run, spans)]) {
        case .accepted(let rejected, let message):
            metrics.sent(spans.count, rejected: Int(clamping: rejected))
            if rejected > 0 { complain("the collector rejected spans", entry, message) }
            return true
        case .refused(let why):
            // It would be refused again: the rest of the run may not be.
            metrics.sent(spans.count, rejected: spans.count)
            complain("the collector refused spans of a run", entry, why)
            return true
        case .retry(let after, let why):
            try await postpone([entry], after, why, connection)
            return false
        }
    }

    static func pause(attempt: Int) -> Duration {
        min(pause * (1 << min(attempt, 10)), longestPause)
    }

    private func complain(
        _ message: Logger.Message,
        _ entry: ExportQueue.Entry,
        _ why: String,
        _ level: Logger.Level = .warning
    ) {
        logger.log(
            level: level,
            message,
            metadata: ["system": "\(entry.system)", "run": "\(entry.name.subject)", "why": "\(why)"]
        )
    }
}
