package import HTTPServer
import Ingest
import Journal
package import Logging
import Metrics
import Postgres
import PostgresCluster
import Synchronization

/// One Weir: everything that listens, writes and reads, made in one straight line and undone backwards.
///
/// Embeddable: `start`, any number of requests, `stop`. A stopped one does not start again.
package final class WeirServer: Sendable {
    let settings: Settings
    let logger: Logger
    let faultPoint: FaultPoint
    let teardown: TeardownList
    // Guards what is known once everything runs.
    private let running = Mutex<Running?>(nil)

    private struct Running {
        let addresses: [BoundAddress]
        let banner: Banner
    }

    /// Makes a server; nothing is touched before `start`.
    package init(_ settings: Settings, logger: Logger, faultPoint: FaultPoint = .none) {
        self.settings = settings
        self.logger = logger
        self.faultPoint = faultPoint
        teardown = TeardownList(logger: logger)
    }

    /// Where it listens, with the real ports; empty before `start` and after `stop`.
    package var addresses: [BoundAddress] { running.withLock { $0?.addresses ?? [] } }

    /// What to print when it is ready; nil before that.
    package var banner: Banner? { running.withLock { $0?.banner } }

    /// Starts everything. Returns when rows can be written, or when PostgreSQL turned out to be away.
    ///
    /// Throws what an operator has to mend; whatever was started by then is stopped. `StartError.describing` makes one
    /// line of it.
    @discardableResult
    package func start() async throws -> [BoundAddress] {
        if let place = faultPoint.place {
            logger.critical("this process will kill itself", metadata: ["fault.point": "\(place.rawValue)"])
        }
        do {
            let running = try await assemble()
            self.running.withLock { $0 = running }
            return running.addresses
        } catch {
            await teardown.run()
            throw error
        }
    }

    /// Answers what is in progress, then stops everything, the last started first. Bounded in time; idempotent.
    package func stop() async {
        await teardown.run()
        running.withLock { $0 = nil }
    }

    /// Starts, calls `ready`, and stops at the first signal.
    package func run(until signals: StopSignals, ready: (Banner) -> Void) async throws {
        try await start()
        if let banner { ready(banner) }
        logger.info("ready")
        await signals.waitForFirst()
        logger.info("stopping")
        await stop()
        logger.info("stopped")
    }

    // MARK: - Wiring

    private func assemble() async throws -> Running {
        let directory = try DataDirectory(preparing: settings.dataDirectory, for: settings)
        let source = try DatabaseSource(settings, directory)
        let registry = Registry()
        let journal = try await openJournal(directory, source, registry)
        let pulse = try makePulse(source)
        let pool = try makePool(source, pulse)
        let replica = try makeReplica(source, journal)
        let mirror = TokenMirror(path: directory.tokenMirror)
        let policy = AccessPolicy(
            allowsAnonymous: settings.allowsAnonymous,
            allowsAnonymousReads: settings.runsNeedToken
        )
        let tokens = TokenRegistry(fixed: settings.tokens, mirror: mirror, policy: policy, logger: logger)
        try await learnTokens(policy, tokens, pool, source)

        let rebuild = ClusterRebuild(journal, mirror, logger)
        if case .privateCluster(let cluster) = source, cluster.isLost {
            try await blocking { rebuild.tell(cluster) }
        }
        let keeper = makeKeeper(source, pool)
        let features = makeFeatures(journal, pool, replica?.reads, registry)
        journal.favorReaders { [lags = features.lags] in lags.contains { $0.isFarBehind } }
        let jobs = makeMaintenance(features, pool)
        let gauges = GaugeRefresher(features.gauges, every: settings.metricsRefresh, logger: logger)
        let table = makeTable(features, keeper, replica?.pool, journal, registry)
        collect(registry, journal, pool, features, gauges)
        collect(registry, jobs, replica?.reads)

        let work = BackgroundWork()
        teardown.add("background work", within: .seconds(15)) { await work.cancelAll() }
        work.add { await pulse.run() }
        if let replica { work.add { await replica.pulse.run() } }
        let addresses = try listen(table, policy, tokens, registry)
        for lag in features.lags { work.add { await lag.run() } }
        let housekeeping = JournalHousekeeping(journal, features.lags, logger)
        work.add { await housekeeping.run() }

        let loading = Loading(
            features: features,
            tokens: tokens,
            gauges: gauges,
            jobs: jobs,
            rebuild: rebuild,
            pool: pool,
            replica: replica?.reads
        )
        try await begin(loading, keeper, work)
        if let watch = ClusterWatch(keeper) {
            registry.addCollector { watch.collect(into: &$0) }
            work.add { await watch.run() }
        }
        let needsToken = !tokens.table.isUntouched && !settings.allowsAnonymous
        return Running(
            addresses: addresses,
            banner: Banner(addresses: addresses, database: source.summary, needsToken: needsToken)
        )
    }
}
