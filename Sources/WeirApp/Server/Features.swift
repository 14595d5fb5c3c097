import API
import Core
import Ingest
import Journal
import Logging
import Metrics
import Nextflow
import Postgres
import Runs

/// What the features bring: routes, loaders, maintenance jobs, gauges. The one place that knows them by name.
struct Features: Sendable {
    private(set) var routes: [Endpoint] = []
    /// What a listener profile answers instead of the main listener, by the listener profile's name.
    private(set) var profiles: [String: [Endpoint]] = [:]
    /// Loaders and gauges: each runs until its task is cancelled; the schema must be there.
    private(set) var background: [@Sendable () async -> Void] = []
    private(set) var lags: [StreamLag] = []
    private(set) var jobs: [MaintenanceJob] = []
    private(set) var gauges: [GaugeRefresher.Source] = []
    /// Copies of the database now and then; nil when nobody wants them.
    private(set) var backups: BackupJob?

    /// What features are made of.
    struct Means: Sendable {
        let settings: Settings
        let journal: Journal
        let registration: JournalRegistration
        let pool: Pool
        let replica: ReadReplica?
        let registry: Registry
        let logger: Logger
        /// Called by loaders when all of a batch but its COMMIT is done.
        let beforeCommit: @Sendable () -> Void
    }

    /// Makes all features.
    init(_ means: Means) {
        addNextflow(means)
        addRuns(means)
        addBackups(means)
        jobs += IngestMaintenance.jobs
    }

    /// Waits until the loaders have begun, a few seconds at most: from then on a GET sees what was written before it.
    func waitForLoaders() async {
        for _ in 0..<200 {
            if lags.allSatisfy({ $0.progress.snapshot.state != .waiting }) { return }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    // MARK: - Streams by themselves

    /// Every stream, for those who feed projections without a loader: a replay, and the retry of a dead letter.
    static var streams: [JournalStream] {
        [
            JournalStream(
                NextflowProjection(partitions: DayPartitions(table: "telemetry")),
                table: "telemetry"
            ),
            JournalStream(RunsProjection(), table: "agent_run"),
        ]
    }

    // MARK: - One feature after the other

    private mutating func addNextflow(_ means: Means) {
        let settings = means.settings
        let partitions = DayPartitions(table: "telemetry")
        let metrics = NextflowMetrics(registry: means.registry)
        let projection = NextflowProjection(partitions: partitions, metrics: metrics)
        let reader = addStream(projection, StreamProgress(stream: projection.stream), means)
        let ingest = NextflowIngestRoutes(journal: means.journal, metrics: metrics)
        routes +=
            ingest.routes
            + ProcessMetricsRoutes(
                reader: reader,
                staleAfter: settings.staleAfter,
                pageBytes: settings.maxPageBytes
            ).all
            + NextflowRunRoutes(
                reader: reader,
                staleAfter: settings.staleAfter,
                pageBytes: settings.maxPageBytes
            ).all
        let domain = NextflowGauges(registry: means.registry)
        background.append {
            await domain.run(
                pool: means.pool,
                every: settings.metricsRefresh,
                staleAfter: settings.staleAfter,
                logger: means.logger
            )
        }
        jobs += NextflowMaintenance.jobs(
            partitions: partitions,
            rawKeep: settings.rawKeep == .zero ? nil : settings.rawKeep
        )
        gauges.append(Self.storage(partitions))
    }

    private mutating func addRuns(_ means: Means) {
        let progress = StreamProgress(stream: "runs")
        let board = RunsProjection.Board(progress: progress)
        let projection = RunsProjection(board: board, metrics: RunsMetrics(registry: means.registry))
        let reader = addStream(projection, progress, means)
        let runs = RunsRoutes(
            journal: means.journal,
            board: board,
            reader: reader,
            links: RepositoryLinks(hosts: means.settings.gitHosts),
            duplicateStatus: means.settings.duplicateRunStatus,
            requestsPerMinute: means.settings.limitsRunsRate ? means.settings.runsRateLimit : nil,
            mostRuns: means.settings.maxBatch,
            pageBytes: means.settings.maxPageBytes
        )
        routes += runs.all
        profiles["runs"] = runs.profile
        let settings = means.settings
        let stale = StaleRuns(
            journal: means.journal,
            progress: progress,
            after: settings.runsStaleAfter,
            status: settings.runsStaleStatus
        )
        jobs += RunsMaintenance.jobs(
            keep: settings.runsKeep == .zero ? nil : settings.runsKeep,
            stale: settings.runsStaleAfter == .zero ? nil : stale
        )
        gauges.append { try RunsGauges.read($0, named: settings.metricsNames) }
    }

    private mutating func addBackups(_ means: Means) {
        let age = BackupAge(means.settings)
        background.append { await age.run() }
        means.registry.addCollector { age.collect(into: &$0) }
        guard means.settings.backupEvery > .zero else { return }
        let backups = BackupJob(means.settings, logger: means.logger)
        jobs.append(backups.job)
        means.registry.addCollector { backups.collect(into: &$0) }
        self.backups = backups
    }

    /// Adds the loader of a stream, and makes what answers from its rows.
    private mutating func addStream<P: Projection>(
        _ projection: P,
        _ progress: StreamProgress,
        _ means: Means
    ) -> StoreReader {
        let (settings, journal) = (means.settings, means.journal)
        let loader = Loader(
            projection,
            journal: journal,
            registration: means.registration,
            target: means.pool.target,
            session: SessionSettings.loading(settings),
            configuration: LoaderConfiguration(
                batchLines: settings.loaderBatchLines,
                batchBytes: settings.loaderBatchBytes
            ),
            progress: progress,
            logger: means.logger,
            beforeCommit: means.beforeCommit
        )
        background.append { await loader.run() }
        lags.append(StreamLag(progress) { [weak journal] in journal?.durableSeq ?? 0 })
        return StoreReader(
            pool: means.pool,
            gate: ReadGate(journal: journal, progress: progress, patience: settings.readWait),
            replica: means.replica,
            logger: means.logger
        )
    }

    /// What stands in the tables that every stream shares.
    private static func storage(_ partitions: DayPartitions) -> GaugeRefresher.Source {
        { connection in
            var snapshot = MetricsSnapshot()
            snapshot.gauge(
                "weir_dead_letters",
                help: "Dead letters that wait for a decision.",
                Double(try DeadLetterStore.count(on: connection))
            )
            snapshot.gauge(
                "weir_partitions",
                help: "Daily partitions of raw tables.",
                labels: [("table", "telemetry")],
                Double(try partitions.count(on: connection))
            )
            return snapshot
        }
    }
}

extension SessionSettings {
    /// For loaders: what they commit is durable in the journal already, so that PostgreSQL need not wait for its disk.
    /// A replica gets only what is on that disk, and the reads that wait for it should not wait for a timer.
    static func loading(_ settings: Settings) -> SessionSettings {
        var session = SessionSettings(settings, applicationName: "weir-loader")
        session.parameters["synchronous_commit"] = settings.databaseReadURL == nil ? "off" : "local"
        return session
    }
}
