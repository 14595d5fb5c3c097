internal import API
internal import Core
internal import Notifications
internal import Postgres

/// Makes the rows of `notification_channel` and `alert_rule` say what the alerting document says.
struct AlertingRows: Sendable {
    let vault: ChannelVault
    let mail: MailDefaults

    /// Stores, changes and deletes rows in the caller's transaction. Channels that are deselected are gone, and what waits
    /// for them has failed; a document that is switched off keeps its rows, disabled.
    ///
    /// - Throws: 400 when a name is taken by a channel of another origin.
    func apply(_ document: AlertingDocument, at now: Timestamp, on connection: Connection) throws {
        let plan = AlertingPlan(document, mail: mail)
        let (channels, rules) = (plan.channels, plan.rules(at: now))
        for rule in try RuleStore.fetchAll(on: connection)
        where rule.origin == Ownership.origin && !rules.contains(where: { $0.id == rule.id }) {
            _ = try RuleStore.delete(rule.id, on: connection)
        }
        let stored = try ChannelStore.fetchAll(on: connection).filter { $0.origin == Ownership.origin }
        for channel in stored where !channels.contains(where: { $0.id == channel.id }) {
            _ = try ChannelStore.delete(channel.id, on: connection)
        }
        for channel in channels {
            let old = stored.first { $0.id == channel.id }
            try store(channel, isEnabled: document.isEnabled, since: old?.createdAt, now, on: connection)
        }
        for rule in rules { try RuleStore.store(rule, on: connection) }
    }

    /// Whether the document stands for rows that are not there, or were made of an earlier document.
    func areMissing(_ document: AlertingDocument, on connection: Connection) throws -> Bool {
        let plan = AlertingPlan(document, mail: mail)
        let rules = try RuleStore.fetchAll(on: connection).filter { $0.origin == Ownership.origin }
        let wanted = plan.rules(at: .now())
        return Set(rules.map(\.id)) != Set(wanted.map(\.id))
            || wanted.contains { rule in
                !rules.contains {
                    $0.id == rule.id && $0.isEnabled == rule.isEnabled && $0.cooldown == rule.cooldown
                        && $0.sendsResolved == rule.sendsResolved
                        && Set($0.trigger.words("events")) == Set(rule.trigger.words("events"))
                }
            }
    }

    private func store(
        _ channel: AlertingPlan.Channel,
        isEnabled: Bool,
        since: Timestamp?,
        _ now: Timestamp,
        on connection: Connection
    ) throws {
        let name = channel.channel.name
        guard try !ChannelStore.isTaken(name, by: channel.id, on: connection) else {
            throw ObservabilityFailure.config(
                .alerting,
                "A notification channel has the name \(name): give it another one",
                field: "channels",
                value: channel.channel.rawValue
            )
        }
        let row = StoredChannel(
            id: channel.id,
            name: name,
            kind: channel.configuration.kind,
            config: try vault.sealed(channel.configuration, for: channel.id),
            isEnabled: isEnabled,
            origin: Ownership.origin,
            createdAt: since ?? now,
            updatedAt: now
        )
        try ChannelStore.store(row, on: connection)
    }
}
