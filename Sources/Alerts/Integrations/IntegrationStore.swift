internal import Core
internal import Notifications
internal import Postgres

/// The SQL of `observability_integration_config` and `…_health`. Contract pipelogiq §1.8.
enum IntegrationStore {
    /// What is stored of an integration: its document as it is at rest.
    struct Stored: Sendable {
        let type: IntegrationType
        /// Nil for a text that is not a JSON object: somebody else has written it.
        let document: JSONValue?
        let health: IntegrationHealth
    }

    /// Makes the rows that are missing.
    static func ensure(on connection: Connection) throws {
        let types = Parameter.textArray(IntegrationType.allCases.map(\.rawValue))
        try connection.execute(
            Statement(
                "ensure integrations",
                """
                INSERT INTO observability_integration_config (type)
                SELECT unnest($1::text[])
                ON CONFLICT DO NOTHING
                """
            ),
            [types]
        )
        try connection.execute(
            Statement(
                "ensure health of integrations",
                """
                INSERT INTO observability_integration_health (type)
                SELECT unnest($1::text[])
                ON CONFLICT DO NOTHING
                """
            ),
            [types]
        )
    }

    /// All of them in the order of the types, with those that have no row yet.
    static func fetchAll(on connection: Connection) throws -> [Stored] {
        let rows = try connection.execute(
            Statement(
                "integrations",
                """
                SELECT c.type, c.config_json, h.last_tested_at, h.last_success_at, h.last_error,
                       coalesce(h.export_rate_per_min, 0) AS rate, coalesce(h.drop_rate, 0) AS drop_rate
                FROM observability_integration_config c
                LEFT JOIN observability_integration_health h USING (type)
                """
            ),
            []
        )
        var found: [IntegrationType: Stored] = [:]
        for row in rows {
            guard let type = IntegrationType(rawValue: try row.text("type")) else { continue }
            found[type] = Stored(
                type: type,
                document: document(try row.utf8("config_json")),
                health: IntegrationHealth(
                    testedAt: try row.optionalTimestamp("last_tested_at"),
                    succeededAt: try row.optionalTimestamp("last_success_at"),
                    error: try row.optionalText("last_error"),
                    exportRatePerMinute: try row.double("rate"),
                    dropRate: try row.double("drop_rate")
                )
            )
        }
        return IntegrationType.allCases.map {
            found[$0] ?? Stored(type: $0, document: .object([]), health: IntegrationHealth())
        }
    }

    /// Makes others who would save one wait until the transaction ends. Its row exists.
    static func lock(_ type: IntegrationType, on connection: Connection) throws {
        try connection.execute(
            "SELECT FROM observability_integration_config WHERE type = $1 FOR UPDATE",
            [.text(type.rawValue)]
        )
    }

    private static func document(_ json: [UInt8]) -> JSONValue? {
        guard let root = try? JSONDocument(json).root, root.kind == .object else { return nil }
        return JSONValue(root)
    }

    /// Replaces a document.
    static func save(
        _ type: IntegrationType,
        _ document: JSONValue,
        _ status: IntegrationStatus,
        on connection: Connection
    ) throws {
        try connection.execute(
            Statement(
                "save integration",
                """
                UPDATE observability_integration_config
                SET config_json = $2, status = $3, updated_at = now() AT TIME ZONE 'UTC'
                WHERE type = $1
                """
            ),
            [.text(type.rawValue), .utf8(document.json), .text(status.rawValue)]
        )
    }

    /// Forgets what earlier tests said: they were of another document.
    static func clearHealth(of type: IntegrationType, on connection: Connection) throws {
        try connection.execute(
            Statement(
                "clear health of integration",
                """
                UPDATE observability_integration_health
                SET last_tested_at = NULL, last_success_at = NULL, last_error = NULL
                WHERE type = $1
                """
            ),
            [.text(type.rawValue)]
        )
    }

    /// Notes what a test said: nil for a success.
    static func note(
        _ error: String?,
        of type: IntegrationType,
        _ status: IntegrationStatus,
        at time: Timestamp,
        on connection: Connection
    ) throws {
        try connection.execute(
            Statement(
                "note test of integration",
                """
                UPDATE observability_integration_health
                SET last_tested_at = $2::timestamptz AT TIME ZONE 'UTC',
                    last_success_at = CASE WHEN $3::text IS NULL THEN $2::timestamptz AT TIME ZONE 'UTC' ELSE last_success_at END,
                    last_error = $3::text
                WHERE type = $1
                """
            ),
            [.text(type.rawValue), .timestamp(time), .optional(error.map(\.trimmed))]
        )
        try connection.execute(
            "UPDATE observability_integration_config SET status = $2 WHERE type = $1",
            [.text(type.rawValue), .text(status.rawValue)]
        )
    }
}
