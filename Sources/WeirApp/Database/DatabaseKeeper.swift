import Logging
import Postgres
import PostgresCluster
import Synchronization

/// Connects to PostgreSQL and monitors it: starts a private cluster, and brings its schema up to date.
///
/// An external PostgreSQL that is away is no error: Weir retries until it answers.
final class DatabaseKeeper: Sendable {
    /// The state of the schema.
    enum Schema: Hashable, Sendable {
        /// Not checked yet, since PostgreSQL did not answer.
        case unknown
        case current(version: Int)
        /// Steps are missing, and `WEIR_SKIP_MIGRATIONS` leaves them to the operator.
        case incomplete
        /// The database is newer than this executable, which must not write rows.
        case newer(database: Int, known: Int)
        /// The database, or the role's rights in it, are not sufficient; nothing is loaded.
        case unsuitable(DatabaseMisfit)
        /// A step failed; the text is for the operator.
        case failed(String)
    }

    let source: DatabaseSource
    let pool: Pool
    /// Checks PostgreSQL over new connections, for `/ready`.
    let probe: DatabaseProbe
    private let skipsMigrations: Bool
    private let migrator: Migrator
    let logger: Logger
    // Guards the state of the schema.
    private let schema = Mutex(Schema.unknown)
    private let hasRun = Atomic(false)
    private let isReplaced = Atomic(false)

    init(_ source: DatabaseSource, pool: Pool, skipsMigrations: Bool, migrator: Migrator, logger: Logger) {
        self.source = source
        self.pool = pool
        probe = DatabaseProbe(pool.target, pool.configuration.session)
        self.skipsMigrations = skipsMigrations
        self.migrator = migrator
        self.logger = logger
    }

    /// The last known state of the schema.
    var schemaState: Schema { schema.withLock { $0 } }

    /// One attempt: starts a private cluster, connects, migrates. Returns whether rows can be written.
    ///
    /// Throws errors that a retry does not fix: a refused password, a missing database, a cluster that does not
    /// start.
    func bringUp() async throws -> Bool {
        try await ensureRunning()
        do {
            // Without the pool, which caches a failed connection for a while.
            let (target, session) = (pool.target, pool.configuration.session)
            let found = try await blocking { [self] in
                try Connection.withTemporary(target, session) { try look(at: $0, target, session) }
            }
            schema.withLock { $0 = found }
            await wakePool()
        } catch let error as PostgresError where !error.isFatalAtStart {
            logger.warning(
                "PostgreSQL is away, events are kept in the journal",
                metadata: ["error": "\(error)", "advice": "\(DatabaseTrouble(error).advice)"]
            )
        } catch let misfit as DatabaseMisfit {
            schema.withLock { $0 = .unsuitable(misfit) }
            guard misfit.isPassing else { throw misfit }
            logger.warning(
                "PostgreSQL takes no rows, events are kept in the journal",
                metadata: ["error": "\(misfit.finding)", "advice": "\(misfit.advice)"]
            )
        } catch let error as MigrationError {
            schema.withLock { $0 = .failed(error.description) }
            throw error
        }
        return isUsable
    }

    /// Only the first start may replace a lost cluster by a new one.
    private func ensureRunning() async throws {
        let source = source
        let isFirst = !hasRun.load(ordering: .relaxed)
        let isNew = isFirst && source.isLost
        try await blocking { try source.ensureRunning(replacingLost: isFirst) }
        if isNew { isReplaced.store(true, ordering: .relaxed) }
        hasRun.store(true, ordering: .relaxed)
    }

    /// Whether the private cluster was lost before this start, and a new one is being filled from the journal.
    var isRebuilding: Bool { isReplaced.load(ordering: .relaxed) }

    /// Whether the files of the private cluster have vanished while this process runs. Never waits.
    var isClusterLost: Bool {
        guard case .privateCluster(let cluster) = source else { return false }
        return hasRun.load(ordering: .relaxed) && !cluster.hasFiles
    }

    /// Retries until rows can be written, or the task is cancelled.
    func waitUntilUsable() async {
        var pause = Duration.milliseconds(500)
        while !Task.isCancelled, !isUsable {
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(5))
            do {
                if try await bringUp() { logger.info("PostgreSQL is available") }
            } catch {
                guard !Task.isCancelled else { return }
                logger.error(
                    "PostgreSQL cannot be used",
                    metadata: ["error": "\(StartError.describing(error))"]
                )
            }
        }
    }

    /// Waits, for a few seconds at most, until the pool has noticed, too.
    private func wakePool() async {
        for _ in 0..<50 {
            if (try? await pool.withConnection({ !$0.isBroken })) == true { return }
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    private var isUsable: Bool {
        if case .current = schemaState { true } else { false }
    }

    /// Checks the database first: a step that fails halfway would leave half a schema.
    private func look(
        at connection: Connection,
        _ target: ConnectionTarget,
        _ session: SessionSettings
    ) throws -> Schema {
        let facts = try DatabaseFacts.fetch(connection, target, session)
        if let misfit = facts.misfit { throw misfit }
        let known = understood(try migrator.state(connection))
        if case .current = known {
            warn(about: facts)
            return known
        }
        guard known == .incomplete, !skipsMigrations else { return known }
        if let misfit = facts.creationMisfit { throw misfit }
        return understood(try migrator.migrate(connection))
    }

    private func warn(about facts: DatabaseFacts) {
        guard let misfit = facts.creationMisfit else { return }
        logger.warning(
            "new tables cannot be made, such as those for the events of a new day",
            metadata: ["error": "\(misfit.finding)", "advice": "\(misfit.advice)"]
        )
    }

    private func understood(_ state: SchemaState?) -> Schema {
        switch state {
        case .none: return .incomplete
        case .newer(let database, let known): return .newer(database: database, known: known)
        case .current(let version, _):
            return version >= WeirApp.Schema.version ? .current(version: version) : .incomplete
        }
    }
}
