import Core
import HTTP
import HTTPServer
import Ingest
import Journal
import Logging
import Metrics
import Observability
import Postgres
import PostgresCluster

// The steps of the wiring that are more than a line.
extension WeirServer {
    /// Takes the data directory's lock; whoever comes second learns who holds it.
    func openJournal(_ directory: DataDirectory, _ source: DatabaseSource, _ registry: Registry) async throws
        -> Journal
    {
        var configuration = JournalConfiguration(directory: directory.path)
        configuration.segmentBytes = Int64(settings.journalSegment)
        configuration.reserveBytes = Int64(settings.journalReserve)
        configuration.commitInterval = settings.journalCommitInterval
        configuration.windowBytes = settings.journalWindow
        configuration.keep = settings.journalKeep
        configuration.maxBytes = settings.journalMaxBytes == 0 ? nil : Int64(settings.journalMaxBytes)
        configuration.maxLineBytes = max(configuration.maxLineBytes, settings.maxBody + (2 << 20))
        configuration.bufferBytes = max(configuration.bufferBytes, configuration.maxLineBytes * 2)
        var setup = JournalSetup(configuration, clock: { .now() }, logger: logger)
        setup.codec = .gzip
        setup.observer = JournalMetrics(registry).observer
        setup.files.create = { [faultPoint, create = setup.files.create] path in
            defer { if path.hasSuffix(".ndjson") { faultPoint.reach(.journalAfterSegmentCreated) } }
            return create(path)
        }
        let ready = setup
        let journal = try await blocking { try Journal.open(ready) }
        directory.settleMode()
        // Only the holder of the lock may stop the cluster; and the journal is closed before that.
        if case .privateCluster(let cluster) = source {
            teardown.add("private PostgreSQL", within: .seconds(35)) { [logger] in
                do {
                    try await blocking { try cluster.stop() }
                } catch {
                    logger.error("the private PostgreSQL did not stop", metadata: ["error": "\(error)"])
                }
            }
        }
        teardown.add("journal", within: .seconds(10)) {
            _ = try? await blocking { journal.close() }
        }
        return journal
    }

    /// What notices a server that falls silent.
    func makePulse(_ source: DatabaseSource) throws -> ServerPulse {
        ServerPulse(try source.target(), SessionSettings(settings, applicationName: "weir-pulse"))
    }

    /// Connections for answers; the loaders have their own.
    func makePool(_ source: DatabaseSource, _ pulse: ServerPulse) throws -> Pool {
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
        return pool
    }

    /// Connections to the read replica, where there is one.
    func makeReplica(_ source: DatabaseSource, _ journal: Journal) throws -> ReplicaConnections? {
        guard let replica = try ReplicaConnections(settings, source, journal, logger) else { return nil }
        teardown.add("pool of the replica", within: .seconds(5)) { await replica.pool.close() }
        return replica
    }

    /// Who brings PostgreSQL up and migrates.
    func makeKeeper(_ source: DatabaseSource, _ pool: Pool) -> DatabaseKeeper {
        DatabaseKeeper(
            source,
            pool: pool,
            skipsMigrations: settings.skipsMigrations,
            migrator: Schema.makeMigrator { [faultPoint] in faultPoint.reach(.migratorBeforeCommit) },
            logger: logger
        )
    }

    /// Routes, loaders and maintenance jobs; nothing runs yet.
    func makeFeatures(
        _ journal: Journal,
        _ pool: Pool,
        _ replica: ReadReplica?,
        _ registry: Registry
    ) -> Features {
        let features = Features(
            Features.Means(
                settings: settings,
                journal: journal,
                registration: JournalRegistration(journal: journal),
                pool: pool,
                replica: replica,
                registry: registry,
                logger: logger,
                beforeCommit: { [faultPoint] in faultPoint.reach(.loaderBeforeCommit) }
            )
        )
        if let backups = features.backups {
            teardown.add("backup", within: .seconds(10)) { try? await blocking { backups.stop() } }
        }
        return features
    }

    /// What one of all Weirs does.
    func makeMaintenance(_ features: Features, _ pool: Pool) -> MaintenanceRunner {
        MaintenanceRunner(
            features.jobs,
            target: pool.target,
            session: SessionSettings(settings, applicationName: "weir-maintenance"),
            logger: logger
        )
    }

    /// Refuses an open door. Asks an external PostgreSQL for tokens before anybody is let in, where no other place knows of
    /// any: this data directory may be new, and the tokens old.
    func learnTokens(
        _ policy: AccessPolicy,
        _ tokens: TokenRegistry,
        _ pool: Pool,
        _ source: DatabaseSource
    ) async throws {
        if case .external = source, tokens.table.isUntouched {
            do {
                try await tokens.reload(pool)
            } catch {
                logger.info("PostgreSQL was not asked for tokens at start", metadata: ["error": "\(error)"])
            }
        }
        try policy.check(settings.listen, tokens: tokens.table)
        tokens.warn()
    }

    /// Everything that can be asked.
    func makeTable(
        _ features: Features,
        _ keeper: DatabaseKeeper,
        _ replica: Pool?,
        _ journal: Journal,
        _ registry: Registry
    ) -> RouteTable {
        let observability = ObservabilityRoutes(
            version: BuildInfo.version,
            build: BuildInfo.configuration,
            database: PoolHealth(pool: keeper.pool),
            readiness: Readiness(
                settings,
                keeper: keeper,
                replica: replica,
                journal: journal,
                lags: features.lags
            ),
            registry: registry
        )
        return RouteTable(
            routes: features.routes + observability.routes(describing: features.routes),
            profiles: observability.profiles.merging(features.profiles) { $0 + $1 }
        )
    }

    /// Opens the listeners: from here on events are taken, whatever PostgreSQL does.
    func listen(
        _ table: RouteTable,
        _ policy: AccessPolicy,
        _ tokens: TokenRegistry,
        _ registry: Registry
    ) throws -> [BoundAddress] {
        let door = FrontDoor(
            table: table,
            policy: policy,
            tokens: { tokens.table },
            redactor: Redactor(keys: settings.redactedKeys),
            proxies: settings.trustedProxies,
            cors: CORSPolicy(
                allowedOrigins: settings.corsOrigins,
                exposedFields: FrontDoor.exposedFields
            ),
            bodyLimits: FrontDoor.BodyLimits(ingest: settings.maxBody)
        )
        let observer = RequestObserver(
            table: table,
            proxies: settings.trustedProxies,
            registry: registry,
            logger: logger
        )
        let server = Server(
            configuration: serverConfiguration(),
            application: door,
            logger: logger,
            observer: observer
        )
        let addresses = try server.start()
        registry.addCollector { [weak server] snapshot in
            let held = server?.bodyBudget.heldBytes ?? 0
            snapshot.gauge(
                "weir_http_buffered_bytes",
                help: "Bytes of request bodies and large answers in memory.",
                Double(held)
            )
        }
        let patience = settings.drainTimeout
        teardown.add("server", within: patience + .seconds(8)) {
            await server.drain(deadline: patience)
            await server.stop()
        }
        return addresses
    }

    private func serverConfiguration() -> ServerConfiguration {
        var configuration = ServerConfiguration(settings)
        let limit = ProcessDescriptors.raiseLimit()
        configuration.maximumConnections = ProcessDescriptors.connections(
            wanted: settings.maxConnections,
            limit: limit,
            others: settings.poolSize
        )
        if configuration.maximumConnections < settings.maxConnections {
            logger.warning(
                "fewer connections than WEIR_MAX_CONNECTIONS: raise the limit of open files (ulimit -Hn)",
                metadata: [
                    "connections": "\(configuration.maximumConnections)",
                    "wanted": "\(settings.maxConnections)",
                    "open_files": "\(limit ?? 0)",
                ]
            )
        }
        return configuration
    }

    /// The first attempt at PostgreSQL. A private cluster was just started, so it is waited for.
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

    /// What can only work once the schema is there.
    struct Loading: Sendable {
        let features: Features
        let tokens: TokenRegistry
        let gauges: GaugeRefresher
        let jobs: MaintenanceRunner
        let rebuild: ClusterRebuild
        let pool: Pool
        let replica: ReadReplica?
    }

    /// Begins at once when rows can be written, or as soon as they can.
    func begin(_ loading: Loading, _ keeper: DatabaseKeeper, _ work: BackgroundWork) async throws {
        if try await bringUp(keeper) {
            if keeper.isRebuilding { try await loading.rebuild.restoreTokens(loading.pool) }
            start(loading, work)
            await loading.features.waitForLoaders()
        } else {
            work.add { [self] in
                await keeper.waitUntilUsable()
                if keeper.isRebuilding { try? await loading.rebuild.restoreTokens(loading.pool) }
                if !Task.isCancelled { start(loading, work) }
            }
        }
    }

    /// Begins to load, to reload tokens, to read gauges and to do the maintenance jobs.
    func start(_ loading: Loading, _ work: BackgroundWork) {
        let pool = loading.pool
        for body in loading.features.background { work.add(body) }
        work.add { await loading.tokens.run(pool) }
        work.add { await loading.gauges.run(pool) }
        work.add { await loading.jobs.run() }
        if let replica = loading.replica { work.add { await replica.watch() } }
    }

    /// Registers what tells one Weir of several from the others, and the replica's series.
    func collect(_ registry: Registry, _ jobs: MaintenanceRunner, _ replica: ReadReplica?) {
        registry.addCollector { snapshot in
            snapshot.gauge(
                "weir_maintenance_leader",
                help: "Whether this Weir does what one of all does: partitions, retention, pruning.",
                jobs.isLeader ? 1 : 0
            )
            replica?.collect(into: &snapshot)
        }
    }

    /// Registers what is asked at each scrape.
    func collect(
        _ registry: Registry,
        _ journal: Journal,
        _ pool: Pool,
        _ features: Features,
        _ gauges: GaugeRefresher
    ) {
        let process = ProcessMetrics()
        registry.gaugeFamily(
            "weir_build_info",
            help: "Which Weir this is; always 1.",
            labels: ["version", "build"]
        ).child(BuildInfo.version, BuildInfo.configuration).set(1)
        registry.gauge("weir_journal_epoch", help: "How often the journal was opened.").set(
            Double(journal.epoch)
        )
        // All of the features would lead back to the registry.
        registry.addCollector { [weak journal, lags = features.lags] snapshot in
            process.collect(into: &snapshot)
            if let journal { JournalMetrics.collect(journal, into: &snapshot) }
            PoolMetrics.collect(pool.status, into: &snapshot)
            for lag in lags { lag.collect(into: &snapshot) }
            snapshot.merge(gauges.snapshot)
        }
    }
}

extension ServerConfiguration {
    /// What the settings say about listeners, limits and timeouts.
    init(_ settings: Settings) {
        self.init(listeners: settings.listen)
        if settings.lanes > 0 { laneCount = settings.lanes }
        maximumConnections = settings.maxConnections
        limits.headerBytes = settings.maxHeader
        limits.bodyBytes = settings.maxBody
        limits.decompressedBytes = max(limits.decompressedBytes, settings.maxBody)
        bufferedBodyBytes = settings.maxBuffered
        timeouts.head = settings.headTimeout
        timeouts.bodyWindow = settings.bodyTimeout
        timeouts.write = settings.writeTimeout
        timeouts.handler = settings.handlerTimeout
        timeouts.asyncHandler = max(timeouts.asyncHandler, settings.statementTimeout + settings.poolWait)
        // A request must never meet a connection that is being closed: close later than announced.
        timeouts.idle = settings.idleTimeout + .seconds(5)
        announcedKeepAliveSeconds = Int(settings.idleTimeout.components.seconds)
    }
}
