internal import Configuration
package import Ingest

extension Feature {
    /// Workers and their metrics.
    package static let workers = Feature(
        "workers",
        settings: WorkersSettings.rows + ForwardSettings.rows,
        streams: [JournalStream(WorkersProjection(), table: "component")],
        retention: [
            RetentionRule(
                "workers.samples",
                AgingSamples(),
                keep: WorkersSettings.samplesKeep,
                every: .seconds(900)
            ),
            RetentionRule(
                "workers.imports",
                AgingTable("import portions", table: "import_portion", at: "received_at"),
                keep: WorkersSettings.samplesKeep,
                every: .seconds(900)
            ),
        ] + AgingRollups.rules,
        audit: AuditQuestion.workers
    ) { server in
        let parts = WorkersParts(server)
        let reader = server.load(parts.projection, parts.progress)
        server.addRegistry(parts)
        server.addReports(parts)
        server.addRemoteWrite(parts, reader)
        server.addOTLP(parts)
        server.addPushes(to: parts.groups, parts.registry, parts.ids, parts.latest)
        server.addStoredSamples(parts, reader)
        forward(in: &server, parts.progress)
    }
}
