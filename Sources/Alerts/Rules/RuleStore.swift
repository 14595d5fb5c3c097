internal import Core
internal import Notifications
internal import Postgres

/// The SQL of `alert_rule`.
enum RuleStore {
    private static let columns = """
        uuid, name, description, project_module, enabled, severity, trigger_kind, trigger_config::text AS config,
        scope::text AS scope, channel_ids, cooldown_seconds, dedupe_by, send_resolved, origin, last_fired_at,
        evaluation_error, created_at, updated_at
        """

    /// All of them by name.
    static func fetchAll(on connection: Connection) throws -> [AlertRule] {
        try connection.execute(
            Statement("alert rules", "SELECT \(columns) FROM alert_rule ORDER BY name, uuid"),
            []
        ).compactMap(rule)
    }

    static func fetch(_ id: UUID128, on connection: Connection) throws -> AlertRule? {
        try connection.execute(
            Statement("alert rule", "SELECT \(columns) FROM alert_rule WHERE uuid = $1 FOR UPDATE"),
            [.uuid(id)]
        ).first.flatMap(rule)
    }

    /// Stores a new rule or replaces an old one, but for the times at which it fired.
    static func store(_ rule: AlertRule, on connection: Connection) throws {
        try connection.execute(
            Statement(
                "store alert rule",
                """
                INSERT INTO alert_rule (
                    uuid, name, description, project_module, enabled, severity, trigger_kind, trigger_config, scope,
                    channel_ids, cooldown_seconds, dedupe_by, send_resolved, origin, created_at, updated_at
                )
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9::jsonb, $10::uuid[], $11, $12, $13, $14, $15, $16)
                ON CONFLICT (uuid) DO UPDATE
                SET name = excluded.name, description = excluded.description,
                    project_module = excluded.project_module, enabled = excluded.enabled,
                    severity = excluded.severity, trigger_kind = excluded.trigger_kind,
                    trigger_config = excluded.trigger_config, scope = excluded.scope,
                    channel_ids = excluded.channel_ids, cooldown_seconds = excluded.cooldown_seconds,
                    dedupe_by = excluded.dedupe_by, send_resolved = excluded.send_resolved,
                    origin = excluded.origin, updated_at = excluded.updated_at,
                    next_evaluation_at = '-infinity', evaluation_error = NULL
                """
            ),
            [
                .uuid(rule.id), .text(rule.name), .optional(rule.description), .optional(rule.project),
                .bool(rule.isEnabled), .text(rule.severity?.rawValue ?? "event"), .text(rule.kind.rawValue),
                .utf8(rule.trigger.json), .utf8(LabelsJSON.encode(rule.scope)),
                .uuidArray(rule.channels.map(Optional.some)), .int(rule.cooldown),
                .text(rule.dedupeBy.rawValue), .bool(rule.sendsResolved), .text(rule.origin),
                .timestamp(rule.createdAt), .optional(rule.updatedAt),
            ]
        )
        // What held by the old rule says nothing of the new one.
        try connection.execute("DELETE FROM alert_condition WHERE rule_id = $1", [.uuid(rule.id)])
        try Revision.bump(on: connection)
    }

    /// Deletes a rule; false when there is none. The engine ends its open incidents.
    static func delete(_ id: UUID128, on connection: Connection) throws -> Bool {
        let gone = try connection.execute("DELETE FROM alert_rule WHERE uuid = $1", [.uuid(id)]).affectedRows
        if gone > 0 { try Revision.bump(on: connection) }
        return gone > 0
    }

    /// Notes that rules have fired.
    static func markFired(_ rules: Set<UUID128>, on connection: Connection) throws {
        guard !rules.isEmpty else { return }
        try connection.execute(
            Statement(
                "alert rules fired",
                "UPDATE alert_rule SET last_fired_at = now() WHERE uuid = ANY ($1::uuid[])"
            ),
            [.uuidArray(rules.map(Optional.some))]
        )
    }

    /// Claims the rules that are due, among some, for this transaction, and sets when they are due next. Others skip them.
    static func claimDue(
        _ rules: [UUID128],
        every interval: Duration,
        on connection: Connection
    ) throws -> Set<UUID128> {
        let rows = try connection.execute(
            Statement(
                "claim due alert rules",
                """
                UPDATE alert_rule r
                SET next_evaluation_at = now() + $2 * interval '1 second'
                FROM (
                    SELECT uuid
                    FROM alert_rule
                    WHERE enabled AND uuid = ANY ($1::uuid[])
                      -- A clock that was set back must not stop rules.
                      AND (next_evaluation_at <= now() OR next_evaluation_at > now() + interval '1 hour')
                    ORDER BY next_evaluation_at
                    FOR UPDATE SKIP LOCKED
                ) due
                WHERE r.uuid = due.uuid
                RETURNING r.uuid
                """
            ),
            [.uuidArray(rules.map(Optional.some)), .double(interval / .seconds(1))]
        )
        return Set(try rows.map { try $0.uuid("uuid") })
    }

    /// Notes why a rule could not be evaluated, or that it was.
    static func note(_ error: String?, of id: UUID128, on connection: Connection) throws {
        try connection.execute(
            Statement(
                "alert rule error",
                """
                UPDATE alert_rule SET evaluation_error = $2
                WHERE uuid = $1 AND evaluation_error IS DISTINCT FROM $2
                """
            ),
            [.uuid(id), .optional(error)]
        )
    }

    /// Nil for a kind that this Weir does not know: a newer one has stored it.
    private static func rule(_ row: Row) throws -> AlertRule? {
        guard let kind = TriggerKind(rawValue: try row.text("trigger_kind")) else { return nil }
        return AlertRule(
            id: try row.uuid("uuid"),
            name: try row.text("name"),
            description: try row.optionalText("description"),
            project: try row.optionalText("project_module"),
            isEnabled: try row.bool("enabled"),
            severity: AlertSeverity(rawValue: try row.text("severity")),
            trigger: TriggerConfig(kind: kind, json: try row.utf8("config")),
            scope: LabelsJSON.decode(try row.utf8("scope")),
            channels: try row.uuidArray("channel_ids").compactMap(\.self),
            cooldown: try row.int("cooldown_seconds"),
            dedupeBy: AlertRule.DedupeBy(rawValue: try row.text("dedupe_by")) ?? .subject,
            sendsResolved: try row.bool("send_resolved"),
            origin: try row.text("origin"),
            lastFiredAt: try row.optionalTimestamp("last_fired_at"),
            evaluationError: try row.optionalText("evaluation_error"),
            createdAt: try row.timestamp("created_at"),
            updatedAt: try row.optionalTimestamp("updated_at")
        )
    }
}

/// The number of changes of channels, rules and silences.
enum Revision {
    static func bump(on connection: Connection) throws {
        try connection.execute("UPDATE alert_revision SET revision = revision + 1", [])
    }

    static func current(on connection: Connection) throws -> Int64 {
        try connection.execute(Statement("alert revision", "SELECT revision FROM alert_revision"), []).first?
            .int64("revision") ?? 0
    }
}

/// Labels as a JSON object of texts.
enum LabelsJSON {
    static func encode(_ labels: [String: String]) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { object in
            for (name, value) in labels.sorted(by: { $0.key < $1.key }) { object.member(name, value) }
        }
        return writer.bytes
    }

    static func decode(_ json: [UInt8]) -> [String: String] {
        guard let document = try? JSONDocument(json) else { return [:] }
        var labels: [String: String] = [:]
        for member in document.root.members {
            if let name = member.key.string, let value = member.value.string { labels[name] = value }
        }
        return labels
    }
}
