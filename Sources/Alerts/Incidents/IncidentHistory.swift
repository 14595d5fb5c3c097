internal import Core
internal import Ingest
internal import Postgres

/// The SQL of `alert_incident` for people.
enum IncidentHistory {
    /// Who was told of an incident.
    struct Told: Sendable {
        let channel: UUID128?
        let name: String?
        let state: String
        let status: String
        let at: Timestamp
    }

    /// One more than asked for, when there are more.
    static func fetch(_ query: IncidentRoutes.Query, on connection: Connection) throws -> [Incident] {
        var conditions = SQLConditions()
        // Said so that an index of firing ones can be used.
        if let status = query.status {
            conditions.require("status = '\(status == "firing" ? "firing" : "resolved")'")
        }
        conditions.require("event", equals: query.event.map(Parameter.text))
        conditions.require("project", equals: query.project.map(Parameter.text))
        conditions.require("rule_id", equals: query.rule.map(Parameter.uuid))
        conditions.require("labels ->> 'pipeline'", equals: query.pipeline.map(Parameter.text))
        if let cursor = query.cursor {
            let time = conditions.place(.timestamp(cursor.createdAt))
            let id = conditions.place(.uuid(cursor.id))
            conditions.require("(last_fired_at, uuid) < (\(time)::timestamptz, \(id)::uuid)")
        }
        let limit = conditions.place(.int(query.limit + 1))
        return try connection.execute(
            Statement(
                "alert incidents",
                """
                SELECT \(Incident.columns)
                FROM alert_incident
                WHERE \(conditions.text)
                ORDER BY last_fired_at DESC, uuid DESC
                LIMIT \(limit)
                """
            ),
            conditions.parameters
        ).map { try Incident($0) }
    }

    static func fetch(_ id: UUID128, on connection: Connection) throws -> Incident? {
        try connection.execute(
            Statement("alert incident", "SELECT \(Incident.columns) FROM alert_incident WHERE uuid = $1"),
            [.uuid(id)]
        ).first.map { try Incident($0) }
    }

    /// The deliveries of some incidents, oldest first, at most twenty of each.
    static func told(_ ids: [UUID128], on connection: Connection) throws -> [UUID128: [Told]] {
        guard !ids.isEmpty else { return [:] }
        let rows = try connection.execute(
            Statement(
                "who was told of incidents",
                """
                SELECT i.id, d.channel_id, c.name, d.state, d.status, coalesce(d.sent_at, d.created_at) AS at
                FROM unnest($1::uuid[]) AS i (id)
                CROSS JOIN LATERAL (
                    SELECT channel_id, state, status, sent_at, created_at
                    FROM alert_delivery
                    WHERE incident_id = i.id
                    ORDER BY created_at
                    LIMIT 20
                ) d
                LEFT JOIN notification_channel c ON c.uuid = d.channel_id
                """
            ),
            [.uuidArray(ids.map(Optional.some))]
        )
        var told: [UUID128: [Told]] = [:]
        for row in rows {
            told[try row.uuid("id"), default: []].append(
                Told(
                    channel: try row.optionalUUID("channel_id"),
                    name: try row.optionalText("name"),
                    state: try row.text("state"),
                    status: try row.text("status"),
                    at: try row.timestamp("at")
                )
            )
        }
        return told
    }

    /// Notes who looks after a firing incident; false when it is not firing.
    static func acknowledge(_ id: UUID128, by name: String?, on connection: Connection) throws -> Bool {
        try connection.execute(
            Statement(
                "acknowledge alert incident",
                """
                UPDATE alert_incident
                SET acknowledged_by = $2::text, acknowledged_at = CASE WHEN $2::text IS NOT NULL THEN now() END
                WHERE uuid = $1 AND status = 'firing'
                """
            ),
            [.uuid(id), .optional(name)]
        ).affectedRows > 0
    }

    /// Ends a firing incident by hand; nil when it is not firing.
    static func resolve(_ id: UUID128, by name: String, on connection: Connection) throws -> Incident? {
        try connection.execute(
            Statement(
                "resolve alert incident",
                """
                UPDATE alert_incident
                SET status = 'resolved', resolved_at = now(), resolved_by = $2
                WHERE uuid = $1 AND status = 'firing'
                RETURNING \(Incident.columns)
                """
            ),
            [.uuid(id), .text(name)]
        ).first.map { try Incident($0) }
    }
}
