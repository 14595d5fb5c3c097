internal import Configuration
package import Ingest

extension Feature {
    /// Nextflow's weblog: events, runs, tasks and process metrics.
    package static let nextflow = Feature(
        "nextflow",
        settings: NextflowSettings.rows,
        streams: [JournalStream(NextflowProjection(partitions: .telemetry), table: "telemetry")],
        retention: [
            RetentionRule(
                "nextflow.retention",
                AgingPartitions("days of raw events", .telemetry),
                keep: NextflowSettings.rawKeep,
                every: .seconds(3600)
            )
        ],
        audit: [
            AuditQuestion("workflows", "Runs of Nextflow per state", PackageResources.audit_workflows_sql)
        ]
    ) { server in
        let metrics = NextflowMetrics(registry: server.registry)
        let reader = server.load(
            NextflowProjection(
                partitions: .telemetry,
                metrics: metrics,
                mutedAfter: server.settings[NextflowSettings.alertsWithin]
            )
        )
        let staleAfter = server.settings[NextflowSettings.staleAfter]
        let pageBytes = server.settings[SharedSettings.maxPageBytes]
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
}
