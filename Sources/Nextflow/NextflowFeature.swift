internal import Configuration
package import Ingest

extension Feature {
    /// Nextflow's weblog: events, runs, tasks and process metrics.
    package static let nextflow = Feature(
        "nextflow",
        settings: NextflowSettings.rows,
        streams: [JournalStream(NextflowStream(), table: "run")],
        retention: [
            RetentionRule(
                "nextflow.retention",
                AgingPartitions("days of raw events", .telemetry),
                keep: NextflowSettings.rawKeep,
                every: .seconds(3600)
            ),
            RetentionRule(
                "nextflow.tower_retention",
                AgingPartitions("days of raw calls", .towerCalls),
                keep: NextflowSettings.rawKeep,
                every: .seconds(3600)
            ),
            RetentionRule(
                "nextflow.tower_pending",
                AgingTable("calls of unknown runs", table: "tower_pending", at: "received_at"),
                keep: NextflowSettings.rawKeep,
                every: .seconds(3600)
            ),
            RetentionRule(
                "nextflow.tower_unknown",
                AgingTable(
                    "ids of unknown runs",
                    table: "tower_workflow",
                    at: "seen_at",
                    where: "run_key IS NULL"
                ),
                keep: NextflowSettings.rawKeep,
                every: .seconds(3600)
            ),
        ],
        audit: [
            AuditQuestion("workflows", "Runs of Nextflow per state", PackageResources.audit_workflows_sql)
        ]
    ) { server in
        let metrics = NextflowMetrics(registry: server.registry)
        let reader = server.load(
            NextflowStream(metrics: metrics, mutedAfter: server.settings[NextflowSettings.alertsWithin])
        )
        let tower = TowerRoutes(
            journal: server.journal,
            metrics: metrics,
            publicURL: server.settings[SharedSettings.publicURL],
            configuration: TowerConfiguration(
                redactor: server.redactor,
                mostBytes: server.settings[NextflowSettings.towerConfigBytes]
            )
        )
        server.endpoints += tower.all
        let staleAfter = RunSilence(server.settings)
        let pageBytes = server.settings[SharedSettings.maxPageBytes]
        let towerReading = TowerReadRoutes(reader: reader, staleAfter: staleAfter, pageBytes: pageBytes)
        server.endpoints += towerReading.all
        server.profiles["tower"] = tower.profile + towerReading.profile
        server.endpoints += NextflowIngestRoutes(journal: server.journal, metrics: metrics).all
        server.endpoints +=
            ProcessMetricsRoutes(reader: reader, staleAfter: staleAfter, pageBytes: pageBytes).all
        server.endpoints +=
            NextflowRunRoutes(reader: reader, staleAfter: staleAfter, pageBytes: pageBytes).all
        server.jobs += NextflowMaintenance.jobs
        server.gauges += NextflowGauges.sources(staleAfter: staleAfter)
    }
}

extension DayPartitions {
    /// The raw events, by day of arrival; one for each database.
    static var telemetry: DayPartitions { DayPartitions(table: "telemetry") }

    /// The calls of Tower's client, by day of arrival; one for each database.
    static var towerCalls: DayPartitions { DayPartitions(table: "tower_call") }
}
