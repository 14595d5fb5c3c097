internal import Core
internal import Ingest
internal import Postgres

/// The SQL that looks after days of stored samples.
enum SampleCareStore {
    /// The first day of arrival that is kept: of samples that arrived after `limit`, that have a longer lifetime, or that
    /// are not rolled up yet.
    static func firstKeptDay(_ limit: Timestamp, on connection: Connection) throws -> Timestamp {
        let rows = try connection.execute("SELECT first_kept_day($1) AS day", [.timestamp(limit)])
        return try rows[0].timestamp("day")
    }

    /// Tells SQL functions and views how long samples are kept that have no lifetime of their own.
    static func publish(keep: Duration, on connection: Connection) throws {
        let seconds = keep.components.seconds
        try connection.execute(
            """
            UPDATE sample_care SET keep = make_interval(secs => $1::float8)
            WHERE keep <> make_interval(secs => $1::float8)
            """,
            [.int64(seconds)]
        )
    }

    /// Counts days that were dropped, and forgets what is known of them.
    static func dropped(_ count: Int, before end: Timestamp, on connection: Connection) throws {
        guard count > 0 else { return }
        try connection.execute(
            "UPDATE sample_care SET dropped_days = dropped_days + $1",
            [.int(count)]
        )
        for table in ["sample_count", "sample_sweep"] {
            try connection.execute(
                Statement(
                    "forget dropped days",
                    """
                    DELETE FROM \(table) t
                    WHERE day < ($1 AT TIME ZONE 'UTC')::date
                      AND to_regclass('sample_block_' || to_char(day, 'YYYYMMDD')) IS NULL
                    """
                ),
                [.timestamp(end)]
            )
        }
    }

    // MARK: - Expired samples

    private static let remove = Statement("remove expired samples", file: PackageResources.remove_expired_sql)

    /// Days that are over, in which samples of some lifetime have expired since they were last swept, oldest first.
    static func daysToSweep(keep: Duration, at now: Timestamp, on connection: Connection) throws
        -> [Timestamp]
    {
        let rows = try connection.execute(
            """
            SELECT d.day::timestamp AT TIME ZONE 'UTC' AS starts_at
            FROM (SELECT DISTINCT day FROM sample_count) d
            LEFT JOIN sample_sweep w USING (day)
            CROSS JOIN LATERAL (SELECT (d.day + 1)::timestamp AT TIME ZONE 'UTC') AS e (ends_at)
            WHERE e.ends_at <= $2
              AND EXISTS (
                  SELECT
                  FROM (
                      SELECT e.ends_at + make_interval(secs => $1::float8)
                      UNION ALL
                      SELECT greatest(e.ends_at, s.ttl_set_at) + s.ttl
                      FROM (SELECT DISTINCT ttl, ttl_set_at FROM series WHERE ttl IS NOT NULL) s
                  ) x (expired_at)
                  WHERE x.expired_at <= $2 AND (w.swept_at IS NULL OR x.expired_at > w.swept_at)
              )
            ORDER BY d.day
            """,
            [.int64(keep.components.seconds), .timestamp(now)]
        )
        return try rows.map { try $0.timestamp("starts_at") }
    }

    /// Removes expired samples that arrived within a stretch of one day; returns how many.
    static func removeExpired(
        from start: Timestamp,
        to end: Timestamp,
        keep: Duration,
        at now: Timestamp,
        on connection: Connection
    ) throws -> Int64 {
        let rows = try connection.execute(
            remove,
            [.timestamp(start), .timestamp(end), .timestamp(now - keep), .timestamp(now)]
        )
        return try rows[0].int64("removed")
    }

    /// How many samples are stored of the series that a lifetime concerns.
    static func count(_ change: TTLChange, on connection: Connection) throws -> Int64 {
        let rows = try connection.execute(
            "SELECT count_samples($1, $2) AS samples",
            [.bool(change.component != nil), .optional(change.component ?? change.metric)]
        )
        return try rows[0].int64("samples")
    }

    /// Notes that a day has no samples that had expired at a moment.
    static func swept(_ day: Timestamp, at now: Timestamp, on connection: Connection) throws {
        try connection.execute(
            """
            INSERT INTO sample_sweep (day, swept_at) VALUES (($1 AT TIME ZONE 'UTC')::date, $2)
            ON CONFLICT (day) DO UPDATE SET swept_at = excluded.swept_at
            """,
            [.timestamp(day), .timestamp(now)]
        )
    }

    // MARK: - Size

    /// The day of the earliest arrival that is not rolled up though its hour has ended; nil when there is none.
    static func firstDayToRollUp(at now: Timestamp, on connection: Connection) throws -> Timestamp? {
        let rows = try connection.execute(
            "SELECT min(received_at) AS at FROM rollup_due WHERE hour < $1::timestamptz - interval '1 hour'",
            [.timestamp(now)]
        )
        return try rows[0].optionalTimestamp("at")
    }

    /// The bytes that samples and their indexes take.
    static func storageBytes(on connection: Connection) throws -> Int64 {
        let rows = try connection.execute(
            """
            SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0)::bigint AS bytes
            FROM pg_inherits
            WHERE inhparent = 'sample_block'::regclass
            """
        )
        return try rows[0].int64("bytes")
    }
}
