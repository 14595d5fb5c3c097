import Ingest
import Journal
import Logging
import Metrics
import Postgres
import PostgresCluster

extension WeirServer {
    /// Makes and starts all parts in one straight line; `teardown` stops them in reverse order.
    func assemble() async throws -> Running {
        // The data directory and its journal: from here on no other process can use them.
        let directory = try DataDirectory(preparing: settings.dataDirectory, for: settings)
        let source = try DatabaseSource(settings, directory)
        let registry = Registry()
        let journal = try await openJournal(directory, source, registry)

        // PostgreSQL, which may be away, and access control.
        let database = try makeDatabase(source, journal)
        let access = try await makeAccess(directory, database)
        let rebuild = ClusterRebuild(journal, access.mirror, logger)
        if case .privateCluster(let cluster) = source, cluster.isLost {
            try await blocking { rebuild.tell(cluster) }
        }

        // The features, and their measurements.
        let features = startFeatures(journal, database, registry, directory)
        journal.favorReaders { [lags = features.lags] in lags.contains { $0.isFarBehind } }
        let jobs = makeMaintenance(features, database.pool, registry)
        let gauges = GaugeRefresher(features.gauges, every: settings.metricsRefresh, logger: logger)
        let backupAge = BackupAge(settings)
        collect(registry, journal, database, features, gauges, backupAge)

        // The parts that work without PostgreSQL; then the listeners: from here on Weir accepts events.
        let work = BackgroundWork()
        teardown.add("background work", within: .seconds(15)) { await work.cancelAll() }
        work.add { await database.pulse.run() }
        if let replica = database.replica { work.add { await replica.pulse.run() } }
        let addresses = try listen(makeTable(features, database, journal, registry), access, registry)
        for lag in features.lags { work.add { await lag.run() } }
        let housekeeping = JournalHousekeeping(journal, features.lags, logger)
        work.add { await housekeeping.run() }
        work.add { await ProcessMemory.giveBackWhenQuiet() }
        work.add { await backupAge.run() }

        // The parts that need the schema: they start at once, or when PostgreSQL is available.
        let rows = RowWork(features: features, access: access, gauges: gauges, jobs: jobs, rebuild: rebuild)
        try await begin(rows, database, work)
        if let watch = ClusterWatch(database.keeper) {
            registry.addCollector { watch.collect(into: &$0) }
            work.add { await watch.run() }
        }
        let needsToken = !access.tokens.table.isUntouched && !settings.allowsAnonymous
        return Running(
            addresses: addresses,
            banner: Banner(addresses: addresses, database: source.summary, needsToken: needsToken)
        )
    }
}
