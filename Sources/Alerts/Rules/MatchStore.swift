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

    /// Remembers only when the last event came.
    static func note(_ time: Timestamp, of rule: UUID128, on connection: Connection) throws {
        try connection.execute(
            Statement(
                "forget earlier alert matches",
                "DELETE FROM alert_match WHERE rule_id = $1 AND at <= $2"
            ),
            [.uuid(rule), .timestamp(time)]
        )
        try connection.execute(
            Statement("note alert match", "INSERT INTO alert_match (rule_id, at) VALUES ($1, $2)"),
            [.uuid(rule), .timestamp(time)]
        )
    }

    /// Notes an event, forgets those that are older than the window, and counts the rest, `most` at most.
    static func add(
        _ time: Timestamp,
        of rule: UUID128,
        within window: Duration,
        upTo most: Int,
        on connection: Connection
    ) throws -> Int {
        let parameters: [Parameter] = [.uuid(rule), .timestamp(time), .double(window / .seconds(1))]
        try connection.execute(
            Statement("note alert match", "INSERT INTO alert_match (rule_id, at) VALUES ($1, $2)"),
            Array(parameters.prefix(2))
        )
        try connection.execute(
            Statement(
                "forget alert matches",
                "DELETE FROM alert_match WHERE rule_id = $1 AND at < $2::timestamptz - $3 * interval '1 second'"
            ),
            parameters
        )
        return try connection.execute(
            Statement(
                "count alert matches",
                "SELECT count(*) AS count FROM (SELECT FROM alert_match WHERE rule_id = $1 LIMIT $2) m"
            ),
            [.uuid(rule), .int(most)]
        )[0].int("count")
    }
}
