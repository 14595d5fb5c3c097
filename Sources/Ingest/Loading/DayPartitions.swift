package import Core
internal import Logging
package import Postgres
internal import Synchronization

/// The daily partitions of a raw table: made in advance and on demand, dropped by retention.
///
/// A partition is made as a separate table and attached under an advisory lock, so that inserts into other days never
/// wait and two Weirs never make the same one. Any thread; the caller owns the connection.
package final class DayPartitions: Sendable {
    private let table: String
    // Guards the days that are known to have a partition: today and later ones, which retention does not drop. A
    // partition of an older day may be dropped at any time, by this Weir or another.
    private let known = Mutex<Set<String>>([])

    /// Manages the partitions of `table`, which is partitioned by range of a timestamptz.
    package init(table: String) {
        self.table = table
    }

    /// Makes sure that the UTC days of `times` have partitions. Outside of a transaction.
    package func ensure(_ times: some Sequence<Timestamp>, on connection: Connection) throws {
        let days = Set(times.map(\.startOfDay)).sorted()
        let unknown = known.withLock { known in days.filter { !known.contains($0.yyyymmdd) } }
        let today = Timestamp.now().startOfDay
        for day in unknown {
            if try !exists(day, on: connection) { try make(day, on: connection) }
            if day >= today { _ = known.withLock { $0.insert(day.yyyymmdd) } }
        }
    }

    /// Makes today's partition and those of the next days.
    package func ensureAhead(from now: Timestamp, days: Int = 7, on connection: Connection) throws {
        try ensure((0...days).map { now.startOfDay.adding(seconds: $0 * 86_400) }, on: connection)
    }

    /// The partitions that exist, by day.
    package func count(on connection: Connection) throws -> Int {
        try names(on: connection).count
    }

    /// The days of the partitions that exist, each as its midnight, oldest first.
    package func days(on connection: Connection) throws -> [Timestamp] {
        try names(on: connection).compactMap { name in
            let digits = name.suffix(8)
            let day = "\(digits.prefix(4))-\(digits.dropFirst(4).prefix(2))-\(digits.suffix(2))"
            return Timestamp(iso8601: "\(day)T00:00:00Z")
        }
    }

    /// Detaches and drops the partitions of days that ended before `limit`, the oldest first.
    ///
    /// - Returns: how many were dropped, `count` at most.
    package func drop(before limit: Timestamp, atMost count: Int = .max, on connection: Connection) throws
        -> Int
    {
        let newest = name(of: limit.startOfDay)
        let old = try names(on: connection).filter { $0 < newest }.prefix(count)
        for name in old {
            try connection.executeScript("ALTER TABLE \(table) DETACH PARTITION \(name) CONCURRENTLY")
            try connection.executeScript("DROP TABLE \(name)")
        }
        return old.count
    }

    private func make(_ day: Timestamp, on connection: Connection) throws {
        let name = name(of: day)
        let (from, to) = (day.description, day.adding(seconds: 86_400).description)
        try connection.transaction {
            try connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
                [.text("weir partition \(table)")]
            )
            guard try !exists(day, on: connection) else { return }
            try connection.executeScript(
                """
                CREATE TABLE \(name) (LIKE \(table) INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE);
                ALTER TABLE \(table) ATTACH PARTITION \(name) FOR VALUES FROM ('\(from)') TO ('\(to)');
                """
            )
        }
    }

    private func name(of day: Timestamp) -> String { "\(table)_\(day.yyyymmdd)" }

    /// Reads the catalog instead of `to_regclass`, which caches a missing table until the transaction ends: it would
    /// miss the table that another session made while this one waited for the lock.
    private func exists(_ day: Timestamp, on connection: Connection) throws -> Bool {
        try connection.execute(Self.existence, [.text(name(of: day)), .text(table)])[0].bool("found")
    }

    private static let existence = Statement(
        "partition exists",
        """
        SELECT EXISTS (
            SELECT FROM pg_class c
            JOIN pg_class parent ON parent.relnamespace = c.relnamespace
            WHERE c.relname = $1 AND parent.oid = $2::text::regclass
        ) AS found
        """
    )

    private func names(on connection: Connection) throws -> [String] {
        let rows = try connection.execute(
            """
            SELECT c.relname::text AS name
            FROM pg_inherits i
            JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = $1::text::regclass
            ORDER BY c.relname
            """,
            [.text(table)]
        )
        return try rows.map { try $0.text("name") }
    }
}
