internal import API
package import Configuration
internal import HTTP
package import Ingest
internal import Logging
internal import Metrics
internal import Outbound
internal import Postgres

extension Feature {
    /// Executions that a backend registers and updates, and the platform's probes: contract beampipe §1, §2, §5.
    ///
    /// `surroundings` answers what they ask of other features.
    package static func executions(
        _ surroundings: @escaping @Sendable (SettingValues) -> any ExecutionSurroundings
    ) -> Feature {
        Feature(
            "executions",
            settings: ExecutionsSettings.rows,
            streams: [JournalStream(ExecutionsProjection(), table: "execution")],
            retention: [
                RetentionRule(
                    "executions.observations",
                    AgingTable(
                        "observations of executions",
                        table: "execution_observation",
                        at: "observed_at"
                    ),
                    keep: ExecutionsSettings.observationsKeep,
                    every: .seconds(600),
                    for: .seconds(15)
                )
            ]
        ) { server in
            let settings = server.settings
            let progress = StreamProgress(stream: ExecutionsProjection.streamName)
            let board = ExecutionsProjection.Board(
                progress: progress,
                patience: settings[ExecutionsSettings.applyTimeout]
            )
            let names = settings[SharedSettings.metricsNames]
            let metrics = ExecutionsMetrics(registry: server.registry, names: names)
            let reader = server.load(ExecutionsProjection(board: board, metrics: metrics), progress)
            let limit = settings[ExecutionsSettings.rateLimit]
            let limiter =
                limit > 0
                ? RateLimiter(
                    limit,
                    per: .seconds(settings[ExecutionsSettings.ratePeriod]),
                    envelope: .platform
                ) : nil
            let neighbours = surroundings(settings)
            let routes = ExecutionRoutes(
                journal: server.journal,
                board: board,
                reader: reader,
                limiter: limiter,
                surroundings: neighbours,
                traceContexts: TraceContextCounters("executions", registry: server.registry)
            )
            server.endpoints += routes.all
            server.addProbes(neighbours, names: names)
        }
    }
}

extension FeatureSetup {
    /// Adds the platform's probes, and the gauges that they share.
    fileprivate mutating func addProbes(_ neighbours: any ExecutionSurroundings, names: Int) {
        let client = OutboundClient(parallel: 4)
        let timeout = Duration.seconds(settings[ExecutionsSettings.tapTimeout])
        let taps = [
            TAPProbe("casda", url: settings[ExecutionsSettings.tapCASDA], timeout: timeout, client: client),
            TAPProbe("vizier", url: settings[ExecutionsSettings.tapVizier], timeout: timeout, client: client),
        ]
        let gauges = PlatformGauges(pool: pool, neighbours, taps: taps, names: names, logger: logger)
        registry.addCollector { gauges.collect(into: &$0) }
        tasks.append { await gauges.run() }
        endpoints +=
            ProbeRoutes(
                probe: PlatformProbe(pool: pool, surroundings: neighbours, taps: taps),
                encoder: ProbeEncoder(heartbeats: settings[ExecutionsSettings.heartbeats]),
                gauges: gauges,
                registry: registry,
                isMetricsPublic: settings[ExecutionsSettings.metricsPublic]
            ).all
    }
}
