internal import Core
internal import Notifications

/// Rules as JSON. Contract beampipe §4.6; what follows `updated_at` is Weir's own.
enum RuleEncoder {
    static func write(_ rule: AlertRule, to writer: inout JSONWriter) {
        writer.object { object in
            object.member("uuid", rule.id)
            object.member("name", rule.name)
            object.member("project_module", rule.project)
            object.member("enabled", rule.isEnabled)
            object.member("severity", rule.severity?.rawValue ?? "event")
            object.member("trigger_kind", rule.kind.rawValue)
            object.member("trigger_config", raw: rule.trigger.json)
            object.array("channel_ids") { list in
                for channel in rule.channels { list.value(channel) }
            }
            object.member("cooldown_minutes", (rule.cooldown + 59) / 60)
            object.member("last_fired_at", rule.lastFiredAt, offset: .z)
            object.member("created_at", rule.createdAt, offset: .z)
            object.member("updated_at", rule.updatedAt, offset: .z)
            object.member("description", rule.description)
            object.member("scope", raw: LabelsJSON.encode(rule.scope))
            object.member("cooldown_seconds", rule.cooldown)
            object.member("dedupe_by", rule.dedupeBy.rawValue)
            object.member("send_resolved", rule.sendsResolved)
            object.member("origin", rule.origin)
            object.member("evaluation_error", rule.evaluationError)
        }
    }
}
