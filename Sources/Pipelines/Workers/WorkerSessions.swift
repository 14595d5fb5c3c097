internal import Core
internal import Crypto
internal import Postgres
internal import Synchronization

/// Knows the sessions of workers: their tokens were made by a bootstrap and are stored hashed. Any thread.
///
/// What was looked up is kept for a while, so that a worker is heard while PostgreSQL is away.
final class WorkerSessions: Sendable {
    /// A session that is known.
    struct Session: Hashable, Sendable {
        let workerID: Int64
        let application: String
        let expiresAt: Timestamp
    }

    /// What became of a look-up.
    enum Found: Hashable, Sendable {
        case session(Session)
        case unknown
        /// PostgreSQL is away, and the token is not known from before.
        case unavailable
    }

    private struct Kept {
        let session: Session
        let readAt: ContinuousClock.Instant
    }

    /// For how long a session is not looked up again.
    private static let freshness = Duration.seconds(10)
    private static let mostKept = 100_000

    private let pool: Pool
    // Guards what was looked up, by hash.
    private let kept = Mutex<[String: Kept]>([:])

    init(pool: Pool) {
        self.pool = pool
    }

    /// A new token: two UUIDs joined by a dot.
    static func token() -> String { "\(UUID128.random()).\(UUID128.random())" }

    /// The SHA-256 of a token in hexadecimal digits.
    static func hash(_ token: String) -> String { Hex.encode(SHA256.hash(data: Array(token.utf8))) }

    /// Looks a token up.
    func find(_ token: String) async -> Found {
        let hash = Self.hash(token)
        let known = kept.withLock { $0[hash] }
        if let known, .now - known.readAt < Self.freshness { return .session(known.session) }
        do {
            let session = try await pool.withConnection { try Self.fetch(hash, on: $0) }
            guard let session else {
                kept.withLock { $0[hash] = nil }
                return .unknown
            }
            keep(session, hash)
            return .session(session)
        } catch {
            return known.map { .session($0.session) } ?? .unavailable
        }
    }

    /// Remembers a session that a bootstrap has made.
    func keep(_ session: Session, _ hash: String) {
        kept.withLock { kept in
            if kept.count >= Self.mostKept { kept.removeAll() }
            kept[hash] = Kept(session: session, readAt: .now)
        }
    }

    private static func fetch(_ hash: String, on connection: Connection) throws -> Session? {
        let rows = try connection.execute(
            Statement(
                "session of worker",
                """
                SELECT w.id, a.name AS application, w.session_expires_at
                FROM worker_client w
                LEFT JOIN application a ON a.id = w.application_id
                WHERE w.session_hash = decode($1, 'hex')
                """
            ),
            [.text(hash)]
        )
        guard let row = rows.first else { return nil }
        return Session(
            workerID: try row.int64("id"),
            application: try row.optionalText("application") ?? PipelineEntry.nobody,
            expiresAt: try row.optionalTimestamp("session_expires_at") ?? .epoch
        )
    }
}
