internal import Configuration
package import Ingest
internal import OpenTelemetry

extension Feature {
    /// Traces: spans that others send, and every run as a trace. Contract pipelogiq §4. `sources` answer what runs there
    /// are.
    package static func traces(of sources: [any TraceSource]) -> Feature {
        Feature(
            "traces",
            settings: TracesSettings.rows,
            streams: [JournalStream(SpansProjection(), table: "span")],
            retention: [
                RetentionRule(
                    "traces.spans",
                    AgingTable("received spans", table: "span", at: "received_at"),
                    keep: TracesSettings.spansKeep,
                    every: .seconds(600),
                    for: .seconds(15)
                )
            ],
            audit: [
                AuditQuestion("spans", "Received spans per service", PackageResources.audit_spans_sql)
            ]
        ) { server in
            let metrics = TracesMetrics(registry: server.registry)
            let reader = server.load(SpansProjection(metrics: metrics))
            var limits = OTLPLimits()
            limits.spans = server.settings[TracesSettings.mostReceived]
            limits.values = server.settings[SharedSettings.mostValues]
            server.endpoints.append(SpanRoutes(journal: server.journal, limits: limits).receive)
            server.endpoints +=
                TraceRoutes(
                    reader: reader,
                    sources: sources,
                    most: server.settings[TracesSettings.mostShown],
                    mostBytes: server.settings[SharedSettings.maxPageBytes]
                ).all
            server.addExport(of: sources, metrics)
        }
    }
}
