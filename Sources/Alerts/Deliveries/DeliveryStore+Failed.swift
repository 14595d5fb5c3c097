internal import Core
internal import Postgres

extension DeliveryStore {
    /// What others are told of a delivery that has failed; nil when it is gone.
    static func failed(_ delivery: ClaimedDelivery, _ error: String?, on connection: Connection) throws
        -> FailedDelivery?
    {
        try connection.execute(
            Statement(
                "failed alert delivery",
                """
                SELECT d.rule_id, i.alert, i.project, coalesce(i.source_ids, '{}') AS source_ids,
                       i.labels ->> 'pipeline' AS run
                FROM alert_delivery d
                LEFT JOIN alert_incident i ON i.uuid = d.incident_id
                WHERE d.uuid = $1
                """
            ),
            [.uuid(delivery.id)]
        ).first.map { row in
            FailedDelivery(
                id: delivery.id,
                rule: try row.optionalUUID("rule_id"),
                channel: delivery.channel,
                error: error,
                alert: try row.optionalText("alert"),
                project: try row.optionalText("project"),
                sources: try row.textArray("source_ids").compactMap(\.self),
                run: try row.optionalText("run"),
                payload: delivery.payload
            )
        }
    }
}
