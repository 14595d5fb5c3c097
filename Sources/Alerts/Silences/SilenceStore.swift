internal import Core
internal import Postgres

/// The SQL of `alert_silence`.
enum SilenceStore {
    private static let columns = """
        uuid, matchers::text AS matchers, starts_at, ends_at, schedule, time_zone,
        extract(epoch FROM lasting)::float8 AS lasting, created_by, comment, updated_at
        """

    /// Those that are not over, or ended within a time, the last to end first.
    static func fetch(endedWithin age: Duration, on connection: Connection) throws -> [Silence] {
        try connection.execute(
            Statement(
                "alert silences",
                """
                SELECT \(columns)
                FROM alert_silence
                WHERE ends_at > now() - $1 * interval '1 second'
                ORDER BY ends_at DESC, uuid
                LIMIT 10000
                """
            ),
            [.double(age / .seconds(1))]
        ).map(silence)
    }

    static func fetch(_ id: UUID128, on connection: Connection) throws -> Silence? {
        try connection.execute(
            Statement("alert silence", "SELECT \(columns) FROM alert_silence WHERE uuid = $1"),
            [.uuid(id)]
        ).first.map(silence)
    }

    /// Locks it until the transaction ends.
    static func lock(_ id: UUID128, on connection: Connection) throws -> Silence? {
        try connection.execute(
            Statement(
                "lock alert silence",
                "SELECT \(columns) FROM alert_silence WHERE uuid = $1 FOR UPDATE"
            ),
            [.uuid(id)]
        ).first.map(silence)
    }

    /// How many are not over.
    static func count(on connection: Connection) throws -> Int {
        try connection.execute(
            Statement(
                "count alert silences",
                "SELECT count(*) AS count FROM alert_silence WHERE ends_at > now()"
            ),
            []
        )[0].int("count")
    }

    static func store(_ silence: Silence, on connection: Connection) throws {
        var matchers = JSONWriter()
        matchers.array { list in
            for matcher in silence.matchers { matcher.write(to: &list) }
        }
        try connection.execute(
            Statement(
                "store alert silence",
                """
                INSERT INTO alert_silence (
                    uuid, matchers, starts_at, ends_at, schedule, time_zone, lasting, created_by, comment
                )
                VALUES ($1, $2::jsonb, $3, $4, $5, $6, $7 * interval '1 second', $8, $9)
                ON CONFLICT (uuid) DO UPDATE
                SET matchers = excluded.matchers, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
                    schedule = excluded.schedule, time_zone = excluded.time_zone, lasting = excluded.lasting,
                    created_by = excluded.created_by, comment = excluded.comment, updated_at = now()
                """
            ),
            [
                .uuid(silence.id), .utf8(matchers.bytes), .timestamp(silence.startsAt),
                .timestamp(silence.endsAt), .optional(silence.window?.schedule),
                .optional(silence.window?.timeZone),
                .optional(silence.window.map { $0.lasting / .seconds(1) }),
                .text(silence.createdBy), .text(silence.comment),
            ]
        )
        try Revision.bump(on: connection)
    }

    /// Ends a silence now; false when there is none, or it is over.
    static func end(_ id: UUID128, on connection: Connection) throws -> Bool {
        let ended = try connection.execute(
            """
            UPDATE alert_silence
            SET starts_at = least(starts_at, now()), ends_at = now(), updated_at = now()
            WHERE uuid = $1 AND ends_at > now()
            """,
            [.uuid(id)]
        ).affectedRows
        if ended > 0 { try Revision.bump(on: connection) }
        return ended > 0
    }

    private static func silence(_ row: Row) throws -> Silence {
        let stored = Array(try JSONDocument(try row.utf8("matchers")).root.elements)
        var matchers = stored.compactMap { Matcher(stored: $0) }
        // With fewer conditions it would hold back more: it holds back nothing.
        if matchers.count < stored.count { matchers = [] }
        var window: Silence.Window?
        if let schedule = try row.optionalText("schedule"), let lasting = try row.optionalDouble("lasting") {
            window = Silence.Window(
                schedule: schedule,
                timeZone: try row.optionalText("time_zone"),
                lasting: .seconds(lasting)
            )
        }
        return Silence(
            id: try row.uuid("uuid"),
            matchers: matchers,
            startsAt: try row.timestamp("starts_at"),
            endsAt: try row.timestamp("ends_at"),
            window: window,
            createdBy: try row.text("created_by"),
            comment: try row.text("comment"),
            updatedAt: try row.timestamp("updated_at")
        )
    }
}
