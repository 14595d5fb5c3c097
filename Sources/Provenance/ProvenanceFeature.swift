internal import API
internal import Configuration
package import Ingest
internal import Postgres

extension Feature {
    /// Provenance events and their feeds: contract beampipe §3.
    package static let provenance = Feature(
        "provenance",
        settings: ProvenanceSettings.rows,
        streams: [JournalStream(ProvenanceProjection(), table: "provenance_events")],
        retention: [
            RetentionRule(
                "provenance.events",
                AgingEvents(),
                keep: ProvenanceSettings.keep,
                every: .seconds(600),
                for: .seconds(15)
            )
        ],
        audit: [
            AuditQuestion("provenance", "Provenance events per type", PackageResources.audit_events_sql),
            AuditQuestion(
                "provenance-order",
                "Provenance events that wait for their place in the live order",
                PackageResources.audit_order_sql
            ),
        ]
    ) { server in
        server.addProvenance()
    }
}

extension FeatureSetup {
    fileprivate mutating func addProvenance() {
        let settings = settings
        let metrics = ProvenanceMetrics(registry: registry)
        let hub = EventHub(
            mostListeners: settings[ProvenanceSettings.mostListeners],
            mostBytes: settings[ProvenanceSettings.buffer]
        )
        let follower = Follower(hub: hub, target: pool.target, metrics: metrics, logger: logger)
        let progress = StreamProgress(stream: ProvenanceProjection.streamName)
        let board = ProvenanceProjection.Board(
            progress: progress,
            patience: settings[ProvenanceSettings.applyTimeout]
        )
        let reader = load(
            ProvenanceProjection(board: board, metrics: metrics) { follower.wake() },
            progress
        )
        let heartbeat = settings[ProvenanceSettings.heartbeat]
        let routes = ProvenanceRoutes(
            journal: journal,
            board: board,
            reader: reader,
            pool: pool,
            follower: follower,
            hub: hub,
            archive: EventArchive(pool: pool),
            metrics: metrics,
            logger: logger,
            keep: settings[ProvenanceSettings.keep],
            heartbeat: heartbeat,
            pageBytes: settings[SharedSettings.maxPageBytes]
        )
        endpoints += routes.all
        tasks += [{ await follower.run() }, { await follower.keepTime(heartbeat) }]
        gauges.append(
            GaugeSource(
                "weir_provenance_unplaced",
                help:
                    "Provenance events that listeners do not see yet: they wait for their place in the live order."
            ) { connection in
                Double(try PositionStore.waiting(on: connection))
            }
        )
    }
}
