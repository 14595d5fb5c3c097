internal import Configuration
internal import Ingest
internal import Metrics

extension FeatureSetup {
    /// Adds the Pushgateway's protocol: its endpoints, the task that follows other Weirs, and the job that cleans up.
    mutating func addPushes(
        to groups: PushGroups,
        _ registry: ComponentRegistry,
        _ ids: Snowflake,
        _ latest: LatestValues
    ) {
        let writer = PushWriter(
            journal: journal,
            registry: registry,
            groups: groups,
            ids: ids,
            notice: SeriesLimitNotice(journal: journal, latest: latest),
            mostComponents: settings[WorkersSettings.mostAdopted]
        )
        let routes = PushRoutes(
            writer: writer,
            decoder: PushDecoder(limits: ReportLimits(metrics: settings[WorkersSettings.maxMetrics])),
            snappyBytes: settings[WorkersSettings.remoteWriteMax],
            lifetime: settings[WorkersSettings.pushLifetime]
        )
        endpoints += routes.all
        let follower = PushFollower(
            groups: groups,
            journal: journal,
            pool: pool,
            logger: logger,
            interval: .seconds(2)
        )
        tasks.append { await follower.run() }
        jobs.append(PushCare.job)
        let metrics = ExportMetrics(latest: latest, groups: groups)
        self.registry.addCollector { metrics.collect(into: &$0) }
    }
}
