internal import Core
internal import Postgres

/// The SQL that rolls samples up.
enum RollupStore {
    /// Hours of components that are due, by the tables of their marks.
    struct Due: Sendable {
        var components: [Int64] = []
        /// Of each component; an hour, or a day.
        var starts: [Timestamp] = []
        /// Of the marks of hours.
        var versions: [Int64] = []

        var isEmpty: Bool { starts.isEmpty }
    }

    /// The grains, as the tables are named.
    static let grains = ["minute", "five_minutes", "hour"]

    private static let hours = statement(
        "roll up hours",
        [
            """
            WITH due AS (
                SELECT d.runtime_id, d.hour AS starts_at, d.hour + interval '1 hour' AS ends_at
                FROM unnest($4::bigint[], $5::timestamptz[]) AS d (runtime_id, hour)
            )
            """,
            increases, String(decoding: PackageResources.roll_up_hours_sql, as: UTF8.self),
        ],
        grains: grains
    )
    private static let days = statement(
        "roll up days",
        [String(decoding: PackageResources.roll_up_days_sql, as: UTF8.self)],
        grains: ["day"]
    )

    /// Samples with their increases, for `WITH`.
    static let increases = String(decoding: PackageResources.sample_increases_sql, as: UTF8.self)

    /// Buckets, then a part for each grain that stores them.
    private static func statement(_ name: String, _ buckets: [String], grains: [String]) -> Statement {
        let store = String(decoding: PackageResources.store_rollup_sql, as: UTF8.self)
        let parts =
            buckets + grains.map { store.replacing("GRAIN", with: $0) }
        let refused = grains.map {
            "(SELECT count(*) FROM offered_\($0) o JOIN kept_\($0) k USING (series_id, starts_at, bucket) "
                + "WHERE o.is_new AND o.count < k.count)"
        }
        return Statement(
            name,
            parts.joined(separator: ",\n") + "SELECT \(refused.joined(separator: " + ")) AS refused"
        )
    }

    // MARK: - Marks

    /// Hours that ended before a moment and of which some component is due, the earliest first.
    static func dueHours(before end: Timestamp, atMost count: Int, on connection: Connection) throws
        -> [Timestamp]
    {
        let rows = try connection.execute(
            "SELECT DISTINCT hour FROM (SELECT hour FROM rollup_due WHERE hour <= $1 ORDER BY hour LIMIT $2) d",
            [.timestamp(end.adding(seconds: -3600)), .int(count)]
        )
        return try rows.map { try $0.timestamp("hour") }
    }

    /// Marks of some hours.
    static func marks(of hours: [Timestamp], atMost count: Int, on connection: Connection) throws -> Due {
        let rows = try connection.execute(
            """
            SELECT runtime_id, hour AS start, version
            FROM rollup_due
            WHERE hour = ANY ($1::timestamptz[])
            ORDER BY hour, runtime_id
            LIMIT $2
            """,
            [.timestampArray(hours), .int(count)]
        )
        var due = try due(rows)
        due.versions = try rows.map { try $0.int64("version") }
        return due
    }

    /// Removes marks of hours that are rolled up. One that a loader has changed since, or changes now, stays: its hour has
    /// samples that the rollup has not.
    ///
    /// - Returns: how many are gone.
    static func removeMarks(_ due: Due, on connection: Connection) throws -> Int {
        try connection.execute(
            """
            DELETE FROM rollup_due
            WHERE (runtime_id, hour) IN (
                SELECT d.runtime_id, d.hour
                FROM rollup_due d
                JOIN unnest($1::bigint[], $2::timestamptz[], $3::bigint[]) AS m (runtime_id, hour, version)
                    USING (runtime_id, hour, version)
                FOR UPDATE OF d SKIP LOCKED
            )
            RETURNING runtime_id
            """,
            [.int64Array(due.components), .timestampArray(due.starts), .int64Array(due.versions)]
        ).count
    }

    /// Takes marks of days that ended before a moment and of which no hour is due.
    static func takeDays(before end: Timestamp, atMost count: Int, on connection: Connection) throws -> Due {
        let rows = try connection.execute(
            """
            DELETE FROM rollup_due_day
            WHERE (runtime_id, day) IN (
                SELECT d.runtime_id, d.day FROM rollup_due_day d
                WHERE d.day <= $1
                  AND NOT EXISTS (
                      SELECT FROM rollup_due h
                      WHERE h.runtime_id = d.runtime_id AND h.hour >= d.day AND h.hour < d.day + interval '1 day'
                  )
                ORDER BY d.day, d.runtime_id
                LIMIT $2
            )
            RETURNING runtime_id, day AS start
            """,
            [.timestamp(end.adding(seconds: -86_400)), .int(count)]
        )
        return try due(rows)
    }

    private static func due(_ rows: QueryResult) throws -> Due {
        Due(
            components: try rows.map { try $0.int64("runtime_id") },
            starts: try rows.map { try $0.timestamp("start") }
        )
    }

    /// When the oldest transaction began that may still store samples. A loader stores samples before it looks which
    /// hours are marked, and so has a transaction id then.
    static func oldestWriter(on connection: Connection) throws -> Timestamp? {
        let rows = try connection.execute(
            """
            SELECT min(xact_start) AS began
            FROM pg_stat_activity
            WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()
            """
        )
        return try rows[0].optionalTimestamp("began")
    }

    // MARK: - Rollups

    /// Rolls hours up, and marks their days.
    ///
    /// - Returns: how many buckets stayed as they were because retention has dropped some of their samples.
    static func rollUp(
        _ due: Due,
        minutesFrom: Timestamp,
        fiveMinutesFrom: Timestamp,
        at now: Timestamp,
        on connection: Connection
    ) throws -> Int {
        let rows = try connection.execute(
            hours,
            [
                .timestamp(now), .timestamp(.earliest), .null, .int64Array(due.components),
                .timestampArray(due.starts), .timestamp(minutesFrom), .timestamp(fiveMinutesFrom),
            ]
        )
        try connection.execute(
            """
            INSERT INTO rollup_due_day (runtime_id, day)
            SELECT DISTINCT d.runtime_id, date_trunc('day', d.hour, 'UTC')
            FROM unnest($1::bigint[], $2::timestamptz[]) AS d (runtime_id, hour)
            ON CONFLICT DO NOTHING
            """,
            [.int64Array(due.components), .timestampArray(due.starts)]
        )
        return try rows[0].int("refused")
    }

    /// Rolls days up from their hours.
    static func rollUpDays(_ due: Due, on connection: Connection) throws -> Int {
        let rows = try connection.execute(
            days,
            [.int64Array(due.components), .timestampArray(due.starts)]
        )
        return try rows[0].int("refused")
    }
}
