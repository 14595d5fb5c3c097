internal import Core
internal import Notifications
internal import Postgres

/// The SQL of `alert_incident` for the engine.
enum IncidentStore {
    private static let refire = Statement(
        "alert incident fires again",
        """
        UPDATE alert_incident
        SET firings = firings + 1, last_fired_at = greatest(last_fired_at, $3), summary = $4, details = $5::jsonb,
            value = $6, severity = $7
        WHERE rule_id = $1 AND key = $2 AND status = 'firing'
        RETURNING \(Incident.columns)
        """
    )

    private static let reopen = Statement(
        "alert incident is back",
        """
        UPDATE alert_incident
        SET status = 'firing', resolved_at = NULL, resolved_by = NULL, notice = NULL, flaps = flaps + 1, firings = firings + 1,
            last_fired_at = greatest(last_fired_at, $3), summary = $4, details = $5::jsonb, value = $6,
            severity = $7, acknowledged_at = NULL, acknowledged_by = NULL
        WHERE uuid = (
            SELECT uuid
            FROM alert_incident
            WHERE rule_id = $1 AND key = $2 AND status = 'resolved' AND resolved_by <> 'momentary'
              AND resolved_at > now() - $8 * interval '1 second'
            ORDER BY last_fired_at DESC
            LIMIT 1
        )
        RETURNING \(Incident.columns)
        """
    )

    private static let begin = Statement(
        "alert incident begins",
        """
        INSERT INTO alert_incident (
            uuid, rule_id, rule_name, key, status, event, alert, severity, project, title, summary, labels, details,
            links, source_ids, value, started_at, last_fired_at, resolved_at, resolved_by
        )
        VALUES (
            $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb, $13::jsonb, $14::jsonb, $15::text[], $16, $17,
            $17, CASE WHEN $5 = 'resolved' THEN $17::timestamptz END, CASE WHEN $5 = 'resolved' THEN 'momentary' END
        )
        RETURNING \(Incident.columns)
        """
    )

    /// What a firing did.
    enum Outcome {
        /// It is new, or is back after it was over.
        case began(Incident)
        /// It was there already.
        case goesOn(Incident)

        var incident: Incident {
            switch self {
            case .began(let incident), .goesOn(let incident): incident
            }
        }
    }

    /// Notes that a rule has found something.
    static func fire(
        _ finding: Finding,
        of rule: AlertRule,
        flapWindow: Duration,
        on connection: Connection
    ) throws -> Outcome? {
        let details = facts(finding.facts)
        if !finding.isMomentary {
            let known: [Parameter] = [
                .uuid(rule.id), .text(finding.key), .timestamp(finding.at), .text(finding.summary),
                .utf8(details), .optional(finding.value), .text(finding.severity.rawValue),
            ]
            if let row = try connection.execute(refire, known).first { return .goesOn(try Incident(row)) }
            let flaps: [Parameter] = known + [.double(flapWindow / .seconds(1))]
            if let row = try connection.execute(reopen, flaps).first { return .began(try Incident(row)) }
        }
        let status = finding.isMomentary ? Incident.Status.resolved : .firing
        let rows = try connection.execute(
            begin,
            [
                .uuid(.timeOrdered()), .uuid(rule.id), .text(rule.name), .text(finding.key),
                .text(status.rawValue), .text(finding.event), .text(finding.alert),
                .text(finding.severity.rawValue), .optional(finding.labels["project"]), .text(finding.title),
                .text(finding.summary), .utf8(LabelsJSON.encode(finding.labels)), .utf8(details),
                .utf8(finding.links), .textArray(finding.sources.map(Optional.some)),
                .optional(finding.value), .timestamp(finding.at),
            ]
        )
        return try rows.first.map { .began(try Incident($0)) }
    }

    /// Whether people were told of something that shares the cooldown with an incident, within it.
    static func isCoolingDown(_ incident: Incident, of rule: AlertRule, on connection: Connection) throws
        -> Bool
    {
        guard rule.cooldown > 0 else { return false }
        let shared =
            switch rule.dedupeBy {
            case .rule: "true"
            case .project: "project IS NOT DISTINCT FROM $3"
            case .subject: "key = $3"
            }
        let value: [Parameter] =
            switch rule.dedupeBy {
            case .rule: []
            case .project: [.optional(incident.project)]
            case .subject: [.text(incident.key)]
            }
        return try !connection.execute(
            Statement(
                "alert cooldown by \(rule.dedupeBy.rawValue)",
                """
                SELECT FROM alert_incident
                WHERE rule_id = $1 AND notified_at > now() - $2 * interval '1 second' AND \(shared)
                LIMIT 1
                """
            ),
            [.uuid(rule.id), .int(rule.cooldown)] + value
        ).isEmpty
    }

    /// Ends firing incidents of some rules; returns them as they are now.
    static func resolve(
        of rule: UUID128,
        except keys: [String],
        under prefix: String,
        by cause: String,
        on connection: Connection
    ) throws -> [Incident] {
        try connection.execute(
            Statement(
                "alert incidents end",
                """
                UPDATE alert_incident
                SET status = 'resolved', resolved_at = now(), resolved_by = $3
                WHERE rule_id = $1 AND status = 'firing' AND NOT (key = ANY ($2::text[]))
                  AND starts_with(key, $4)
                RETURNING \(Incident.columns)
                """
            ),
            [.uuid(rule), .textArray(keys.map(Optional.some)), .text(cause), .text(prefix)]
        ).map { try Incident($0) }
    }

    /// Ends firing incidents that a later event ends.
    static func resolve(
        _ ending: AlertEvent.Ending,
        on connection: Connection
    ) throws -> [Incident] {
        try connection.execute(
            Statement(
                "alert incidents end by event",
                """
                UPDATE alert_incident
                SET status = 'resolved', resolved_at = now(), resolved_by = 'event'
                WHERE status = 'firing' AND event = ANY ($1::text[]) AND labels ->> $2 = $3
                RETURNING \(Incident.columns)
                """
            ),
            [
                .textArray(ending.events.map(\.rawValue)), .text(ending.label), .text(ending.value),
            ]
        ).map { try Incident($0) }
    }

    /// Ends incidents of events that nothing has ended for a long time.
    static func expire(_ events: [EventName], after age: Duration, on connection: Connection) throws
        -> [Incident]
    {
        try connection.execute(
            Statement(
                "alert incidents expire",
                """
                UPDATE alert_incident
                SET status = 'resolved', resolved_at = now(), resolved_by = 'expired'
                WHERE status = 'firing' AND event = ANY ($1::text[])
                  AND last_fired_at < now() - $2 * interval '1 second'
                RETURNING \(Incident.columns)
                """
            ),
            [.textArray(events.map(\.rawValue)), .double(age / .seconds(1))]
        ).map { try Incident($0) }
    }

    /// Ends firing incidents whose rule is gone, disabled, or one of Weir's own that is not among those in force.
    static func resolveOrphans(_ rules: [UUID128], on connection: Connection) throws -> [Incident] {
        try connection.execute(
            Statement(
                "alert incidents without a rule",
                """
                UPDATE alert_incident
                SET status = 'resolved', resolved_at = now(), resolved_by = 'the rule is gone or disabled'
                WHERE status = 'firing' AND NOT EXISTS (
                    SELECT
                    FROM alert_rule r
                    WHERE r.uuid = rule_id AND r.enabled
                      AND (r.origin <> 'default' OR r.uuid = ANY ($1::uuid[]))
                )
                RETURNING \(Incident.columns)
                """
            ),
            [.uuidArray(rules.map(Optional.some))]
        ).map { try Incident($0) }
    }

    /// Incidents whose notice was held back, the oldest first.
    static func withNotice(atMost count: Int, on connection: Connection) throws -> [Incident] {
        try connection.execute(
            Statement(
                "alert incidents with notice",
                """
                SELECT \(Incident.columns)
                FROM alert_incident
                WHERE notice IS NOT NULL
                ORDER BY last_fired_at
                LIMIT $1
                FOR UPDATE SKIP LOCKED
                """
            ),
            [.int(count)]
        ).map { try Incident($0) }
    }

    /// Stores what people have been told, and what is held back.
    static func store(_ incident: Incident, wasTold: Bool, on connection: Connection) throws {
        try connection.execute(
            Statement(
                "alert incident told",
                """
                UPDATE alert_incident
                SET notice = $2, suppressed = $3, silenced_by = $4,
                    notified_at = CASE WHEN $5 THEN now() ELSE notified_at END
                WHERE uuid = $1
                """
            ),
            [
                .uuid(incident.id), .optional(incident.notice?.rawValue), .int64(incident.suppressed),
                .optional(incident.silencedBy), .bool(wasTold),
            ]
        )
    }

    private static func facts(_ facts: [AlertNotification.Fact]) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { object in
            for fact in facts { object.member(fact.name, raw: fact.json) }
        }
        return writer.bytes
    }
}

extension IncidentStore {
    /// How many firings of earlier incidents with the same rule and key nobody was told of; they count as told now.
    static func takeSuppressed(before incident: Incident, on connection: Connection) throws -> Int64 {
        guard let rule = incident.ruleID else { return 0 }
        let rows = try connection.execute(
            Statement(
                "suppressed firings of earlier alert incidents",
                """
                WITH earlier AS (
                    SELECT uuid, suppressed
                    FROM alert_incident
                    WHERE rule_id = $1 AND key = $2 AND uuid <> $3 AND suppressed > 0
                    FOR UPDATE
                ),
                told AS (
                    UPDATE alert_incident i SET suppressed = 0 FROM earlier WHERE i.uuid = earlier.uuid
                )
                SELECT coalesce(sum(suppressed), 0)::bigint AS count FROM earlier
                """
            ),
            [.uuid(rule), .text(incident.key), .uuid(incident.id)]
        )
        return try rows.first?.int64("count") ?? 0
    }

    /// People know that it is over: the next time is news.
    static func endCooldown(_ id: UUID128, on connection: Connection) throws {
        try connection.execute(
            Statement("alert cooldown ends", "UPDATE alert_incident SET notified_at = NULL WHERE uuid = $1"),
            [.uuid(id)]
        )
    }
}
