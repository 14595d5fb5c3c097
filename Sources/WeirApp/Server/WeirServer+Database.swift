import Journal
import Logging
import Postgres

/// PostgreSQL for a running server.
struct ServerDatabase: Sendable {
    let source: DatabaseSource
    /// Notices a server that stops responding.
    let pulse: ServerPulse
    /// Connections for reads; loaders have their own.
    let pool: Pool
    /// Nil without DATABASE_READ_URL.
    let replica: ReplicaConnections?
    /// Brings PostgreSQL up and migrates.
    let keeper: DatabaseKeeper
}

extension WeirServer {
    /// Makes the connections; nothing is connected yet.
    func makeDatabase(_ source: DatabaseSource, _ journal: Journal) throws -> ServerDatabase {
        let pulse = ServerPulse(
            try source.target(),
            SessionSettings(settings, applicationName: "weir-pulse")
        )
        let pool = Pool(
            try source.target(),
            PoolConfiguration(
                limit: settings.poolSize,
                acquisitionTimeout: settings.poolWait,
                session: SessionSettings(settings)
            ),
            pulse: pulse
        )
        teardown.add("pool", within: .seconds(5)) { await pool.close() }
        let replica = try ReplicaConnections(settings, source, journal, logger)
        if let replica {
            teardown.add("pool of the replica", within: .seconds(5)) { await replica.pool.close() }
        }
        let keeper = DatabaseKeeper(
            source,
            pool: pool,
            skipsMigrations: settings.skipsMigrations,
            migrator: Schema.makeMigrator { [faultPoint] in faultPoint.reach(.migratorBeforeCommit) },
            logger: logger
        )
        return ServerDatabase(source: source, pulse: pulse, pool: pool, replica: replica, keeper: keeper)
    }

    /// The first attempt to connect. A private cluster was just started, so this waits for it.
    func bringUp(_ keeper: DatabaseKeeper) async throws -> Bool {
        var isUsable = try await keeper.bringUp()
        guard case .privateCluster = keeper.source else { return isUsable }
        var attempts = 0
        while !isUsable, attempts < 50, case .unknown = keeper.schemaState {
            try await Task.sleep(for: .milliseconds(200))
            isUsable = try await keeper.bringUp()
            attempts += 1
        }
        return isUsable
    }
}
