package import Core
package import Postgres

/// How much was sent, for whoever shows it.
package enum AlertDeliveryCount {
    /// How many deliveries were made since a moment, whatever became of them; by the index of their times.
    ///
    /// - Throws: `PostgresError`.
    package static func since(_ time: Timestamp, on connection: Connection) throws -> Int64 {
        try connection.execute(
            Statement(
                "recent alert deliveries",
                "SELECT count(*) FROM alert_delivery WHERE created_at >= $1"
            ),
            [.timestamp(time)]
        ).first?.int64(0) ?? 0
    }
}
