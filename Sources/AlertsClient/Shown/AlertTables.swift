package import Core
internal import Notifications

/// Lists for people.
package enum AlertTables {
    /// Incidents; with their state when those that are over are among them.
    package static func lines(
        _ incidents: [ShownIncident],
        withState: Bool = false,
        at now: Timestamp,
        width: Int
    ) -> [String] {
        guard !incidents.isEmpty else { return [withState ? "there are no incidents" : "nothing is firing"] }
        var columns: [Table.Column] = [
            .init("SEVERITY"), .init("SINCE"), .init("WHAT", least: 12), .init("SUBJECT", least: 12),
            .init("TIMES"), .init("TOLD", least: 8), .init("ID"),
        ]
        if withState { columns.insert(.init("STATE"), at: 0) }
        var table = Table(columns)
        let ids = incidents.map(\.id)
        for incident in incidents {
            var row = [
                incident.severity, Age.text(incident.startedAt, at: now), incident.title, incident.subject,
                String(incident.firings), told(incident), ShortID.text(incident.id, among: ids),
            ]
            if withState { row.insert(incident.isFiring ? "firing" : "resolved", at: 0) }
            table.append(row)
        }
        return table.lines(width: width) + ["", summary(incidents)]
    }

    private static func told(_ incident: ShownIncident) -> String {
        if let name = incident.acknowledgedBy, incident.isFiring { return "acknowledged by \(name)" }
        if incident.isSilenced { return "silenced" }
        var names: [String] = []
        for told in incident.told {
            let name = told.status == "sent" ? told.channel : "\(told.channel) (\(told.status))"
            if !names.contains(name) { names.append(name) }
        }
        return names.isEmpty ? "nobody" : names.joined(separator: ", ")
    }

    private static func summary(_ incidents: [ShownIncident]) -> String {
        let firing = incidents.filter(\.isFiring)
        let acknowledged = firing.filter { $0.acknowledgedBy != nil }.count
        let over = incidents.count - firing.count
        return ["\(firing.count) firing"].joined()
            + (acknowledged > 0 ? ", \(acknowledged) of them acknowledged" : "")
            + (over > 0 ? ", \(over) resolved" : "")
    }

    /// Channels.
    package static func lines(_ channels: [ShownChannel], width: Int) -> [String] {
        guard !channels.isEmpty else {
            return ["there are no channels; add one with `weir alerts channels add`"]
        }
        var table = Table([
            .init("NAME", least: 16), .init("KIND"), .init("ENABLED"), .init("ORIGIN"),
            .init("TO", least: 10),
            .init("ID"),
        ])
        let ids = channels.map(\.id)
        for channel in channels {
            let enabled = channel.isEnabled ? "yes" : channel.disabledReason.map { "no: \($0)" } ?? "no"
            table.append([
                channel.name, channel.kind, enabled, channel.origin, target(channel),
                ShortID.text(channel.id, among: ids),
            ])
        }
        return table.lines(width: width)
    }

    /// Where a channel leads, as far as that is no secret.
    private static func target(_ channel: ShownChannel) -> String {
        for key in ["url", "to", "chat_id", "command", "smtp_host"] {
            if let text = channel.config[key]?.string { return text }
            if let texts = channel.config[key]?.elements {
                return texts.compactMap(\.string).joined(separator: ", ")
            }
            if let number = channel.config[key]?.integer { return String(number) }
        }
        return ""
    }

    /// Rules.
    package static func lines(
        _ rules: [ShownRule],
        _ channels: [ShownChannel],
        at now: Timestamp,
        width: Int
    ) -> [String] {
        guard !rules.isEmpty else { return ["there are no rules"] }
        var table = Table([
            .init("NAME", least: 16), .init("WHEN"), .init("SEVERITY"), .init("CHANNELS", least: 8),
            .init("ENABLED"), .init("FIRED"), .init("ID"),
        ])
        let names = Dictionary(channels.map { ($0.id, $0.name) }) { first, _ in first }
        let ids = rules.map(\.id)
        for rule in rules {
            let told = rule.channels.map { names[$0] ?? "(deleted)" }.joined(separator: ", ")
            table.append([
                rule.name, rule.kind, rule.severity,
                rule.tellsAll ? "all" : told.isEmpty ? "none" : told,
                rule.isEnabled ? "yes" : "no",
                Age.text(rule.lastFiredAt, at: now), ShortID.text(rule.id, among: ids),
            ])
        }
        let faults = rules.compactMap { rule in
            rule.evaluationError.map { TerminalText.value("! \(rule.name): \($0)") }
        }
        return table.lines(width: width) + (faults.isEmpty ? [] : [""] + faults)
    }

    /// Silences.
    package static func lines(_ silences: [ShownSilence], at now: Timestamp, width: Int) -> [String] {
        guard !silences.isEmpty else { return ["nothing is silenced"] }
        var table = Table([
            .init("STATE"), .init("ENDS IN"), .init("MATCHERS", least: 20), .init("BY", least: 6),
            .init("COMMENT", least: 8), .init("ID"),
        ])
        let ids = silences.map(\.id)
        for silence in silences {
            let left = silence.state == "expired" ? "" : silence.endsAt.map { Age.text($0 - now) } ?? ""
            table.append([
                silence.state, left, silence.matchers.map(\.description).joined(separator: " "),
                silence.createdBy,
                silence.comment, ShortID.text(silence.id, among: ids),
            ])
        }
        return table.lines(width: width)
    }

    /// Deliveries.
    package static func lines(
        _ deliveries: [ShownDelivery],
        _ channels: [ShownChannel],
        at now: Timestamp,
        width: Int
    ) -> [String] {
        guard !deliveries.isEmpty else { return ["there are no deliveries"] }
        var table = Table([
            .init("STATUS"), .init("AGE"), .init("CHANNEL", least: 8), .init("EVENT", least: 12),
            .init("TRIES"), .init("ERROR", least: 10), .init("ID"),
        ])
        let names = Dictionary(channels.map { ($0.id, $0.name) }) { first, _ in first }
        let ids = deliveries.map(\.id)
        for delivery in deliveries {
            table.append([
                delivery.status, Age.text(delivery.createdAt, at: now),
                delivery.channel.flatMap { names[$0] } ?? "(deleted)", delivery.event,
                "\(delivery.attempts)/\(delivery.mostAttempts)", delivery.error ?? "",
                ShortID.text(delivery.id, among: ids),
            ])
        }
        return table.lines(width: width)
    }

    /// What a rule would have fired.
    package static func lines(preview node: JSONNode, of rule: String, width: Int) -> [String] {
        let fired = node["would_have_fired"]?.elements.map(\.self) ?? []
        let times = fired.count == 1 ? "once" : "\(fired.count) times"
        var lines = ["\(TerminalText.value(rule)) would have fired \(fired.isEmpty ? "never" : times)"]
        if !fired.isEmpty {
            var table = Table([.init("AT"), .init("SEVERITY"), .init("WHAT", least: 20)])
            for one in fired {
                let at = one["at"]?.timestamp?.iso8601(offset: .z) ?? ""
                table.append([
                    String(at.prefix(19)), one["severity"]?.string ?? "",
                    one["summary"]?.string ?? one["key"]?.string ?? "",
                ])
            }
            lines += table.lines(width: width)
        }
        return lines + (node["notes"]?.elements.compactMap(\.string).map(TerminalText.value) ?? [])
    }
}

/// Lists for programs.
package enum AlertLists {
    /// A JSON array of values as the server wrote them.
    package static func array(_ items: [[UInt8]]) -> String {
        var writer = JSONWriter()
        writer.array { list in
            for item in items { list.raw(item) }
        }
        return writer.text
    }
}
