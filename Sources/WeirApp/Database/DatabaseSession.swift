package import Postgres
import PostgresCluster

/// PostgreSQL for a command: connected; a private cluster is started if it was not running.
package struct DatabaseSession: Sendable {
    /// Connections for the command.
    package let pool: Pool
    /// The target of the connections.
    package let target: ConnectionTarget
    /// The sessions' settings.
    package let session: SessionSettings

    /// Makes a session of connections that are there.
    package init(pool: Pool, target: ConnectionTarget, session: SessionSettings) {
        self.pool = pool
        self.target = target
        self.session = session
    }

    /// Runs a command with a session, and leaves everything as it was: a private cluster that a server runs goes on,
    /// one that was started for the command stops. A signal ends the process, but not before that. Only a command that
    /// fills a database may make an empty cluster in the place of a lost one.
    package static func with<Value: Sendable>(
        _ settings: Settings,
        replacingLostCluster: Bool = false,
        _ body: (DatabaseSession) async throws -> Value
    ) async throws -> Value {
        let directory = try DataDirectory(preparing: settings.dataDirectory, for: settings)
        let source = try DatabaseSource(settings, directory)
        let started = Self.toBeStopped(source)
        Interruption.watch()
        if let started {
            Interruption.onArrival { started.abandonStart() }
            Interruption.addCleanup { try? started.stop() }
        }
        let result: Result<Value, any Error>
        do {
            result = .success(try await use(settings, source, replacingLostCluster, body))
        } catch {
            result = .failure(error)
        }
        if let started { try? await blocking { try started.stop() } }
        Interruption.endIfArrived()
        return try result.get()
    }

    private static func use<Value: Sendable>(
        _ settings: Settings,
        _ source: DatabaseSource,
        _ replacingLostCluster: Bool,
        _ body: (DatabaseSession) async throws -> Value
    ) async throws -> Value {
        try await blocking { try source.ensureRunning(replacingLost: replacingLostCluster) }
        let session = SessionSettings(settings, applicationName: "weir-command")
        let target = try source.target()
        if case .external = source { try await check(target, session) }
        let pool = Pool(target, PoolConfiguration(limit: 2, session: session))
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(DatabaseSession(pool: pool, target: target, session: session)))
        } catch {
            result = .failure(error)
        }
        await pool.close()
        return try result.get()
    }

    /// The private cluster that this command has to start and stop; nil otherwise.
    private static func toBeStopped(_ source: DatabaseSource) -> PrivateCluster? {
        guard case .privateCluster(let cluster) = source, !cluster.isRunning else { return nil }
        return cluster
    }

    /// Refuses databases that no command can work with. A role without rights may still read; and each command
    /// handles an unreachable server itself.
    private static func check(_ target: ConnectionTarget, _ session: SessionSettings) async throws {
        let asked = try? await blocking {
            try Connection.withTemporary(target, session) { try DatabaseFacts.fetch($0, target, session) }
        }
        guard let facts = asked else { return }
        switch facts.misfit {
        case .some(let misfit) where misfit == .sharedSessions || facts.encoding != "UTF8": throw misfit
        default: return
        }
    }
}

extension SessionSettings {
    /// The session settings.
    package init(_ settings: Settings, applicationName: String = "weir") {
        self.init(
            applicationName: applicationName,
            connectTimeout: settings.connectTimeout,
            statementTimeout: settings.statementTimeout == .zero ? nil : settings.statementTimeout
        )
    }
}
