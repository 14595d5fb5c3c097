internal import Configuration
internal import Core
internal import Glibc
internal import Ingest
internal import Journal
internal import Logging
internal import Metrics
internal import Notifications
internal import Outbound
internal import Postgres

/// The parts of alerts in a starting server.
struct AlertsParts: Sendable {
    let engine: AlertEngine
    let sender: DeliverySender
    let vault: ChannelVault
    let tester: ChannelTester
    let metrics: AlertsMetrics
    let repeater: AlertmanagerRepeater

    init(_ server: FeatureSetup, _ source: any MeasuredValues) {
        let settings = server.settings
        let metrics = AlertsMetrics(registry: server.registry)
        self.metrics = metrics
        vault = ChannelVault(pool: server.pool, key: Self.key(server))
        if case .failure(let error) = vault.key {
            server.logger.error("secrets of channels cannot be used", metadata: ["error": "\(error)"])
        }
        let channelSender = ChannelSender(Self.options(server))
        engine = AlertEngine(
            options: Self.bookOptions(settings),
            interval: settings[AlertsSettings.every],
            expiry: settings[AlertsSettings.expire],
            hasDefaultRules: settings[AlertsSettings.defaultRules],
            measured: MeasuredRules(
                source: source,
                registry: { [registry = server.registry] in registry.snapshot() },
                instance: Self.instance(server),
                logger: server.logger
            ),
            watch: DependencyWatch(
                vault: vault,
                send: { await channelSender.send($0, over: $1) },
                logger: server.logger
            ),
            metrics: metrics,
            logger: server.logger,
            target: server.pool.target
        )
        let lease = settings[AlertsSettings.timeout] * 3 + .seconds(30)
        sender = DeliverySender(
            channels: vault,
            send: { await channelSender.send($0, over: $1) },
            pool: server.pool,
            owner: Self.instance(server),
            lease: lease,
            plan: RetryPlan(),
            metrics: metrics,
            logger: server.logger
        )
        tester = ChannelTester(
            pool: server.pool,
            vault: vault,
            send: { await channelSender.send($0, over: $1) },
            lease: lease,
            metrics: metrics
        )
        let repeatEvery = settings[AlertsSettings.repeatEvery]
        repeater = AlertmanagerRepeater(
            channels: vault,
            send: { await channelSender.repeatAlerts($0, over: $1) },
            book: engine.book,
            pool: server.pool,
            lease: WorkLease(server.pool.target, for: .repeat, patience: repeatEvery * 3),
            interval: repeatEvery,
            logger: server.logger
        )
    }

    private static func bookOptions(_ settings: SettingValues) -> IncidentBook.Options {
        var options = IncidentBook.Options()
        options.flapWindow = settings[AlertsSettings.flapWindow]
        options.groupWait = settings[AlertsSettings.groupWait]
        options.mostAttempts = settings[AlertsSettings.attempts]
        options.publicURL = settings[SharedSettings.publicURL]
        return options
    }

    /// The key of the settings, or that of a file in the data directory, which is made when it is missing.
    private static func key(_ server: FeatureSetup) -> Result<SecretBox, SecretBoxError> {
        Result { () throws(SecretBoxError) in
            let old = try server.settings[AlertsSettings.oldSecretKeys].map(SecretBox.bytes)
            let key =
                if let text = server.settings[AlertsSettings.secretKey] {
                    try SecretBox.bytes(of: text)
                } else {
                    try SecretBox.key(inFile: "\(server.dataDirectory)/secret.key")
                }
            return try SecretBox(key: key, old: old)
        }
    }

    private static func options(_ server: FeatureSetup) -> ChannelSender.Options {
        let settings = server.settings
        var options = ChannelSender.Options()
        options.attemptTimeout = settings[AlertsSettings.timeout]
        options.policy = policy(settings)
        options.proxy = settings[AlertsSettings.proxy]
        options.secrets = secrets(settings)
        options.parallel = DeliverySender.parallel
        options.commands = Set(settings[AlertsSettings.commands])
        return options
    }

    /// Where messages and tests may go.
    static func policy(_ settings: SettingValues) -> OutboundPolicy {
        .alerting(
            allowed: settings[AlertsSettings.allowed],
            denied: settings[AlertsSettings.denied],
            allowsPrivate: settings[AlertsSettings.allowsPrivate]
        )
    }

    /// Where secrets of channels may come from.
    static func secrets(_ settings: SettingValues) -> SecretPolicy {
        SecretPolicy(
            variablePrefix: settings[AlertsSettings.secretPrefix],
            directories: settings[AlertsSettings.secretDirectories],
            isProduction: SecretPolicy.isProduction(settings[AlertsSettings.environment]),
            allowsInline: settings[AlertsSettings.allowsInline]
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
