import Ingest
import Journal
import Logging
import Metrics
import Postgres
import PostgresCluster

extension WeirServer {
    /// Makes all parts and starts them, in one straight line; `teardown` undoes it backwards.
    func assemble() async throws -> Running {
        // The data directory and its journal: no other process has them from here on.
        let directory = try DataDirectory(preparing: settings.dataDirectory, for: settings)
        let source = try DatabaseSource(settings, directory)
        let registry = Registry()
        let journal = try await openJournal(directory, source, registry)

        // PostgreSQL, which may be away, and who may come in.
        let database = try makeDatabase(source, journal)
        let access = try await makeAccess(directory, database)
        let rebuild = ClusterRebuild(journal, access.mirror, logger)
        if case .privateCluster(let cluster) = source, cluster.isLost {
            try await blocking { rebuild.tell(cluster) }
        }

        // What the features bring, and what measures it.
        let features = startFeatures(journal, database, registry)
        journal.favorReaders { [lags = features.lags] in lags.contains { $0.isFarBehind } }
        let jobs = makeMaintenance(features, database.pool, registry)
        let gauges = GaugeRefresher(features.gauges, every: settings.metricsRefresh, logger: logger)
        let backupAge = BackupAge(settings)
        collect(registry, journal, database, features, gauges, backupAge)

        // What works whether PostgreSQL is there or not; then the listeners: from here on events are taken.
        let work = BackgroundWork()
        teardown.add("background work", within: .seconds(15)) { await work.cancelAll() }
        work.add { await database.pulse.run() }
        if let replica = database.replica { work.add { await replica.pulse.run() } }
        let addresses = try listen(makeTable(features, database, journal, registry), access, registry)
        for lag in features.lags { work.add { await lag.run() } }
        let housekeeping = JournalHousekeeping(journal, features.lags, logger)
        work.add { await housekeeping.run() }
        work.add { await backupAge.run() }

        // What needs the schema: it begins at once, or as soon as PostgreSQL is there.
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
