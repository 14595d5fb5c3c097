internal import Core
internal import Ingest
internal import Notifications

/// What a rule over events says of one event.
enum EventFinding {
    /// Nil when the rule is not about such events.
    static func finding(_ event: AlertEvent, _ rule: AlertRule) -> Finding? {
        switch rule.kind {
        case .executionTerminal:
            guard event.name == .pipelineFailed else { return nil }
            var finding = make(event, rule, alert: "execution.failed")
            finding.links = links { $0.member("events", eventsPath(event)) }
            return finding
        case .discoveryChanged:
            guard event.name == .discoveryChanged, !event.sources.isEmpty else { return nil }
            var finding = make(event, rule, alert: rule.kind.rawValue)
            finding.links = links { links in
                links.member("sources", "/api/v2/sources?project_module=\(event.project ?? "")")
                links.member("changed_count", event.sources.count)
            }
            return finding
        case .executionStatus:
            guard let status = ExecutionStatus(outboxKind: event.kind),
                rule.trigger.words("statuses").contains(status.rawValue)
            else { return nil }
            var finding = make(event, rule, alert: rule.kind.rawValue)
            finding.key = "\(status.rawValue)/\(event.subject)"
            return finding
        case .event:
            let least = AlertSeverity(rawValue: rule.trigger.word("min_severity")) ?? .info
            guard rule.trigger.words("events").contains(event.name.rawValue), event.severity >= least else {
                return nil
            }
            return make(event, rule, alert: event.name.rawValue)
        default: return nil
        }
    }

    /// That enough events came. Contract beampipe §11.3b, `event_match`.
    static func counted(_ outbox: OutboxEvent, _ event: AlertEvent?, _ rule: AlertRule, _ count: Int)
        -> Finding
    {
        let pattern = EventPattern(rule.trigger)
        let many =
            pattern.count == 1 ? "" : " (\(count) within \(Int(pattern.window / .seconds(60))) minutes)"
        return Finding(
            key: pattern.count == 1 ? "\(outbox.kind):\(outbox.subject)" : pattern.type,
            event: event?.name.rawValue ?? outbox.kind,
            alert: rule.kind.rawValue,
            severity: event.map { rule.severity(of: $0) } ?? rule.severity ?? .warning,
            title: event?.title ?? outbox.kind,
            summary: (event?.text ?? "\(outbox.kind) of \(outbox.subject)") + many,
            labels: event?.labels ?? ["subject": outbox.subject],
            facts: event?.facts ?? [],
            at: outbox.at,
            isMomentary: true
        )
    }

    private static func make(_ event: AlertEvent, _ rule: AlertRule, alert: String) -> Finding {
        Finding(
            key: key(event, rule),
            event: event.name.rawValue,
            alert: alert,
            severity: rule.severity(of: event),
            title: event.title,
            summary: event.text,
            labels: event.labels,
            facts: event.facts,
            sources: event.sources,
            at: event.at,
            isMomentary: event.phase == .momentary
        )
    }

    /// The event and its subject, or the labels by which the rule groups.
    private static func key(_ event: AlertEvent, _ rule: AlertRule) -> String {
        let groups = rule.kind == .event ? rule.trigger.words("group_by") : []
        guard !groups.isEmpty else { return event.key }
        let parts = groups.map { "\($0)=\(event.labels[$0] ?? "")" }
        return "\(event.name.rawValue):\(parts.joined(separator: ","))"
    }

    private static func eventsPath(_ event: AlertEvent) -> String {
        "/api/v2/executions/\(event.labels["pipeline"] ?? event.subject)/events"
    }

    private static func links(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { write(&$0) }
        return writer.bytes
    }
}

extension AlertRule {
    /// The rule's, or the event's where the rule leaves it to that.
    func severity(of event: AlertEvent) -> AlertSeverity { severity ?? event.severity }
}
