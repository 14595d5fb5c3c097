internal import Core
internal import Ingest
internal import Postgres

/// The SQL of checks.
enum CheckStore {
    /// Notified when checks were changed.
    static let channel = "weir_checks"

    private static let columns = """
        c.id, c.ping_uuid, c.ping_key, c.slug, c.name, c.tags, c.project, c.period, c.cron, c.time_zone, c.grace,
        c.created_at, c.updated_at, c.paused_at, c.watched_from, c.missed_at, c.missed_due, s.last_ping_at, s.last_kind,
        s.last_start_at, s.last_exit
        """
    private static let from = "FROM ping_check c LEFT JOIN ping_state s ON s.check_id = c.id"

    private static let list = Statement(
        "list checks",
        """
        SELECT \(columns) \(from)
        WHERE ($1::text IS NULL OR $1 = ANY (c.tags)) AND ($2::text IS NULL OR c.slug = $2)
        ORDER BY c.name, c.id
        LIMIT $3 OFFSET $4
        """
    )
    private static let one = Statement("check", "SELECT \(columns) \(from) WHERE c.id = $1")
    private static let oneLocked = Statement(
        "check to change",
        "SELECT \(columns) \(from) WHERE c.id = $1 FOR UPDATE OF c"
    )
    private static let watched = Statement(
        "watched checks",
        "SELECT \(columns) \(from) WHERE c.paused_at IS NULL OR c.missed_at IS NOT NULL ORDER BY c.id"
    )

    static func fetch(
        tag: String?,
        slug: String?,
        limit: Int,
        offset: Int,
        on connection: Connection
    ) throws -> [Check] {
        let parameters: [Parameter] = [.optional(tag), .optional(slug), .int(limit), .int(offset)]
        return try connection.execute(list, parameters).map(check)
    }

    static func fetchOne(_ id: UUID128, on connection: Connection) throws -> Check? {
        try connection.execute(one, [.uuid(id)]).map(check).first
    }

    /// A check, locked until the transaction ends.
    static func lock(_ id: UUID128, on connection: Connection) throws -> Check? {
        try connection.execute(oneLocked, [.uuid(id)]).map(check).first
    }

    /// All that may be missed, or have an alarm open.
    static func fetchWatched(on connection: Connection) throws -> [Check] {
        try connection.execute(watched).map(check)
    }

    private static func check(_ row: Row) throws -> Check {
        var settings = Check.Settings()
        settings.name = try row.text("name")
        settings.slug = try row.optionalText("slug")
        settings.pingKey = try row.optionalText("ping_key")
        settings.tags = try row.textArray("tags").compactMap(\.self)
        settings.project = try row.optionalText("project")
        settings.period = try row.optionalInt("period")
        settings.cron = try row.optionalText("cron")
        settings.timeZone = try row.optionalText("time_zone")
        settings.grace = try row.int("grace")
        var standing = Check.Standing()
        standing.lastPingAt = try row.optionalTimestamp("last_ping_at")
        standing.lastKind = try row.optionalText("last_kind")
        standing.lastStartAt = try row.optionalTimestamp("last_start_at")
        standing.lastExit = try row.optionalInt("last_exit")
        return Check(
            id: try row.uuid("id"),
            pingUUID: try row.uuid("ping_uuid"),
            settings: settings,
            createdAt: try row.timestamp("created_at"),
            updatedAt: try row.timestamp("updated_at"),
            pausedAt: try row.optionalTimestamp("paused_at"),
            watchedFrom: try row.optionalTimestamp("watched_from"),
            missedAt: try row.optionalTimestamp("missed_at"),
            missedDue: try row.optionalTimestamp("missed_due"),
            standing: standing
        )
    }

    // MARK: - Changes

    private static let insert = Statement(
        "insert check",
        """
        INSERT INTO ping_check (
            name, slug, ping_key, key_digest, tags, project, period, cron, time_zone, grace, updated_at, watched_from, id,
            ping_uuid, created_at
        )
        VALUES ($1, $2, $3, $4, $5::text[], $6, $7, $8, $9, $10, $11, $12, $13, $14, $11)
        """
    )
    private static let update = Statement(
        "update check",
        """
        UPDATE ping_check
        SET name = $1, slug = $2, ping_key = $3, key_digest = $4, tags = $5::text[], project = $6, period = $7, cron = $8,
            time_zone = $9, grace = $10, updated_at = $11, watched_from = $12
        WHERE id = $13
        """
    )

    /// Adds a check with a secret UUID.
    static func insert(
        _ settings: Check.Settings,
        uuid: UUID128,
        at now: Timestamp,
        on connection: Connection
    ) throws {
        let ids: [Parameter] = [.uuid(CheckKeys.id(of: uuid)), .uuid(uuid)]
        try connection.execute(insert, values(settings, now, watchedFrom: nil) + ids)
        try announce(on: connection)
    }

    /// Changes a check.
    static func update(
        _ check: Check,
        at now: Timestamp,
        on connection: Connection
    ) throws {
        let values = values(check.settings, now, watchedFrom: check.watchedFrom)
        try connection.execute(update, values + [.uuid(check.id)])
        try announce(on: connection)
    }

    private static func values(_ settings: Check.Settings, _ now: Timestamp, watchedFrom: Timestamp?)
        -> [Parameter]
    {
        [
            .text(settings.name), .optional(settings.slug), .optional(settings.pingKey),
            .optional(settings.pingKey.map(CheckKeys.digest)), .textArray(settings.tags),
            .optional(settings.project), .optional(settings.period), .optional(settings.cron),
            .optional(settings.timeZone), .int(settings.grace), .timestamp(now), .optional(watchedFrom),
        ]
    }

    /// Pauses a check, or watches it again from now on.
    static func pause(_ id: UUID128, at pausedAt: Timestamp?, now: Timestamp, on connection: Connection)
        throws
    {
        try connection.execute(
            """
            UPDATE ping_check
            SET paused_at = $2, updated_at = $3, watched_from = CASE WHEN $2::timestamptz IS NULL THEN $3 ELSE watched_from END
            WHERE id = $1
            """,
            [.uuid(id), .optional(pausedAt), .timestamp(now)]
        )
        try announce(on: connection)
    }

    /// Deletes a check with its pings.
    static func delete(_ id: UUID128, on connection: Connection) throws {
        try connection.execute("DELETE FROM ping WHERE check_id = $1", [.uuid(id)])
        try connection.execute("DELETE FROM ping_state WHERE check_id = $1", [.uuid(id)])
        try connection.execute("DELETE FROM ping_check WHERE id = $1", [.uuid(id)])
        try announce(on: connection)
    }

    /// Opens or closes the alarm of a check, unless another Weir has done so.
    ///
    /// - Returns: whether it was done here.
    static func setMissed(
        _ id: UUID128,
        at now: Timestamp?,
        due: Timestamp?,
        on connection: Connection
    ) throws -> Bool {
        try connection.execute(
            """
            UPDATE ping_check SET missed_at = $2, missed_due = $3
            WHERE id = $1 AND (missed_at IS NULL) <> ($2::timestamptz IS NULL)
            """,
            [.uuid(id), .optional(now), .optional(due)]
        ).affectedRows == 1
    }

    private static func announce(on connection: Connection) throws {
        try connection.execute("SELECT pg_notify($1, '')", [.text(channel)])
    }

    // MARK: - Names

    /// How the URLs of a check name it.
    struct Names: Sendable, Hashable {
        let id: UUID128
        let key: UUID128?
        let slug: String?
    }

    static func fetchNames(on connection: Connection) throws -> [Names] {
        try connection.execute("SELECT id, key_digest, slug FROM ping_check").map { row in
            Names(
                id: try row.uuid("id"),
                key: try row.optionalUUID("key_digest"),
                slug: try row.optionalText("slug")
            )
        }
    }

    static func exists(_ id: UUID128, on connection: Connection) throws -> Bool {
        try !connection.execute("SELECT FROM ping_check WHERE id = $1", [.uuid(id)]).isEmpty
    }

    /// The checks of a slug, and whether any check has the key.
    static func fetch(key: UUID128, slug: String, on connection: Connection) throws -> (
        ids: [UUID128], isKey: Bool
    ) {
        let rows = try connection.execute(
            "SELECT id, slug FROM ping_check WHERE key_digest = $1",
            [.uuid(key)]
        )
        var ids: [UUID128] = []
        for row in rows where try row.text("slug") == slug { ids.append(try row.uuid("id")) }
        return (ids, !rows.isEmpty)
    }

    /// Makes concurrent creations of one key wait for each other, until the transaction ends.
    static func lockKey(_ key: UUID128, on connection: Connection) throws {
        try connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
            [.text("weir ping key \(key)")]
        )
    }
}
