internal import Core
internal import Ingest
internal import Logging
internal import OpenTelemetry
internal import Postgres

/// Exports every run as a trace when it has ended: page by page, so that a run of any size needs no more memory than a
/// page. Each Weir has one.
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

    /// The first pause after a failure; it is doubled up to the longest.
    private static let pause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(300)
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
        var isRegistered = false
        while !Task.isCancelled {
            do {
                if !isRegistered { try await connection.withConnection { try self.queue.register(on: $0) } }
                isRegistered = true
                if try await turn(connection) { continue }
            } catch {
                let level: Logger.Level = (error as? PostgresError)?.isRetryable == true ? .debug : .warning
                logger.log(level: level, "runs are not exported", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
            }
            try? await Task.sleep(for: .milliseconds(500))
        }
        connection.close()
    }

    /// Takes events and exports one run.
    ///
    /// - Returns: whether there may be another one to export at once; not while the collector takes nothing, since each of
    ///   very many runs would be tried, and logged, as fast as it fails.
    func turn(_ connection: DedicatedConnection) async throws -> Bool {
        let entry = try await connection.withConnection { [queue] connection in
            try queue.takeEvents(on: connection)
            let lost = try queue.giveUp(on: connection)
            self.metrics.gaveUp(runs: lost)
            return try queue.claim(on: connection)
        }
        guard let entry else { return false }
        return try await export(entry, connection)
    }

    // MARK: - One run

    /// Exports a run; returns false when it was postponed.
    private func export(_ entry: ExportQueue.Entry, _ connection: DedicatedConnection) async throws -> Bool {
        let now = Timestamp.now()
        let run = try await connection.withConnection { connection in
            let source = self.queue.sources.first { $0.system == entry.system }
            return try source?.open(entry.name, on: connection)
        }
        guard let run, sampler.takes(run.trace) else {
            try await connection.withConnection { try self.queue.finish(entry, at: entry.position, on: $0) }
            return true
        }
        var position = entry.position
        while true {
            let after = position
            let page = try await connection.withConnection { connection in
                try run.page(after: after, limit: self.batch, now: now, on: connection)
            }
            guard try await deliver(page.spans, of: run, entry, connection) else { return false }
            guard let next = page.next else { break }
            let isOurs = try await connection.withConnection { connection in
                try self.queue.advance(entry, from: after, to: next, on: connection)
            }
            guard isOurs, !Task.isCancelled else { return true }
            position = next
        }
        let last = position
        try await connection.withConnection { try self.queue.finish(entry, at: last, on: $0) }
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
        let batch = SpanBatch(resource: run.resource, scope: Self.scope, spans: spans)
        switch await send([batch]) {
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
            let pause = max(after ?? .zero, Self.pause(attempt: entry.attempts - 1))
            metrics.retried()
            complain("the collector does not take spans now; trying again", entry, why)
            try await connection.withConnection { connection in
                try self.queue.postpone(entry, by: pause, why, on: connection)
            }
            return false
        }
    }

    static func pause(attempt: Int) -> Duration {
        min(pause * (1 << min(attempt, 10)), longestPause)
    }

    private func complain(_ message: Logger.Message, _ entry: ExportQueue.Entry, _ why: String) {
        logger.warning(
            message,
            metadata: ["system": "\(entry.system)", "run": "\(entry.name.subject)", "why": "\(why)"]
        )
    }
}
