package import Core
internal import HTTP
package import Journal
package import Logging
package import Metrics
package import Postgres
internal import Synchronization

/// A PostgreSQL that follows the primary, and answers GETs in its place.
///
/// A replica is always a little late, and reports how much: it replays `journal_position` in the same transactions as
/// the rows. A read first queries that position on the connection that then answers; on a standby, later statements
/// see everything that earlier ones saw. Any thread.
package final class ReadReplica: Sendable {
    private struct Guarded {
        var isAway = false
        var reads = 0
        var lateReads = 0
        var fallbacks: [String: Int] = [:]
        var missing: [String: Int64] = [:]
    }

    /// A journal: its id, and its last durable line.
    package struct Source: Sendable {
        let id: UUID128
        let durableSeq: Int64

        /// Describes a journal at a moment.
        package init(id: UUID128, durableSeq: Int64) {
            self.id = id
            self.durableSeq = durableSeq
        }
    }

    private let pool: Pool
    private let source: @Sendable () -> Source
    private let logger: Logger
    // Guards the counts, and whether the outage of the replica is logged.
    private let guarded = Mutex(Guarded())

    /// Makes a replica with `pool` as its connections; it serves the rows of `journal`.
    package convenience init(pool: Pool, journal: Journal, logger: Logger) {
        self.init(
            pool: pool,
            source: { Source(id: journal.id, durableSeq: journal.durableSeq) },
            logger: logger
        )
    }

    /// Makes a replica with a function that describes the journal.
    package init(pool: Pool, source: @escaping @Sendable () -> Source, logger: Logger) {
        self.pool = pool
        self.source = source
        self.logger = logger
    }

    /// Checks the position of the replica at every interval until the task is cancelled.
    package func watch(every interval: Duration = .seconds(5)) async {
        while !Task.isCancelled {
            let source = source()
            do {
                let positions = try await pool.withConnection {
                    try PositionStore.fetchSeqs(journal: source.id, on: $0)
                }
                answered { guarded in
                    guarded.missing = positions.mapValues { max(0, source.durableSeq - $0) }
                }
            } catch let error as PostgresError where error.isOfThisServer {
                isAway(error) { $0.missing = [:] }
            } catch {
                logger.debug("read replica not checked", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: interval)
        }
    }

    /// Runs `body` once the replica shows everything that the passage found applied, or at the deadline.
    ///
    /// - Returns: the response and how many acknowledged lines it does not show yet; nil when the replica cannot
    ///   answer.
    /// - Throws: errors that another server would also return, such as a statement that takes too long.
    func answer(
        _ passage: ReadGate.Passage,
        _ body: @escaping @Sendable (Connection) throws -> Response
    ) async throws -> (Response, lag: Int64)? {
        do {
            let answer = try await patientAnswer(passage, body)
            answered { guarded in
                guarded.reads += 1
                if answer.lag > 0 { guarded.lateReads += 1 }
            }
            return answer
        } catch let error as PostgresError where error.isOfThisServer {
            isAway(error) { $0.fallbacks[error.reason, default: 0] += 1 }
            return nil
        }
    }

    /// Polls without holding a connection between attempts, so that other reads can use it.
    private func patientAnswer(
        _ passage: ReadGate.Passage,
        _ body: @escaping @Sendable (Connection) throws -> Response
    ) async throws -> (Response, lag: Int64) {
        let journal = source().id
        var pause = Duration.milliseconds(1)
        while true {
            let isLast = ContinuousClock.now >= passage.deadline || Task.isCancelled
            let answer: (Response, lag: Int64)? = try await pool.withConnection { connection in
                let seq = try PositionStore.fetchSeq(journal: journal, stream: passage.stream, on: connection)
                guard isLast || seq >= passage.applied else { return nil }
                return (try body(connection), max(0, passage.wanted - seq))
            }
            if let answer { return answer }
            try? await Task.sleep(for: min(pause, passage.deadline - .now))
            pause = min(pause * 2, .milliseconds(16))
        }
    }

    // MARK: - Counts

    private func answered(_ count: (inout Guarded) -> Void) {
        let wasAway = guarded.withLock { guarded in
            count(&guarded)
            defer { guarded.isAway = false }
            return guarded.isAway
        }
        if wasAway { logger.notice("the read replica answers again") }
    }

    private func isAway(_ error: PostgresError, _ count: (inout Guarded) -> Void) {
        let wasAway = guarded.withLock { guarded in
            count(&guarded)
            defer { guarded.isAway = true }
            return guarded.isAway
        }
        guard !wasAway else { return }
        logger.warning(
            "the read replica cannot answer; reads use DATABASE_URL meanwhile",
            metadata: ["error": "\(error)"]
        )
    }

    /// Adds the series of the replica.
    package func collect(into snapshot: inout MetricsSnapshot) {
        let counts = guarded.withLock { $0 }
        snapshot.gauge(
            "weir_replica_up",
            help: "Whether the last attempt reached the read replica.",
            pool.status.isReachable == true ? 1 : 0
        )
        snapshot.counter(
            "weir_replica_reads_total",
            help: "Reads that the replica answered.",
            Double(counts.reads)
        )
        snapshot.counter(
            "weir_replica_late_reads_total",
            help: "Of those, reads that did not show everything that had been acknowledged.",
            Double(counts.lateReads)
        )
        for (stream, lines) in counts.missing.sorted(by: { $0.key < $1.key }) {
            snapshot.gauge(
                "weir_replica_lag_lines",
                help: "Durable lines that the replica does not show yet.",
                labels: [("stream", stream)],
                Double(lines)
            )
        }
        for reason in PostgresError.Kind.allCases where PostgresError.isOfThisServer(reason) {
            snapshot.counter(
                "weir_replica_fallbacks_total",
                help: "Reads that the replica could not answer and DATABASE_URL did.",
                labels: [("reason", reason.rawValue)],
                Double(counts.fallbacks[reason.rawValue] ?? 0)
            )
        }
    }
}

extension PostgresError {
    /// Whether another server could answer. A query that takes too long here takes as long elsewhere, and a read that
    /// waits for a connection here must not crowd out others there.
    fileprivate var isOfThisServer: Bool { Self.isOfThisServer(kind) }

    fileprivate static func isOfThisServer(_ kind: Kind) -> Bool {
        switch kind {
        case .unreachable, .authentication, .missingDatabase, .unsupportedServer, .tooManyConnections: true
        // A query that conflicts with the replay of the replica (40001), or a migration that the replica lacks.
        case .transient, .programming, .forbidden: true
        case .refusedData, .cancelled, .poolTimeout, .closed, .undecodable: false
        }
    }
}
