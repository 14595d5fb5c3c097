internal import Configuration
package import Ingest

extension Feature {
    /// Tracked runs of agents and batch jobs.
    package static let runs = runs()

    /// A batch of changed runs takes at most `mostBytes`.
    static func runs(mostBytes: Int = 64 << 20) -> Feature {
        Feature(
            "runs",
            settings: RunsSettings.rows,
            streams: [JournalStream(RunsProjection(), table: "agent_run")],
            retention: retention,
            audit: [
                AuditQuestion("agents", "Tracked runs per agent", PackageResources.audit_agents_sql),
                AuditQuestion("statuses", "Tracked runs per status", PackageResources.audit_statuses_sql),
                AuditQuestion("days", "Tracked runs per day of their start", PackageResources.audit_days_sql),
                AuditQuestion("documents", "Largest records of runs", PackageResources.audit_documents_sql),
                AuditQuestion("posts", "External posts that are pending", PackageResources.audit_posts_sql),
            ]
        ) { server in
            let settings = server.settings
            let progress = StreamProgress(stream: RunsProjection.streamName)
            let board = RunsProjection.Board(
                progress: progress,
                patience: settings[RunsSettings.applyTimeout]
            )
            let metrics = RunsMetrics(registry: server.registry)
            let reader = server.load(
                RunsProjection(board: board, metrics: metrics, mostBytes: mostBytes),
                progress
            )
            let routes = RunsRoutes(
                journal: server.journal,
                board: board,
                reader: reader,
                links: RepositoryLinks(hosts: settings[RunsSettings.gitHosts]),
                duplicateStatus: settings[RunsSettings.duplicateStatus],
                requestsPerMinute: settings[RunsSettings.limitsRate] ? settings[RunsSettings.rateLimit] : nil,
                mostRuns: settings[RunsSettings.maxBatch],
                pageBytes: settings[SharedSettings.maxPageBytes],
                traceContexts: TraceContextCounters("runs", registry: server.registry)
            )
            server.endpoints += routes.all
            server.profiles["runs"] = routes.profile

            server.addChecks(reader, progress)

            let staleAfter = settings[RunsSettings.staleAfter]
            if staleAfter > .zero {
                let stale = StaleRuns(
                    journal: server.journal,
                    progress: progress,
                    after: staleAfter,
                    status: settings[RunsSettings.staleStatus]
                )
                server.jobs.append(stale.job)
            }
            let named = settings[SharedSettings.metricsNames]
            server.gauges.append(GaugeSource { try RunsGauges.read($0, named: named) })
        }
    }

    private static let retention: [RetentionRule] = [
        RetentionRule(
            "runs.retention",
            AgingRuns(),
            keep: RunsSettings.keep,
            every: .seconds(60),
            for: .seconds(30)
        ),
        RetentionRule(
            "runs.pings",
            .pings,
            keep: RunsSettings.pingsKeep,
            every: .seconds(600),
            for: .seconds(15)
        ),
    ]
}
