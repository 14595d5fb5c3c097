internal import Core
internal import Postgres

/// A transaction that was open when a consumer took later events: it may still write some. Decision 48.
///
/// It is a row of `outbox_consumer`, `alerts/<xid>`, that reads the events of this transaction alone, and goes with them.
/// All calls need the lock on the row of the consumer itself.
enum OutboxGap {
    /// Whether a row `c` of `outbox_consumer` is one.
    static let isGap = "strpos(c.name, '/') > 0"
    /// Whether a row `c` is one of the consumer `$1` and the transaction has ended.
    static let hasEnded = """
        starts_with(c.name, $1::text || '/') AND pg_visible_in_snapshot(c.last_xid, pg_current_snapshot())
        """

    private static let ended = Statement(
        "ended outbox transactions",
        "SELECT c.name FROM outbox_consumer c WHERE \(hasEnded)"
    )

    private static let fetch = Statement(
        "fetch outbox events of ended transactions",
        """
        SELECT c.name, s.id, s.kind, s.subject, s.at, s.detail
        FROM outbox_consumer c
        JOIN outbox_event s ON s.xid = c.last_xid AND s.id > c.last_id
        WHERE c.name = ANY ($1)
        ORDER BY s.xid, s.id
        LIMIT $2
        """
    )

    private static let store = Statement(
        "open outbox transactions",
        """
        INSERT INTO outbox_consumer (name, last_xid, last_id)
        SELECT c.name || '/' || x.xid, x.xid, 0
        FROM outbox_consumer c,
             (SELECT pg_snapshot_xip($3::pg_snapshot) UNION SELECT pg_current_xact_id()) AS x (xid)
        WHERE c.name = $1 AND x.xid > c.last_xid AND x.xid < $2::xid8
        """
    )

    /// Notes the transactions that are open in a snapshot, and this one, from the cursor of a consumer on and before `xid`.
    static func open(
        _ consumer: String,
        before xid: Parameter,
        _ snapshot: Parameter,
        on connection: Connection
    ) throws {
        try connection.execute(store, [.text(consumer), xid, snapshot])
    }

    /// Takes events of those that have ended, with their ids.
    static func take(
        _ consumer: String,
        limit: Int,
        on connection: Connection
    ) throws -> [(id: Int64, event: OutboxEvent)] {
        let gaps = try connection.execute(ended, [.text(consumer)]).map { try $0.text("name") }
        guard !gaps.isEmpty else { return [] }
        // They have ended before this statement begins: it sees whatever they wrote.
        let rows = try connection.execute(fetch, [.textArray(gaps), .int(limit)])
        let last = rows.count == limit ? rows.last : nil
        try connection.execute(
            """
            DELETE FROM outbox_consumer
            WHERE name = ANY ($1) AND ($2::text IS NULL OR last_xid < (SELECT last_xid FROM outbox_consumer WHERE name = $2))
            """,
            [.textArray(gaps), try last.map { .text(try $0.text("name")) } ?? .null]
        )
        if let last {
            try connection.execute(
                "UPDATE outbox_consumer SET last_id = $2 WHERE name = $1",
                [.text(try last.text("name")), .int64(try last.int64("id"))]
            )
        }
        return try rows.map { (try $0.int64("id"), try OutboxStore.event($0)) }
    }
}
