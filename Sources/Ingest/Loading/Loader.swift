internal import Core
internal import HTTPServer
package import Journal
package import Logging
package import OpenTelemetry
package import Postgres
internal import Synchronization

/// How much a loader takes at a time.
package struct LoaderConfiguration: Sendable {
    /// The most lines of a batch. More than a thousand gain nothing and use more memory.
    package var batchLines: Int
    /// The most bytes of bodies in a batch; a larger line is a batch by itself.
    package var batchBytes: Int
    /// The pauses between attempts while PostgreSQL is away: from the first, doubled up to the last.
    package var backOff: ClosedRange<Duration>

    /// Makes a configuration.
    package init(
        batchLines: Int = 1000,
        batchBytes: Int = 1 << 20,
        backOff: ClosedRange<Duration> = .milliseconds(100)...(.seconds(5))
    ) {
        self.batchLines = batchLines
        self.batchBytes = batchBytes
        self.backOff = backOff
    }
}

/// Applies a stream of the journal to PostgreSQL, in order, each line exactly once.
///
/// There is one loader for each stream, with its own connection: a flood or a lock in one stream never delays
/// another. The position is stored in the transaction of the rows and read again after every failure, so that a batch
/// is never applied twice, even if the response to COMMIT is lost.
package final class Loader<P: Projection>: Sendable {
    private let projection: P
    private let journal: Journal
    private let registration: JournalRegistration
    private let connection: DedicatedConnection
    private let configuration: LoaderConfiguration
    private let logger: Logger
    private let spans: SpanRecorder
    private let beforeCommit: @Sendable () -> Void
    /// How far, and for how long, the stored position may lag while only lines of other streams arrive: segments
    /// after the position are kept.
    private static var skippedLines: Int64 { 10_000 }
    private static var skippedTime: Duration { .seconds(60) }
    // Reading the journal blocks, so it has a queue of its own.
    private let lane: Lane
    // Decodes half of a large batch at the same time.
    private let otherLane: Lane
    /// From so many bytes of bodies on, half of a batch is worth another thread.
    private static var manyBytes: Int { 64 << 10 }
    // The last prepared session; a new connection has another number.
    private let preparedSession = Mutex<UInt64?>(nil)
    /// Its progress, for waiting reads, probes and metrics.
    package let progress: StreamProgress

    /// Makes a loader; `run` starts it. The schema must exist by then.
    ///
    /// `spans` gets a span for each batch. `beforeCommit` is called on the connection's queue when everything in a batch but its COMMIT is done: tests
    /// crash there.
    package init(
        _ projection: P,
        journal: Journal,
        registration: JournalRegistration,
        target: ConnectionTarget,
        session: SessionSettings,
        configuration: LoaderConfiguration,
        progress: StreamProgress,
        logger: Logger,
        spans: SpanRecorder = SpanRecorder(),
        beforeCommit: @escaping @Sendable () -> Void = {}
    ) {
        self.projection = projection
        self.journal = journal
        self.registration = registration
        self.connection = DedicatedConnection(target, session, label: "weir.loader.\(projection.stream)")
        self.configuration = configuration
        lane = Lane(label: "weir.loader.\(projection.stream).reader")
        otherLane = Lane(label: "weir.loader.\(projection.stream).decoder")
        self.progress = progress
        self.spans = spans
        self.beforeCommit = beforeCommit
        var logger = logger
        logger[metadataKey: "stream"] = "\(projection.stream)"
        self.logger = logger
    }

    /// Loads until the task is cancelled. Never throws: failures are retried, or reported and waited out.
    package func run() async {
        await withTaskExecutorPreference(lane) { await self.load() }
    }

    private func load() async {
        var pause = configuration.backOff.lowerBound
        while !Task.isCancelled {
            do {
                try await session { pause = self.configuration.backOff.lowerBound }
            } catch is CancellationError {
                break
            } catch {
                guard !Task.isCancelled else { break }
                report(error)
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, configuration.backOff.upperBound)
            }
        }
        progress.turned(.waiting)
        connection.close()
    }

    // MARK: - One session

    /// Loads from the stored position until a failure.
    private func session(onProgress: () -> Void) async throws {
        let (registration, stream) = (registration, projection.stream)
        let start = try await connection.withConnection { try registration.begin(stream: stream, on: $0) }
        progress.began(at: start.seq)
        progress.turned(.running)
        onProgress()
        let reader = journal.reader(after: start.seq, kinds: projection.kinds)
        var next = try await read(reader, start)
        var (stored, storedAt) = (start.seq, ContinuousClock.now)
        while !Task.isCancelled {
            guard let batch = next else {
                await reader.waitForMore()
                next = try await read(reader, start)
                continue
            }
            // This task switches to the connection's queue at once; only then is the reader's lane free for the next
            // read.
            async let following = read(reader, start)
            // A flood in another stream must not cost this one a transaction for each of its commits.
            if batch.isEmpty, batch.through - stored < Self.skippedLines,
                ContinuousClock.now - storedAt < Self.skippedTime
            {
                progress.passed(through: batch.through)
            } else {
                try await spans.recordingBatch(of: projection.stream) {
                    try await self.apply(batch, from: stored, start)
                }
                (stored, storedAt) = (batch.through, .now)
            }
            next = try await following
            onProgress()
        }
    }

    /// Decoded lines, and the position after them.
    private struct Portion: Sendable {
        let batch: BatchApplier<P>.Batch
        /// Whether it has no line of this stream.
        let isEmpty: Bool
        let through: Int64
        let receivedAt: Timestamp?
    }

    /// Reads the next portion while the previous one is applied; nil when there are no new lines.
    private func read(
        _ reader: JournalReader,
        _ start: JournalRegistration.Start
    ) async throws -> Portion? {
        let from = reader.position
        let lines = try reader.next(maxLines: configuration.batchLines, maxBytes: configuration.batchBytes)
        guard lines.position > from else { return nil }
        let entries = lines.lines.map { BatchApplier<P>.Entry(journal: start.journal, line: $0) }
        return Portion(
            batch: await decode(entries),
            isEmpty: entries.isEmpty,
            through: lines.position,
            receivedAt: lines.lines.last?.at
        )
    }

    private func decode(_ entries: [BatchApplier<P>.Entry]) async -> BatchApplier<P>.Batch {
        let applier = BatchApplier(projection: projection)
        let bytes = entries.reduce(0) { $0 + $1.line.body.count }
        guard projection.decodesInParallel, entries.count > 1, bytes >= Self.manyBytes else {
            return applier.decode(entries)
        }
        let middle = entries.count / 2
        return await withTaskGroup { group in
            group.addTask(executorPreference: otherLane) { applier.decode(Array(entries[middle...])) }
            let first = applier.decode(Array(entries[..<middle]))
            // There is one.
            return await group.reduce(first) { $0.followed(by: $1) }
        }
    }

    /// Applies a portion; returns how many lines it had.
    private func apply(
        _ portion: Portion,
        from stored: Int64,
        _ start: JournalRegistration.Start
    ) async throws -> Int {
        let applier = BatchApplier(projection: projection)
        let stream = projection.stream
        let position = PositionStore.Position(
            seq: portion.through,
            epoch: start.epoch,
            receivedAt: portion.receivedAt
        )
        let outcome = try await connection.withConnection { [self] connection in
            try applier.prepareSession(connection, preparedSession)
            return try applier.apply(portion.batch, on: connection) { connection in
                try PositionStore.advance(
                    journal: start.journal,
                    stream: stream,
                    from: stored,
                    to: position,
                    on: connection
                )
                beforeCommit()
            }
        }
        projection.committed(outcome.elements)
        progress.applied(
            through: portion.through,
            at: portion.receivedAt,
            lines: outcome.lines,
            deadLetters: outcome.deadLetters
        )
        if outcome.deadLetters > 0 {
            logger.warning(
                "PostgreSQL refused elements; see `weir dead-letters list`",
                metadata: ["elements": "\(outcome.deadLetters)"]
            )
        }
        if !outcome.unstored.isEmpty {
            logger.critical(
                "PostgreSQL refused dead letters, too: only the journal has these lines",
                metadata: ["seq": "\(outcome.unstored)", "journal.id": "\(start.journal)"]
            )
        }
        return outcome.lines
    }

    // MARK: - Failures

    private func report(_ error: any Error) {
        if let error = error as? PostgresError, error.isRetryable {
            if progress.snapshot.state == .running {
                logger.warning(
                    "PostgreSQL does not take rows now; trying again",
                    metadata: ["error": "\(error)"]
                )
            }
            progress.turned(.backingOff(reason: error.reason))
        } else {
            let reason = (error as? PostgresError)?.reason ?? "internal"
            if progress.snapshot.state != .stopped(reason: reason) {
                logger.critical("loading has stopped: nothing is lost", metadata: ["error": "\(error)"])
            }
            progress.turned(.stopped(reason: reason))
        }
    }
}
