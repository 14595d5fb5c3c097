internal import API
internal import Notifications

/// Bodies and answers as `/openapi.json` describes them.
enum AlertsSchemas {
    private static let uuid: APIType = {
        var type = APIType.text
        type.format = "uuid"
        return type
    }()

    static let rule = APISchema(
        "AlertRule",
        [
            .init("uuid", uuid),
            .init("name", .text),
            .init("project_module", .text.orNull),
            .init("enabled", .flag),
            .init("severity", .text),
            .init("trigger_kind", .word(TriggerKind.allCases.map(\.rawValue))),
            .init("trigger_config", .object),
            .init("channel_ids", .list(uuid)),
            .init("cooldown_minutes", .count),
            .init("last_fired_at", .moment.orNull),
            .init("created_at", .moment),
            .init("updated_at", .moment.orNull),
            .init("description", .text.orNull),
            .init("scope", .map(.text)),
            .init("cooldown_seconds", .count),
            .init("dedupe_by", .word(AlertRule.DedupeBy.allCases.map(\.rawValue))),
            .init("send_resolved", .flag),
            .init("origin", .text),
            .init("evaluation_error", .text.orNull),
        ]
    )

    static let newRule = APISchema("NewAlertRule", ruleMembers(isNew: true))
    static let rulePatch = APISchema("AlertRulePatch", ruleMembers(isNew: false))

    private static func ruleMembers(isNew: Bool) -> [APISchema.Member] {
        [
            .init("name", name, isRequired: isNew),
            .init("trigger_kind", .word(TriggerKind.allCases.map(\.rawValue)), isRequired: isNew),
            .init("trigger_config", .object.orNull, isRequired: isNew),
            .init("channel_ids", .list(uuid), isRequired: isNew),
            .init("project_module", name.orNull, isRequired: false),
            .init("description", .sentText.orNull, isRequired: false),
            .init("severity", .word(RuleSeverity.allCases.map(\.rawValue)).orNull, isRequired: false),
            .init("cooldown_minutes", .integer(0...10_080).orNull, isRequired: false),
            .init("cooldown_seconds", .integer(0...604_800).orNull, isRequired: false),
            .init("enabled", .flag.orNull, isRequired: false),
            .init("scope", .map(.sentText).orNull, isRequired: false),
            .init(
                "dedupe_by",
                .word(AlertRule.DedupeBy.allCases.map(\.rawValue)).orNull,
                isRequired: false
            ),
            .init("send_resolved", .flag.orNull, isRequired: false),
        ]
    }

    private static let name: APIType = {
        var type = APIType.matching(#"^[^\u0000]*\S[^\u0000]*$"#)
        type.longest = 200
        return type
    }()

    static let channel = APISchema(
        "NotificationChannel",
        [
            .init("uuid", uuid),
            .init("name", .text),
            .init("kind", .word(ChannelKind.allCases.map(\.rawValue))),
            .init("config", APIType.object.noting("Secrets are shown as [REDACTED].")),
            .init("secret_fields", .list(.text)),
            .init("configured_fields", .list(.text)),
            .init("enabled", .flag),
            .init("created_at", .moment),
            .init("updated_at", .moment.orNull),
            .init("disabled_reason", .text.orNull),
            .init("origin", .text),
        ]
    )

    static let newChannel = APISchema(
        "NewNotificationChannel",
        [
            .init("name", name),
            .init("kind", .word(ChannelKind.allCases.map(\.rawValue))),
            .init("config", .object),
            .init("enabled", .flag.orNull, isRequired: false),
        ]
    )

    static let channelPatch = APISchema(
        "NotificationChannelPatch",
        [
            .init("name", name.orNull, isRequired: false),
            .init("config", .object.orNull, isRequired: false),
            .init("enabled", .flag.orNull, isRequired: false),
        ]
    )

    static let tested = APISchema(
        "ChannelTest",
        [
            .init("delivery_id", uuid),
            .init("status", .word(["sent_or_failed"])),
            .init("result", .word(["sent", "failed"])),
            .init("error", .text.orNull),
            .init("duration_ms", .count),
            .init("http_status", APIType(.integer).orNull),
        ]
    )

    static let delivery = APISchema(
        "AlertDelivery",
        [
            .init("uuid", uuid),
            .init("rule_id", uuid.orNull),
            .init("channel_id", uuid.orNull),
            .init("status", .word(DeliveryRecord.Status.allCases.map(\.rawValue))),
            .init("payload", .object),
            .init("error", .text.orNull),
            .init("created_at", .moment),
            .init("incident_id", uuid.orNull),
            .init("state", .word(["firing", "resolved", "test"])),
            .init("event", .text),
            .init("attempts", .count),
            .init("max_attempts", .count),
            .init("next_attempt_at", .moment.orNull),
            .init("sent_at", .moment.orNull),
            .init("updated_at", .moment.orNull),
            .init("dedupe_key", .text),
            .init("http_status", APIType(.integer).orNull),
            .init("duration_ms", APIType(.integer).orNull),
        ]
    )

    static let comparison = APISchema("ChannelComparison", [.init("config", .object)])
    static let compared = APISchema("ComparedChannel", [.init("changed", .list(.text))])

    static let preview = APISchema(
        "AlertPreview",
        [
            .init("would_have_fired", .list(.object)),
            .init("evaluated", .object),
            .init("notes", .list(.text)),
        ]
    )

    static let resealed = APISchema("ResealedChannels", [.init("resealed", .count)])

    static let purged = APISchema("PurgedDeliveries", [.init("deleted", .count)])

    static let incident = APISchema(
        "AlertIncident",
        [
            .init("uuid", uuid),
            .init("status", .word(Incident.Status.allCases.map(\.rawValue))),
            .init("rule_id", uuid.orNull),
            .init("rule_name", .text),
            .init("key", .text),
            .init("event", .text),
            .init("severity", .text),
            .init("project_module", .text.orNull),
            .init("title", .text),
            .init("summary", .text),
            .init("labels", .map(.text)),
            .init("details", .object),
            .init("value", .number.orNull),
            .init("started_at", .moment),
            .init("last_fired_at", .moment),
            .init("firings", .count),
            .init("resolved_at", .moment.orNull),
            .init("resolved_by", .text.orNull),
            .init("flaps", .count),
            .init("acknowledged_at", .moment.orNull),
            .init("acknowledged_by", .text.orNull),
            .init("silenced_by", uuid.orNull),
            .init("told", .list(.object)),
        ]
    )

    static let incidents = APISchema(
        "AlertIncidents",
        [.init("incidents", .list(.named(incident))), .init("next_cursor", .text.orNull)]
    )

    /// A body that may be absent.
    static let person = APISchema(
        "Person",
        [.init("by", APIType.sentText.orNull.noting("Who does it."), isRequired: false)]
    )
}
