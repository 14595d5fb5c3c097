internal import Configuration
internal import Core
internal import Glibc
internal import Ingest
internal import Journal
internal import Metrics
internal import Notifications
internal import Postgres

/// The parts of alerts in a starting server.
struct AlertsParts: Sendable {
    let engine: AlertEngine
    let sender: DeliverySender
    let vault: ChannelVault

    init(_ server: FeatureSetup, _ source: any MeasuredValues) {
        let settings = server.settings
        let metrics = AlertsMetrics(registry: server.registry)
        var options = IncidentBook.Options()
        options.flapWindow = settings[AlertsSettings.flapWindow]
        options.groupWait = settings[AlertsSettings.groupWait]
        options.mostAttempts = settings[AlertsSettings.attempts]
        options.publicURL = settings[AlertsSettings.publicURL]
        engine = AlertEngine(
            options: options,
            interval: settings[AlertsSettings.every],
            expiry: settings[AlertsSettings.expire],
            measured: MeasuredRules(
                source: source,
                registry: { [registry = server.registry] in registry.snapshot() },
                instance: Self.instance(server),
                logger: server.logger
            ),
            metrics: metrics,
            logger: server.logger,
            target: server.pool.target
        )
        vault = ChannelVault(pool: server.pool, box: SecretBox.temporary)
        sender = DeliverySender(
            channels: vault,
            send: { _, _ in .refused(status: nil, why: "later") },
            pool: server.pool,
            lease: settings[AlertsSettings.timeout] * 3 + .seconds(30),
            plan: RetryPlan(),
            metrics: metrics,
            logger: server.logger
        )
    }

    /// The machine and the journal: two Weirs of one machine have different ones.
    private static func instance(_ server: FeatureSetup) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        let isKnown = gethostname(&buffer, buffer.count - 1) == 0
        let host = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
        return "\(isKnown ? host : "weir"):\("\(server.journal.id)".prefix(8))"
    }
}
