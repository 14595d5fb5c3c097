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
                        where: DeliveryHistory.isOver
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
            server.addAlerts(AlertsParts(server, source(server.settings)))
        }
    }
}

extension FeatureSetup {
    /// Adds the endpoints, and what runs on every Weir.
    fileprivate mutating func addAlerts(_ parts: AlertsParts) {
        let surface = AlertsSurface(pool: pool, logger: logger)
        let integrations = Integrations(parts, self)
        let channels = ChannelRoutes(
            surface: surface,
            vault: parts.vault,
            policy: AlertsParts.secrets(settings),
            tester: parts.tester,
            metrics: parts.metrics,
            resealDocuments: integrations.reseal
        )
        endpoints += channels.all + RuleRoutes(surface: surface).all
        endpoints += PreviewRoutes(surface: surface, measured: parts.engine.measured).all
        endpoints += DeliveryRoutes(surface: surface).all
        endpoints += IncidentRoutes(surface: surface, book: parts.engine.book).all
        endpoints += parts.alertmanager(self)
        endpoints += IntegrationRoutes(tester: IntegrationTester(integrations: integrations)).all
        gauges.append(AlertGauges.source(named: settings[SharedSettings.metricsNames], parts.engine.book))
        tasks += [
            { await integrations.takeOver() }, { await parts.engine.run() }, { await parts.sender.run() },
            { await parts.repeater.run() }, { [pool] in await parts.engine.keepWatch(pool) },
        ]
    }
}
