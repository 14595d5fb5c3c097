internal import API
internal import Core
internal import Notifications

/// A rule as a client sends it. Contract beampipe §4.6.
enum RuleBody {
    /// A new rule.
    static func new(_ root: JSONNode, at now: Timestamp) throws(OperatorFailure) -> AlertRule {
        var reader = MemberReader(root)
        let name = reader.name("name", isRequired: true)
        let kind = reader.word("trigger_kind", TriggerKind.self, isRequired: true)
        if !reader.has("trigger_config") {
            reader.miss("trigger_config")
        }
        let channels = reader.ids("channel_ids", isRequired: true)
        var rule = AlertRule(
            id: .timeOrdered(at: now),
            name: name ?? "",
            isEnabled: true,
            severity: .warning,
            trigger: TriggerConfig(kind: kind ?? .event, json: []),
            scope: [:],
            channels: channels ?? [],
            cooldown: 3600,
            dedupeBy: .subject,
            sendsResolved: false,
            origin: "api",
            createdAt: now
        )
        readRest(&reader, &rule)
        if let kind { readConfig(&reader, kind, &rule) }
        try reader.finish()
        return rule
    }

    /// Changes a rule by the members that are there. Null clears what may be absent, and changes nothing else.
    static func patch(_ root: JSONNode, _ rule: inout AlertRule, at now: Timestamp) throws(OperatorFailure) {
        var reader = MemberReader(root)
        if let name = reader.name("name") { rule.name = name }
        let kind = reader.word("trigger_kind", TriggerKind.self) ?? rule.kind
        if let channels = reader.ids("channel_ids") { rule.channels = channels }
        readRest(&reader, &rule)
        if kind != rule.kind || reader.node("trigger_config") != nil { readConfig(&reader, kind, &rule) }
        try reader.finish()
        rule.updatedAt = now
    }

    private static func readRest(_ reader: inout MemberReader, _ rule: inout AlertRule) {
        if reader.has("description") { rule.description = reader.text("description", atMost: 10_000) }
        if reader.has("project_module") { rule.project = reader.name("project_module") }
        if let word = reader.word("severity", RuleSeverity.self) {
            rule.severity = AlertSeverity(rawValue: word.rawValue)
        }
        if let minutes = reader.integer("cooldown_minutes", 0...10_080) { rule.cooldown = minutes * 60 }
        if let seconds = reader.integer("cooldown_seconds", 0...604_800) { rule.cooldown = seconds }
        if let flag = reader.flag("enabled") { rule.isEnabled = flag }
        if let flag = reader.flag("send_resolved") { rule.sendsResolved = flag }
        if let word = reader.word("dedupe_by", AlertRule.DedupeBy.self) { rule.dedupeBy = word }
        if let origin = reader.word("origin", Origin.self) { rule.origin = origin.rawValue }
        if let scope = reader.labels("scope") { rule.scope = scope }
    }

    private static func readConfig(_ reader: inout MemberReader, _ kind: TriggerKind, _ rule: inout AlertRule)
    {
        guard let node = reader.root["trigger_config"] else {
            reader.refuse(TriggerConfig.issues(kind, rule.trigger.node))
            rule.trigger = TriggerConfig(kind: kind, json: rule.trigger.json)
            return
        }
        reader.refuse(TriggerConfig.issues(kind, node))
        rule.trigger = TriggerConfig(kind: kind, json: node.isNull ? Array("{}".utf8) : Array(node.rawBytes))
    }
}
