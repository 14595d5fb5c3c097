internal import Core
internal import Crypto
internal import Notifications

/// The channels and rules that the alerting document stands for. Contract pipelogiq §6.
///
/// A function of the document: the same channel has the same id in every save and in every Weir, so that incidents,
/// cooldowns and history go on.
struct AlertingPlan: Sendable {
    /// A channel of the engine, its secrets in clear.
    struct Channel: Sendable {
        let id: UUID128
        let channel: AlertingChannel
        let configuration: ChannelConfiguration
    }

    let document: AlertingDocument
    let mail: MailDefaults

    init(_ document: AlertingDocument, mail: MailDefaults) {
        self.document = document
        self.mail = mail
    }

    // MARK: - Channels

    /// The selected channels that have what they need; the others are left out, and stop nobody else.
    var channels: [Channel] {
        AlertingChannel.allCases.filter(document.channels.contains).compactMap { channel in
            guard obstacle(to: channel) == nil else { return nil }
            return Channel(
                id: Self.id("channel", channel.name),
                channel: channel,
                configuration: configuration(of: channel)
            )
        }
    }

    /// Why a channel cannot be sent over; nil when it can, as far as the document says.
    func obstacle(to channel: AlertingChannel) -> String? {
        if let key = document.missingKey(of: channel) { return "\(key) is missing" }
        let problem = configuration(of: channel).problems(SecretPolicy(allowsInline: true)).first
        guard let problem else { return nil }
        let name = problem.path.split(separator: ".").dropFirst().first.map(String.init) ?? ""
        let key = channel.keys.first { $0.channel == name }?.document ?? problem.path
        return "\(key): \(problem.message)"
    }

    private func configuration(of channel: AlertingChannel) -> ChannelConfiguration {
        var config = JSONValue.object([])
        for (from, to) in channel.keys {
            guard let value = document.document.value[from], value != .null else { continue }
            // The dashboard sends the keys that it does not use as empty texts.
            if let text = value.string {
                if !text.trimmed.isEmpty { config[to] = Self.typed(text.trimmed, as: to) }
            } else {
                config[to] = value
            }
        }
        if channel == .email { mail.fill(&config) }
        return ChannelConfiguration(kind: channel.kind, config: config)
    }

    /// Numbers and flags that forms send as texts.
    private static func typed(_ text: String, as key: String) -> JSONValue {
        switch key {
        case "message_thread_id", "port": Int(text).map { .number(Array(String($0).utf8)) } ?? .text(text)
        case "silent": GoFlag(.text(text)).map { .flag($0.isOn) } ?? .text(text)
        case "provider", "tls", "region": .text(text.lowercased())
        default: .text(text)
        }
    }

    // MARK: - Rules

    /// The rules at a moment; those of a document that is switched off are disabled.
    func rules(at now: Timestamp) -> [AlertRule] {
        channels.flatMap { channel in
            let events = document.events(of: channel.channel)
            let least = document.leastSeverity(of: channel.channel)
            let told = events.filter { Self.measured($0, document) == nil }
            var rules: [AlertRule] = []
            if !told.isEmpty {
                let trigger = Self.config { config in
                    config.array("events") { list in
                        for event in told { list.value(event.rawValue) }
                    }
                    config.member("min_severity", least.rawValue)
                }
                rules.append(rule(channel.channel.name, .event, trigger, channel, now))
            }
            for event in events where event.severity >= least {
                guard let (kind, trigger) = Self.measured(event, document) else { continue }
                rules.append(rule("\(channel.channel.name)/\(event.rawValue)", kind, trigger, channel, now))
            }
            return rules
        }
    }

    /// The rule over measured values that an event needs; nil for one that is told as it happens.
    private static func measured(_ event: EventName, _ document: AlertingDocument) -> (TriggerKind, [UInt8])?
    {
        switch event {
        case .pipelineStuck:
            let trigger = config { config in
                config.member("after_seconds", document.stuckAfter)
                config.member("since", "start")
            }
            return (.runStuck, trigger)
        case .queueBacklogHigh:
            let trigger = config { config in
                config.member("threshold", document.backlogThreshold)
                // Longer than a moment and shorter than `WEIR_ALERTS_EVERY`: two evaluations, one after the other.
                config.member("for_seconds", 1)
            }
            return (.pendingBacklog, trigger)
        case .deadLetterDetected: return (.deadLetters, config { $0.member("threshold", 0) })
        default: return nil
        }
    }

    private func rule(
        _ name: String,
        _ kind: TriggerKind,
        _ trigger: [UInt8],
        _ channel: Channel,
        _ now: Timestamp
    ) -> AlertRule {
        AlertRule(
            id: Self.id("rule", name),
            name: name,
            description: "Made by saving the alerting document at /observability/config.",
            isEnabled: document.isEnabled,
            severity: nil,
            trigger: TriggerConfig(kind: kind, json: trigger),
            scope: [:],
            channels: [channel.id],
            cooldown: document.dedupeWindow,
            dedupeBy: .subject,
            sendsResolved: document.sendsResolved,
            origin: Ownership.origin,
            createdAt: now,
            updatedAt: now
        )
    }

    private static func config(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { write(&$0) }
        return writer.bytes
    }

    /// An id that follows from a name. RFC 9562 §5.8.
    static func id(_ what: String, _ name: String) -> UUID128 {
        var bytes = Array(SHA256.hash(data: Array("weir/\(what)/\(name)".utf8)).prefix(16))
        bytes[6] = (bytes[6] & 0x0F) | 0x80
        bytes[8] = (bytes[8] & 0x3F) | 0x80
        guard let id = UUID128(bytes: bytes) else { preconditionFailure("BUG: 16 bytes are no UUID") }
        return id
    }
}

/// The mail server of documents that name none. Contract pipelogiq §6.9.
struct MailDefaults: Sendable {
    var host: String?
    var port: Int?
    var security: String?
    var user: String?
    var password: String?
    var from: String?

    /// Adds what a configuration lacks: the whole server, since a password belongs to its host.
    func fill(_ config: inout JSONValue) {
        if config["from"] == nil, let from { config["from"] = .text(from) }
        guard config["smtp_host"] == nil, let host else { return }
        config["smtp_host"] = .text(host)
        config["port"] = port.map { .number(Array(String($0).utf8)) }
        config["tls"] = security.map(JSONValue.text)
        config["user"] = user.map(JSONValue.text)
        config["password"] = password.map(JSONValue.text)
    }
}
