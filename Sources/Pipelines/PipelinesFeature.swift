internal import Configuration
package import Ingest

extension Feature {
    /// Pipelines, stages and their workers over HTTP: contract pipelogiq §7.
    package static let pipelines = pipelines()

    /// `templates` knows the links into viewers of traces and logs; `sources` are executions beside pipelines that
    /// insights and traces cover.
    package static func pipelines(
        templates: (any LinkTemplateSource)? = nil,
        sources: [any InsightSource] = []
    ) -> Feature {
        Feature(
            "pipelines",
            settings: PipelinesSettings.rows,
            streams: [JournalStream(PipelinesProjection(), table: "pipeline")],
            retention: retention
        ) { server in
            let settings = server.settings
            let progress = StreamProgress(stream: PipelinesProjection.streamName)
            let board = PipelinesProjection.Board(
                progress: progress,
                patience: settings[PipelinesSettings.applyTimeout]
            )
            let metrics = PipelinesMetrics(registry: server.registry)
            let reader = server.load(PipelinesProjection(board: board, metrics: metrics), progress)
            let surface = PipelinesSurface(
                journal: server.journal,
                board: board,
                reader: reader,
                pool: server.pool,
                sessions: WorkerSessions(pool: server.pool),
                logger: server.logger
            )
            let limits = InsightLimits(samples: settings[PipelinesSettings.mostSamples])
            let offlineAfter = settings[PipelinesSettings.offlineAfter]
            server.endpoints +=
                PipelineWriteRoutes(
                    surface: surface,
                    metrics: metrics,
                    mostStages: settings[PipelinesSettings.mostStages]
                ).all
            server.endpoints += WorkerRoutes(surface: surface, settings: settings, templates: templates).all
            server.endpoints +=
                PipelineReadRoutes(surface: surface, templates: templates, limits: limits).all
            server.endpoints +=
                WorkerReadRoutes(surface: surface, offlineAfter: offlineAfter, limits: limits).all
            server.endpoints +=
                InsightRoutes(
                    reader: reader,
                    sources: [PipelineInsights()] + sources,
                    templates: templates,
                    limits: limits
                ).all
            let sweeps = PipelineSweeps(journal: server.journal, progress: progress)
            server.jobs.append(sweeps.lostWorkers(after: offlineAfter))
            let pending = settings[PipelinesSettings.pendingTimeout]
            if pending > .zero { server.jobs.append(sweeps.pendingStages(after: pending)) }
            server.gauges.append(GaugeSource { try PipelinesGauges.read($0, offlineAfter: offlineAfter) })
        }
    }

    private static let retention: [RetentionRule] = [
        RetentionRule(
            "pipelines.retention",
            AgingTable("pipelines", table: "pipeline", at: "finished_at", where: "is_completed"),
            keep: PipelinesSettings.keep,
            every: .seconds(600),
            for: .seconds(15)
        ),
        RetentionRule(
            "pipelines.early_reports",
            AgingTable(
                "reports of unknown stages",
                table: "stage_report",
                at: "at",
                where: "pipeline_id IS NULL"
            ),
            keep: PipelinesSettings.logsKeep,
            every: .seconds(600),
            for: .seconds(10)
        ),
        RetentionRule(
            "pipelines.early_worker_reports",
            AgingTable("reports of unknown workers", table: "worker_report", at: "at"),
            keep: PipelinesSettings.logsKeep,
            every: .seconds(600),
            for: .seconds(10)
        ),
        RetentionRule(
            "pipelines.worker_events",
            AgingTable("worker events", table: "worker_event", at: "ts"),
            keep: PipelinesSettings.logsKeep,
            every: .seconds(600),
            for: .seconds(10)
        ),
        RetentionRule(
            "pipelines.workers",
            AgingTable("workers of pipelines", table: "worker_client", at: "last_seen_at"),
            keep: PipelinesSettings.logsKeep,
            every: .seconds(600),
            for: .seconds(10)
        ),
        RetentionRule(
            "pipelines.logs",
            AgingTable("application logs", table: "application_log", at: "received_at"),
            keep: PipelinesSettings.logsKeep,
            every: .seconds(600),
            for: .seconds(10)
        ),
    ]
}
