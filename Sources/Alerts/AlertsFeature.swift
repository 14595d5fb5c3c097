package import Configuration
package import Ingest

extension Feature {
    /// Alerts: rules, incidents, and what is sent to whom. `source` answers what rules ask of other features.
    package static func alerts(
        measuring source: @escaping @Sendable (SettingValues) -> any MeasuredValues
    ) -> Feature {
        Feature(
            "alerts",
            settings: AlertsSettings.rows + IntegrationSettings.rows,
            retention: [
                RetentionRule(
                    "alerts.deliveries",
                    AgingTable(
                        "alert deliveries",
                        table: "alert_delivery",
                        at: "created_at",
                        where: "status IN ('sent', 'failed')"
                    ),
                    keep: AlertsSettings.keep,
                    every: .seconds(3600),
                    for: .seconds(10)
                ),
                RetentionRule(
                    "alerts.incidents",
                    AgingTable(
                        "alert incidents",
                        table: "alert_incident",
                        at: "last_fired_at",
                        where: "status = 'resolved'"
                    ),
                    keep: AlertsSettings.keep,
                    every: .seconds(3600),
                    for: .seconds(10)
                ),
                RetentionRule(
                    "alerts.silences",
                    AgingTable("alert silences", table: "alert_silence", at: "ends_at"),
                    keep: AlertsSettings.keep,
                    every: .seconds(3600)
                ),
            ]
        ) { server in
            let parts = AlertsParts(server, source(server.settings))
            let surface = AlertsSurface(pool: server.pool, logger: server.logger)
            server.endpoints +=
                ChannelRoutes(
                    surface: surface,
                    vault: parts.vault,
                    policy: AlertsParts.secrets(server.settings),
                    tester: parts.tester
                ).all
            server.endpoints += RuleRoutes(surface: surface).all
            server.endpoints += PreviewRoutes(surface: surface, measured: parts.engine.measured).all
            server.endpoints += DeliveryRoutes(surface: surface).all
            server.endpoints += IncidentRoutes(surface: surface, book: parts.engine.book).all
            server.endpoints += parts.alertmanager(server)
            server.gauges.append(AlertGauges.source(parts.engine.book))
            let integrations = Integrations(parts, server)
            server.endpoints += IntegrationRoutes(tester: IntegrationTester(integrations: integrations)).all
            server.tasks.append { await integrations.takeOver() }
            server.tasks.append { await parts.engine.run() }
            server.tasks.append { await parts.sender.run() }
            server.tasks.append { await parts.repeater.run() }
        }
    }
}
