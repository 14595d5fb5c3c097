package import Postgres

/// PostgreSQL as a command needs it: connected, and a private cluster started where it was not running.
package struct DatabaseSession: Sendable {
    /// Connections for the command.
    package let pool: Pool
    /// What they are connected to.
    package let target: ConnectionTarget
    /// The sessions' settings.
    package let session: SessionSettings

    /// Runs a command with a session, and leaves everything as it was: a private cluster that a server runs goes on,
    /// one that was started for the command stops.
    package static func with<Value: Sendable>(
        _ settings: Settings,
        _ body: (DatabaseSession) async throws -> Value
    ) async throws -> Value {
        let directory = try DataDirectory(preparing: settings.dataDirectory, for: settings)
        let source = try DatabaseSource(settings, directory)
        let wasRunning = if case .privateCluster(let cluster) = source { cluster.isRunning } else { true }
        try await blocking { try source.ensureRunning() }
        let session = SessionSettings(settings, applicationName: "weir-command")
        let target = try source.target()
        let pool = Pool(target, PoolConfiguration(limit: 2, session: session))
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(DatabaseSession(pool: pool, target: target, session: session)))
        } catch {
            result = .failure(error)
        }
        await pool.close()
        if !wasRunning, case .privateCluster(let cluster) = source {
            try? await blocking { try cluster.stop() }
        }
        return try result.get()
    }
}

extension SessionSettings {
    /// What the settings say about sessions.
    init(_ settings: Settings, applicationName: String = "weir") {
        self.init(
            applicationName: applicationName,
            connectTimeout: settings.connectTimeout,
            statementTimeout: settings.statementTimeout == .zero ? nil : settings.statementTimeout
        )
    }
}
