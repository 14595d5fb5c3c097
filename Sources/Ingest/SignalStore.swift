package import Core
package import Postgres

/// Signals between features, in `signal`: written by projections, read by consumers that keep a cursor of their own.
package enum SignalStore {
    private static let insert = Statement(
        "insert signals",
        """
        INSERT INTO signal (kind, subject, at, detail)
        SELECT s.kind, s.subject, s.at, s.detail::jsonb
        FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[]) AS s (kind, subject, at, detail)
        WHERE EXISTS (SELECT FROM signal_consumer)
        """
    )

    private static let fetch = Statement(
        "fetch signals",
        """
        SELECT s.xid::text AS xid, s.id, s.kind, s.subject, s.at, s.detail
        FROM signal s
        JOIN signal_consumer c ON c.name = $1
        WHERE (s.xid, s.id) > (c.last_xid, c.last_id)
          AND s.xid < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY s.xid, s.id
        LIMIT $2
        """
    )

    /// Whether anybody listens; otherwise nothing need be written.
    package static func hasConsumers(on connection: Connection) throws -> Bool {
        try connection.execute("SELECT EXISTS (SELECT FROM signal_consumer) AS found").first?.bool("found")
            ?? false
    }

    /// Writes signals in the transaction of the rows; nothing while no consumer is registered.
    package static func insert(_ signals: [Signal], on connection: Connection) throws {
        guard !signals.isEmpty else { return }
        try connection.execute(
            insert,
            [
                .textArray(signals.map(\.kind)),
                .textArray(signals.map(\.subject)),
                .timestampArray(signals.map(\.at)),
                .textArray(signals.map { String(decoding: $0.detail, as: UTF8.self) }),
            ]
        )
    }

    /// Registers a consumer: it gets what is written from now on. Idempotent.
    package static func register(_ consumer: String, on connection: Connection) throws {
        try connection.execute(
            "INSERT INTO signal_consumer (name) VALUES ($1) ON CONFLICT (name) DO NOTHING",
            [.text(consumer)]
        )
    }

    /// Takes the next signals of a consumer, in the transaction of their effects: the cursor moves with it.
    ///
    /// Only signals that can have no older neighbour in a transaction that is still open.
    package static func take(
        _ consumer: String,
        limit: Int,
        on connection: Connection
    ) throws -> [Signal] {
        try connection.execute("SELECT FROM signal_consumer WHERE name = $1 FOR UPDATE", [.text(consumer)])
        let rows = try connection.execute(fetch, [.text(consumer), .int(limit)])
        var last: (xid: String, id: Int64)?
        let signals = try rows.map { row in
            last = (try row.text("xid"), try row.int64("id"))
            return Signal(
                kind: try row.text("kind"),
                subject: try row.text("subject"),
                at: try row.timestamp("at"),
                detail: try row.utf8("detail")
            )
        }
        if let last {
            try connection.execute(
                "UPDATE signal_consumer SET last_xid = $2::xid8, last_id = $3 WHERE name = $1",
                [.text(consumer), .text(last.xid), .int64(last.id)]
            )
        }
        return signals
    }

    /// Deletes signals that every consumer has taken, and all that are older than `limit`, the oldest first.
    ///
    /// - Returns: how many went, `count` at most.
    package static func prune(
        before limit: Timestamp,
        atMost count: Int,
        on connection: Connection
    ) throws -> Int {
        try connection.execute(
            Statement(
                "prune signals",
                "DELETE FROM signal WHERE id IN (SELECT s.id FROM signal s WHERE \(spent) ORDER BY s.id LIMIT $2)"
            ),
            [.timestamp(limit), .int(count)]
        ).affectedRows
    }

    /// What there is, and what `prune` would delete.
    static func survey(before limit: Timestamp, on connection: Connection) throws -> AgeSurvey {
        let rows = try connection.execute(
            Statement(
                "survey signals",
                """
                SELECT count(*) AS total, min(at) AS oldest, max(at) AS newest,
                       count(*) FILTER (WHERE \(spent)) AS expired
                FROM signal s
                """
            ),
            [.timestamp(limit)]
        )
        return try AgeSurvey(rows[0])
    }

    private static let spent = """
        (s.at < $1 OR NOT EXISTS (
            SELECT FROM signal_consumer c WHERE (s.xid, s.id) > (c.last_xid, c.last_id)
        ))
        """
}
