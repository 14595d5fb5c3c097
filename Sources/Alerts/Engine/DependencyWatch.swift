internal import Core
internal import Logging
internal import Notifications
internal import Postgres
internal import Synchronization

/// Tells people that PostgreSQL is away, by rules and channels that were read before. Contract beampipe D25.
///
/// There is no table to write to meanwhile: what was sent is stored when PostgreSQL is back, and then people are told that
/// it is. Several Weirs each tell of it, with the same incident key.
final class DependencyWatch: Sendable {
    private struct Outage {
        let since: Timestamp
        /// What was sent, by rule and channel.
        var told: [Place: AlertNotification] = [:]
    }

    private struct Place: Hashable {
        let rule: UUID128
        let channel: UUID128
    }

    let vault: ChannelVault
    let send: @Sendable (AlertNotification, ChannelConfiguration) async -> SendOutcome
    let logger: Logger
    // Guards what is known of the present outage; nil while PostgreSQL is there.
    private let outage = Mutex<Outage?>(nil)

    init(
        vault: ChannelVault,
        send: @escaping @Sendable (AlertNotification, ChannelConfiguration) async -> SendOutcome,
        logger: Logger
    ) {
        self.vault = vault
        self.send = send
        self.logger = logger
    }

    /// PostgreSQL did not answer. Tells those who have not been told of it, once it has lasted as long as their rule says;
    /// all at once, so that a receiver that hangs delays no other.
    func missed(_ configuration: AlertConfiguration?, at now: Timestamp) async {
        let (since, told) = outage.withLock { outage in
            outage = outage ?? Outage(since: now)
            return (outage?.since ?? now, Set(outage?.told.keys.map(\.self) ?? []))
        }
        guard let configuration else { return }
        await withDiscardingTaskGroup { group in
            for rule in configuration.rules where rule.kind == .dependencyDown {
                guard now - since >= .seconds(rule.trigger.number("for_seconds")),
                    configuration.silence(of: Self.labels(rule), at: now) == nil
                else { continue }
                for id in rule.channels where !told.contains(Place(rule: rule.id, channel: id)) {
                    guard let channel = configuration.channels[id], channel.isEnabled else { continue }
                    group.addTask { await self.tell(channel, rule, since: since, at: now) }
                }
            }
        }
    }

    private func tell(_ channel: StoredChannel, _ rule: AlertRule, since: Timestamp, at now: Timestamp) async
    {
        let message = Self.message(rule, since: since, at: now)
        guard let opened = try? vault.open(channel) else { return }
        guard case .sent = await send(message, opened) else { return }
        outage.withLock { outage in
            // PostgreSQL may have come back meanwhile: what was told is to be stored, and ended, nevertheless.
            outage = outage ?? Outage(since: since)
            outage?.told[Place(rule: rule.id, channel: channel.id)] = message
        }
    }

    /// PostgreSQL answers. What was told of an outage is stored by the engine.
    func heard() {
        outage.withLock { outage in
            if outage?.told.isEmpty == true { outage = nil }
        }
    }

    /// PostgreSQL answers again: stores what was sent meanwhile, and resolves it, in a transaction.
    func answered(on connection: Connection, _ book: (Connection) throws -> IncidentBook) throws {
        let over = outage.withLock { outage in
            defer { outage = nil }
            return outage
        }
        guard let over, !over.told.isEmpty else { return }
        do {
            try connection.transaction { try record(over, in: book(connection)) }
        } catch {
            // What is told in this moment stays as it is.
            outage.withLock { outage in
                outage = outage ?? Outage(since: over.since)
                outage?.told.merge(over.told) { mine, _ in mine }
            }
            throw error
        }
    }

    private func record(_ over: Outage, in book: IncidentBook) throws {
        for rule in book.configuration.rules where rule.kind == .dependencyDown {
            let told = over.told.filter { $0.key.rule == rule.id }
            guard !told.isEmpty else { continue }
            let sent = told.map { (channel: $0.key.channel, message: $0.value) }
            try book.recordTold(Self.finding(rule, since: over.since), of: rule, sent)
        }
    }

    // MARK: - What is said

    private static func labels(_ rule: AlertRule) -> [String: String] {
        ["alertname": rule.name, "dependency": "postgres"]
    }

    private static func finding(_ rule: AlertRule, since: Timestamp) -> Finding {
        Finding(
            key: "\(rule.kind.rawValue)/postgres",
            event: rule.kind.rawValue,
            alert: rule.kind.rawValue,
            severity: rule.severity ?? .critical,
            title: "PostgreSQL is away",
            summary:
                "PostgreSQL has not answered since \(since.wholeSeconds). Telemetry is kept in the journal.",
            labels: ["dependency": "postgres"],
            at: since
        )
    }

    private static func message(_ rule: AlertRule, since: Timestamp, at now: Timestamp) -> AlertNotification {
        let finding = finding(rule, since: since)
        var message = AlertNotification(
            id: .timeOrdered(at: now),
            incident: "weir/\(rule.id)/\(finding.key)",
            state: .firing,
            event: finding.event,
            severity: finding.severity,
            title: finding.title,
            text: finding.summary,
            at: since,
            startedAt: since
        )
        message.labels = [
            ("alertname", rule.name), ("dependency", "postgres"), ("event", finding.event),
            ("incident_key", finding.key), ("severity", finding.severity.rawValue),
        ]
        var body = JSONWriter()
        body.object { body in
            body.member("alert", finding.alert)
            body.member("severity", finding.severity.rawValue)
            body.member("project_module", rule.project ?? "")
            body.member("summary", finding.summary)
            body.object("links") { _ in }
            body.member("fired_at", since)
        }
        message.body = body.bytes
        return message
    }
}
