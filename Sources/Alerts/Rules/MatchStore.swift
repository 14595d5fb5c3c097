internal import Core
internal import Postgres

/// The SQL of `alert_match`: when events came that a rule counts.
enum MatchStore {
    /// When the last event came that a rule counts.
    static func last(of rule: UUID128, on connection: Connection) throws -> Timestamp? {
        try connection.execute(
            Statement("last alert match", "SELECT max(at) AS at FROM alert_match WHERE rule_id = $1"),
            [.uuid(rule)]
        ).first?.optionalTimestamp("at")
    }

    /// When the last events came that a rule counts, in order, `most` at most.
    static func newest(_ most: Int, of rule: UUID128, on connection: Connection) throws -> [Timestamp] {
        try connection.execute(
            Statement(
                "newest alert matches",
                "SELECT at FROM alert_match WHERE rule_id = $1 ORDER BY at DESC LIMIT $2"
            ),
            [.uuid(rule), .int(most)]
        ).map { try $0.timestamp("at") }.reversed()
    }

    /// Notes when events came, and forgets those before a moment.
    static func note(
        _ times: [Timestamp],
        forgettingBefore oldest: Timestamp,
        of rule: UUID128,
        on connection: Connection
    ) throws {
        try connection.execute(
            Statement(
                "note alert matches",
                "INSERT INTO alert_match (rule_id, at) SELECT $1::uuid, unnest($2::timestamptz[])"
            ),
            [.uuid(rule), .timestampArray(times.map(Optional.some))]
        )
        try connection.execute(
            Statement("forget alert matches", "DELETE FROM alert_match WHERE rule_id = $1 AND at < $2"),
            [.uuid(rule), .timestamp(oldest)]
        )
    }
}
