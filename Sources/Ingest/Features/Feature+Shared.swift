import Configuration

extension Feature {
    /// The tables that all streams share: dead letters and outbox events.
    package static let shared = Feature(
        "ingest",
        settings: [
            SharedSettings.maxPageBytes.row, SharedSettings.metricsNames.row, SharedSettings.mostValues.row,
            SharedSettings.publicURL.row,
        ],
        retention: [
            RetentionRule(
                "ingest.dead-letters",
                .decidedDeadLetters,
                keep: .seconds(90 * 86_400),
                every: .seconds(600),
                for: .seconds(15)
            ),
            RetentionRule(
                "ingest.outbox",
                SpentOutboxEvents(),
                keep: SpentOutboxEvents.keep,
                every: .seconds(600),
                for: .seconds(15)
            ),
        ],
        audit: [
            AuditQuestion("outbox", "Outbox events per kind", PackageResources.audit_outbox_sql),
            AuditQuestion("dead-letters", "Dead letters", PackageResources.audit_letters_sql),
        ]
    ) { server in
        server.gauges.append(
            GaugeSource("weir_dead_letters", help: "Dead letters that wait for a decision.") {
                Double(try DeadLetterStore.count(on: $0))
            }
        )
    }
}

extension AgingRows where Self == AgingTable {
    /// Dead letters that were retried or dropped, kept for a while as a record. Waiting ones are never deleted.
    package static var decidedDeadLetters: AgingTable {
        AgingTable(
            "decided dead letters",
            table: "dead_letter",
            at: "decided_at",
            orderedBy: "id",
            where: "state <> 'waiting'"
        )
    }
}
