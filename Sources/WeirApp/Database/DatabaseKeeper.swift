import Logging
import Postgres
import Synchronization

/// Brings PostgreSQL up and keeps an eye on it: a private cluster runs, the schema is there.
///
/// An external PostgreSQL that is away is no error: it is asked again until it comes.
final class DatabaseKeeper: Sendable {
    /// How far it has come.
    enum Schema: Hashable, Sendable {
        /// Not looked at yet, since PostgreSQL did not answer.
        case unknown
        case current(version: Int)
        /// Steps are missing, and `WEIR_SKIP_MIGRATIONS` leaves them to somebody else.
        case incomplete
        /// The database is ahead of this executable, which must not write rows.
        case newer(database: Int, known: Int)
        /// A step failed; the text is for the operator.
        case failed(String)
    }

    let source: DatabaseSource
    let pool: Pool
    private let skipsMigrations: Bool
    private let migrator: Migrator
    private let logger: Logger
    // Guards what is known of the schema.
    private let schema = Mutex(Schema.unknown)

    init(_ source: DatabaseSource, pool: Pool, skipsMigrations: Bool, migrator: Migrator, logger: Logger) {
        self.source = source
        self.pool = pool
        self.skipsMigrations = skipsMigrations
        self.migrator = migrator
        self.logger = logger
    }

    /// What is known of the schema.
    var schemaState: Schema { schema.withLock { $0 } }

    /// One attempt: starts a private cluster, connects, migrates. Returns whether rows can be written.
    ///
    /// Throws what waiting will not mend: a refused password, a missing database, a cluster that does not start.
    func bringUp() async throws -> Bool {
        let source = source
        try await blocking { try source.ensureRunning() }
        do {
            // Not by the pool: it remembers for a while that somebody asked too early.
            let (target, session) = (pool.target, pool.configuration.session)
            let found = try await blocking { [self] in
                try Connection.withTemporary(target, session) { try look(at: $0) }
            }
            schema.withLock { $0 = found }
            await wakePool()
        } catch let error as PostgresError where !error.isFatalAtStart {
            logger.warning(
                "PostgreSQL is away, events are kept in the journal",
                metadata: ["error": "\(error)"]
            )
        } catch let error as MigrationError {
            schema.withLock { $0 = .failed(error.description) }
            throw error
        }
        return isUsable
    }

    /// Asks again and again until rows can be written, or the task is cancelled.
    func waitUntilUsable() async {
        var pause = Duration.milliseconds(500)
        while !Task.isCancelled, !isUsable {
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(5))
            do {
                if try await bringUp() { logger.info("PostgreSQL is there") }
            } catch {
                guard !Task.isCancelled else { return }
                logger.error(
                    "PostgreSQL cannot be used",
                    metadata: ["error": "\(StartError.describing(error))"]
                )
            }
        }
    }

    /// Starts a private cluster again when it has gone, until the task is cancelled.
    func watchCluster() async {
        guard case .privateCluster(let cluster) = source else { return }
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(2))
            guard !Task.isCancelled, !cluster.isRunning else { continue }
            logger.error("the private PostgreSQL has ended, starting it again")
            do {
                try await blocking { _ = try cluster.start() }
            } catch {
                logger.error("the private PostgreSQL does not start", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Waits until the pool has noticed too, a few seconds at most.
    private func wakePool() async {
        for _ in 0..<50 {
            if (try? await pool.withConnection({ !$0.isBroken })) == true { return }
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    private var isUsable: Bool {
        if case .current = schemaState { true } else { false }
    }

    private func look(at connection: Connection) throws -> Schema {
        let state = skipsMigrations ? try migrator.state(connection) : try migrator.migrate(connection)
        switch state {
        case .none: return .incomplete
        case .newer(let database, let known): return .newer(database: database, known: known)
        case .current(let version, _):
            return version >= WeirApp.Schema.version ? .current(version: version) : .incomplete
        }
    }
}
