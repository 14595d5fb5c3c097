import Ingest
import Journal
import Logging
package import Postgres

/// The connections to the read replica: a pool for reads, and a pulse that notices when it stops responding.
struct ReplicaConnections: Sendable {
    let pool: Pool
    let pulse: ServerPulse
    let reads: ReadReplica

    /// Nil when no replica is configured; nothing is connected yet.
    init?(
        _ settings: Settings,
        _ source: DatabaseSource,
        _ journal: Journal,
        _ logger: Logger
    ) throws(StartError) {
        guard let target = try source.replicaTarget(settings) else { return nil }
        pulse = ServerPulse(target, SessionSettings(settings, applicationName: "weir-pulse"))
        pool = Pool(
            target,
            PoolConfiguration(
                limit: settings.poolSize,
                acquisitionTimeout: settings.poolWait,
                session: SessionSettings(settings, applicationName: "weir-read")
            ),
            pulse: pulse
        )
        reads = ReadReplica(pool: pool, journal: journal, logger: logger)
    }
}

extension DatabaseSource {
    /// The target of `DATABASE_READ_URL`; nil when it is not set.
    package func replicaTarget(_ settings: Settings) throws(StartError) -> ConnectionTarget? {
        guard let url = settings.databaseReadURL else { return nil }
        guard case .external = self else {
            throw StartError(
                "DATABASE_READ_URL needs DATABASE_URL: the private cluster has no replica",
                isConfiguration: true
            )
        }
        do throws(ConnectionTargetError) {
            return try ConnectionTarget(parsing: url)
        } catch {
            throw StartError("DATABASE_READ_URL is not usable: \(error)", isConfiguration: true)
        }
    }
}
