import Core
import Ingest
import Journal
import Logging
import Metrics
import Nextflow
import Postgres

/// What the features bring: routes, loaders, duties, gauges. The one place that knows them by name.
struct Features: Sendable {
    let routes: [Route]
    /// Loaders and gauges: each runs until its task is cancelled; the schema must be there.
    let background: [@Sendable () async -> Void]
    let lags: [StreamLag]
    let duties: [Duty]
    let gauges: [GaugeRefresher.Source]

    /// Waits until the loaders have begun, a few seconds at most: from then on a GET sees what was written before it.
    func waitForLoaders() async {
        for _ in 0..<200 {
            if lags.allSatisfy({ $0.progress.snapshot.state != .waiting }) { return }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Tries a dead letter of any stream once more; nil when it is applied now, otherwise why not.
    static func retryDeadLetter(_ id: Int64, on connection: Connection) throws -> Refusal? {
        try DeadLetterRetry(NextflowProjection(partitions: DayPartitions(table: "telemetry")))
            .retry(id: id, on: connection)
    }

    /// Every stream, for a replay.
    static var replayStreams: [ReplayStream] {
        [ReplayStream(NextflowProjection(partitions: DayPartitions(table: "telemetry")), table: "telemetry")]
    }

    /// Makes all features; loaders call `beforeCommit` when all of a batch but its COMMIT is done.
    init(
        _ settings: Settings,
        journal: Journal,
        pool: Pool,
        replica: ReadReplica?,
        registry: Registry,
        logger: Logger,
        beforeCommit: @escaping @Sendable () -> Void
    ) {
        let partitions = DayPartitions(table: "telemetry")
        let metrics = NextflowMetrics(registry: registry)
        let projection = NextflowProjection(partitions: partitions, metrics: metrics)
        let progress = StreamProgress(stream: projection.stream)
        let loader = Loader(
            projection,
            journal: journal,
            registration: JournalRegistration(journal: journal),
            target: pool.target,
            session: SessionSettings.loading(settings),
            configuration: LoaderConfiguration(
                batchLines: settings.loaderBatchLines,
                batchBytes: settings.loaderBatchBytes
            ),
            progress: progress,
            logger: logger,
            beforeCommit: beforeCommit
        )
        let reader = StoreReader(
            pool: pool,
            gate: ReadGate(journal: journal, progress: progress, patience: settings.readWait),
            replica: replica
        )
        let ingest = NextflowIngestRoutes(
            journal: journal,
            redactor: Redactor(keys: settings.redactedKeys),
            metrics: metrics
        )
        routes =
            ingest.routes
            + ProcessMetricsRoutes(reader: reader, staleAfter: settings.staleAfter).all
            + NextflowRunRoutes(reader: reader, staleAfter: settings.staleAfter).all
        let domain = NextflowGauges(registry: registry)
        background = [
            { await loader.run() },
            {
                await domain.run(
                    pool: pool,
                    every: settings.metricsRefresh,
                    staleAfter: settings.staleAfter,
                    logger: logger
                )
            },
        ]
        lags = [StreamLag(progress) { [weak journal] in journal?.durableSeq ?? 0 }]
        duties = NextflowDuties.duties(
            partitions: partitions,
            rawKeep: settings.rawKeep == .zero ? nil : settings.rawKeep
        )
        gauges = [Self.storage(partitions)]
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
