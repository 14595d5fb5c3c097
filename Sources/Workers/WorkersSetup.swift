internal import Configuration
internal import Ingest
internal import Metrics
internal import Postgres

/// What the parts of this feature share in a starting server.
struct WorkersParts {
    let registry: ComponentRegistry
    let latest: LatestValues
    let ids: Snowflake
    let progress: StreamProgress
    let board: WorkersProjection.Board
    let groups: PushGroups
    let identities = MetricIdentities()
    let written = SeriesIdentities()
    let writtenReports = WrittenReports()
    let adoption: AutoRegistration
    /// How long samples are kept that have no lifetime of their own.
    let keep: Duration

    init(_ server: FeatureSetup) {
        let settings = server.settings
        registry = ComponentRegistry(pool: server.pool)
        latest = LatestValues(
            LatestValues.Limits(seriesOfComponent: settings[WorkersSettings.seriesOfComponent])
        )
        ids = Snowflake(node: settings[WorkersSettings.node])
        progress = StreamProgress(stream: WorkersProjection.streamName)
        board = WorkersProjection.Board(progress: progress)
        groups = PushGroups(latest: latest, limit: settings[WorkersSettings.pushGroups])
        adoption = settings[WorkersSettings.autoRegister].settled(isLoopbackOnly: server.isLoopbackOnly)
        keep = settings[WorkersSettings.samplesKeep]
    }

    var projection: WorkersProjection {
        WorkersProjection(
            board: board,
            reports: writtenReports,
            identities: identities,
            written: written,
            groups: groups
        )
    }
}

extension FeatureSetup {
    /// Adds registrations and heartbeats, and what follows other Weirs.
    mutating func addRegistry(_ parts: WorkersParts) {
        let routes = RegistryRoutes(
            journal: journal,
            registry: parts.registry,
            ids: parts.ids,
            adopts: parts.adoption != .off,
            retryAfter: settings[WorkersSettings.retryAfter],
            mostAdopted: settings[WorkersSettings.mostAdopted]
        )
        endpoints += routes.all + PlaceholderRoutes.all
        let sweeper = Sweeper(
            journal: journal,
            limit: settings[WorkersSettings.offlineAfter],
            interval: settings[WorkersSettings.sweepEvery]
        )
        jobs.append(sweeper.job)
        let channel = RegistryApplyStore.channel
        let watch = TableWatch("components", channel: channel, target: pool.target, logger: logger) {
            [registry = parts.registry] in try registry.reload(on: $0)
        }
        tasks.append { await watch.run() }
    }

    /// Adds reports, those of this server included, and their export.
    mutating func addReports(_ parts: WorkersParts) {
        let writer = ReportWriter(
            journal: journal,
            registry: parts.registry,
            latest: parts.latest,
            ids: parts.ids,
            written: parts.writtenReports
        )
        let reports = ReportRoutes(
            registry: parts.registry,
            writer: writer,
            ids: parts.ids,
            limits: ReportLimits(metrics: settings[WorkersSettings.maxMetrics]),
            identities: parts.identities,
            adopts: parts.adoption == .any,
            mostAdopted: settings[WorkersSettings.mostAdopted]
        )
        let own = ServerComponent(name: settings[WorkersSettings.serverName])
        let measured = ServerMetrics()
        let selfReport = SelfReportRoutes(
            server: own,
            metrics: measured,
            registry: parts.registry,
            writer: writer
        )
        endpoints += [
            reports.report, selfReport.selfReport,
            ExportRoutes(
                latest: parts.latest,
                groups: parts.groups,
                selectorSteps: settings[WorkersSettings.selectorSteps]
            ).prometheus,
        ]
        let follower = LatestFollower(
            latest: parts.latest,
            journal: journal,
            pool: pool,
            logger: logger,
            interval: .seconds(2)
        )
        tasks.append { await follower.run() }
        addServerReports(parts, own, measured)
    }

    private mutating func addServerReports(
        _ parts: WorkersParts,
        _ own: ServerComponent,
        _ measured: ServerMetrics
    ) {
        guard settings[WorkersSettings.reportEvery] > .zero else { return }
        let reporter = ServerReporter(
            server: own,
            metrics: measured,
            registry: parts.registry,
            latest: parts.latest,
            ids: parts.ids,
            rows: WorkerRows(pool: pool, journal: journal),
            heartbeatEvery: settings[WorkersSettings.sweepEvery],
            reportEvery: settings[WorkersSettings.reportEvery],
            logger: logger
        )
        tasks.append { await reporter.run() }
    }

    /// Adds remote-write, and samples in bulk.
    mutating func addRemoteWrite(_ parts: WorkersParts, _ reader: StoreReader) {
        let remote = RemoteWriter(
            journal: journal,
            registry: parts.registry,
            latest: parts.latest,
            ids: parts.ids,
            identities: parts.written,
            limits: ReportLimits(),
            metrics: RemoteWriteMetrics(registry),
            mostComponents: settings[WorkersSettings.mostAdopted]
        )
        endpoints.append(
            RemoteWriteRoutes(writer: remote, messageBytes: settings[WorkersSettings.remoteWriteMax]).receive
        )
        let transfer = TransferRoutes(
            reader: reader,
            pool: pool,
            keep: parts.keep,
            importer: SampleImporter(writer: remote)
        )
        endpoints += transfer.all
    }

    /// Adds metrics by OTLP.
    mutating func addOTLP(_ parts: WorkersParts) {
        var limits = ReportLimits()
        limits.ahead = settings[WorkersSettings.otlpAhead]
        limits.behind = settings[WorkersSettings.otlpBehind]
        let writer = OTLPWriter(
            journal: journal,
            registry: parts.registry,
            latest: parts.latest,
            ids: parts.ids,
            metrics: OTLPMetrics(registry),
            mostComponents: settings[WorkersSettings.mostAdopted],
            mostSamples: settings[WorkersSettings.otlpMax],
            mostValues: settings[SharedSettings.mostValues],
            limits: limits
        )
        endpoints.append(OTLPRoutes(writer: writer).receive)
    }

    /// Adds what reads stored samples and looks after them.
    mutating func addStoredSamples(_ parts: WorkersParts, _ reader: StoreReader) {
        let care = CareRoutes(journal: journal, board: parts.board, reader: reader, keep: parts.keep)
        endpoints += [QueryRoutes(reader: reader, keep: parts.keep).query]
        endpoints += MetricsRoutes(reader: reader).all + care.all
        jobs.append(
            MaintenanceJob("workers.partitions", every: .seconds(600)) { connection, now in
                try DayPartitions(table: "sample_block").ensureAhead(from: now, days: 2, on: connection)
            }
        )
        let sampleCare = SampleCare(
            keep: parts.keep,
            mostBytes: Int64(settings[WorkersSettings.samplesMostBytes])
        )
        jobs += sampleCare.jobs
        gauges.append(SampleCare.gauges)
        let rollups = RollupJob(
            keep: RollupJob.Keep(
                minutes: settings[WorkersSettings.minutesKeep],
                fiveMinutes: settings[WorkersSettings.fiveMinutesKeep]
            ),
            refused: registry.counter(
                "weir_rollups_refused_buckets_total",
                help:
                    "Buckets of rollups that were not recomputed, since retention has dropped some of their samples."
            )
        )
        jobs.append(rollups.job)
    }
}
