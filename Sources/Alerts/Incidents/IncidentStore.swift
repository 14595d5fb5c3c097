internal import Core
internal import Notifications
internal import Postgres

/// The SQL of `alert_incident` for the engine.
enum IncidentStore {
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

    /// The events that events may end, of which incidents fire.
    static func firingEvents(on connection: Connection) throws -> Set<String> {
        let rows = try connection.execute(
            Statement(
                "firing alert events",
                """
                SELECT e.event
                FROM unnest($1::text[]) AS e (event)
                WHERE EXISTS (SELECT FROM alert_incident i WHERE i.event = e.event AND i.status = 'firing')
                """
            ),
            [.textArray(EventName.allCases.map(\.rawValue))]
        )
        return Set(try rows.map { try $0.text("event") })
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
}

extension IncidentStore {
    /// What is stored of an incident when people are told of it, or when that is put off.
    struct Record: Sendable {
        enum News: String, Sendable {
            /// People are told now: the cooldown begins.
            case told
            /// People know that it is over: the next time is news.
            case over
            case none
        }

        let incident: Incident
        var news = News.none
    }

    /// Stores what people have been told, and what is held back.
    static func store(_ records: [Record], on connection: Connection) throws {
        guard !records.isEmpty else { return }
        try connection.execute(
            Statement(
                "alert incidents told",
                """
                UPDATE alert_incident i
                SET notice = n.notice, suppressed = n.suppressed, silenced_by = n.silenced_by,
                    notified_at = CASE n.news WHEN 'told' THEN now() WHEN 'over' THEN NULL ELSE i.notified_at END
                FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::uuid[], $5::text[])
                    AS n (uuid, notice, suppressed, silenced_by, news)
                WHERE i.uuid = n.uuid
                """
            ),
            [
                .uuidArray(records.map(\.incident.id)), .textArray(records.map(\.incident.notice?.rawValue)),
                .int64Array(records.map(\.incident.suppressed)),
                .uuidArray(records.map(\.incident.silencedBy)),
                .textArray(records.map(\.news.rawValue)),
            ]
        )
    }

    /// How many firings of earlier incidents with the same rules and keys nobody was told of, by the incident that is
    /// told now; they count as told.
    static func takeSuppressed(before incidents: [Incident], on connection: Connection) throws
        -> [UUID128: Int64]
    {
        guard !incidents.isEmpty else { return [:] }
        let rows = try connection.execute(
            Statement(
                "suppressed firings of earlier alert incidents",
                """
                WITH earlier AS (
                    SELECT n.uuid AS told, i.uuid, i.suppressed
                    FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS n (uuid, rule_id, key)
                    JOIN alert_incident i ON i.rule_id = n.rule_id AND i.key = n.key
                    WHERE i.uuid <> n.uuid AND i.suppressed > 0
                    FOR UPDATE OF i
                ),
                taken AS (
                    UPDATE alert_incident i SET suppressed = 0 FROM earlier e WHERE i.uuid = e.uuid
                )
                SELECT told, sum(suppressed)::bigint AS count FROM earlier GROUP BY told
                """
            ),
            [
                .uuidArray(incidents.map(\.id)), .uuidArray(incidents.map(\.ruleID)),
                .textArray(incidents.map(\.key)),
            ]
        )
        return Dictionary(try rows.map { (try $0.uuid("told"), try $0.int64("count")) }) { $0 + $1 }
    }
}
