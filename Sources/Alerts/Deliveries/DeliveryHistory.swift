internal import Core
internal import Ingest
internal import Postgres

/// The SQL of `alert_delivery` for people.
enum DeliveryHistory {
    /// One more than asked for, when there are more.
    static func fetch(_ query: DeliveryRoutes.Query, on connection: Connection) throws -> [DeliveryRecord] {
        var conditions = SQLConditions()
        conditions.require("rule_id", equals: query.rule.map(Parameter.uuid))
        conditions.require("channel_id", equals: query.channel.map(Parameter.uuid))
        conditions.require("incident_id", equals: query.incident.map(Parameter.uuid))
        if !query.statuses.isEmpty {
            let statuses = conditions.place(.textArray(query.statuses.map(Optional.some)))
            conditions.require("status = ANY (\(statuses)::text[])")
        }
        if let since = query.since {
            conditions.require("created_at >= \(conditions.place(.timestamp(since)))")
        }
        if let until = query.until {
            conditions.require("created_at < \(conditions.place(.timestamp(until)))")
        }
        if let cursor = query.cursor {
            let time = conditions.place(.timestamp(cursor.createdAt))
            let id = conditions.place(.uuid(cursor.id))
            conditions.require("(created_at, uuid) < (\(time)::timestamptz, \(id)::uuid)")
        }
        let limit = conditions.place(.int(query.limit + 1))
        let offset = conditions.place(.int(query.offset))
        return try connection.execute(
            Statement(
                "alert deliveries",
                """
                SELECT \(DeliveryRecord.columns)
                FROM alert_delivery
                WHERE \(conditions.text)
                ORDER BY created_at DESC, uuid DESC
                LIMIT \(limit) OFFSET \(offset)
                """
            ),
            conditions.parameters
        ).map { try DeliveryRecord($0) }
    }

    static func fetch(_ id: UUID128, on connection: Connection) throws -> DeliveryRecord? {
        try connection.execute(
            Statement(
                "alert delivery",
                "SELECT \(DeliveryRecord.columns) FROM alert_delivery WHERE uuid = $1"
            ),
            [.uuid(id)]
        ).first.map { try DeliveryRecord($0) }
    }

    /// Lets a failed delivery be sent again.
    static func retry(_ id: UUID128, on connection: Connection) throws -> DeliveryRecord? {
        try connection.execute(
            Statement(
                "retry alert delivery",
                """
                UPDATE alert_delivery
                SET status = 'pending', next_attempt_at = now(), updated_at = now(), lease_until = NULL,
                    max_attempts = attempts + max_attempts
                WHERE uuid = $1 AND status = 'failed'
                RETURNING \(DeliveryRecord.columns)
                """
            ),
            [.uuid(id)]
        ).first.map { try DeliveryRecord($0) }
    }

    /// Whether a row of `alert_delivery` is over, so that it may be deleted. Those of an incident that fires say who was
    /// told of it, and is to be told of its end.
    static let isOver = """
        status IN ('sent', 'failed') AND NOT EXISTS (
            SELECT FROM alert_incident i WHERE i.uuid = alert_delivery.incident_id AND i.status = 'firing'
        )
        """

    /// Deletes those that are over.
    static func purge(before time: Timestamp, _ statuses: [String], on connection: Connection) throws -> Int {
        let over = ["sent", "failed"].filter { statuses.isEmpty || statuses.contains($0) }
        return try connection.execute(
            Statement(
                "purge alert deliveries",
                "DELETE FROM alert_delivery WHERE created_at < $1 AND status = ANY ($2::text[]) AND \(isOver)"
            ),
            [.timestamp(time), .textArray(over.map(Optional.some))]
        ).affectedRows
    }
}
