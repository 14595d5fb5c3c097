package import Core
package import Postgres

/// Events between features, in `outbox_event`: projections write them; each consumer reads them with a cursor of its
/// own.
package enum OutboxStore {
    private static let insert = Statement(
        "insert outbox events",
        """
        INSERT INTO outbox_event (kind, subject, at, detail)
        SELECT s.kind, s.subject, s.at, s.detail::jsonb
        FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[]) AS s (kind, subject, at, detail)
        WHERE EXISTS (SELECT FROM outbox_consumer)
        """
    )

    private static let fetch = Statement(
        "fetch outbox events",
        """
        SELECT s.xid::text AS xid, s.id, s.kind, s.subject, s.at, s.detail, pg_current_snapshot()::text AS snapshot
        FROM outbox_event s
        WHERE \(isUnread)
        ORDER BY s.xid, s.id
        LIMIT $2
        """
    )

    /// Whether an event `s` comes behind the cursor of the consumer `$1`, without those of `OutboxGap`.
    ///
    /// The cursor is asked for first. In a join, PostgreSQL compares it with every event from the oldest one on, also with a
    /// day of those that were taken.
    package static let isUnread = """
        (s.xid, s.id) > (
            (SELECT c.last_xid FROM outbox_consumer c WHERE c.name = $1),
            (SELECT c.last_id FROM outbox_consumer c WHERE c.name = $1)
        )
        """

    /// Whether a consumer is registered; otherwise no events need be written.
    package static func hasConsumers(on connection: Connection) throws -> Bool {
        try connection.execute("SELECT EXISTS (SELECT FROM outbox_consumer) AS found").first?.bool("found")
            ?? false
    }

    /// Writes events in the transaction of the rows; nothing while no consumer is registered.
    package static func insert(_ events: [OutboxEvent], on connection: Connection) throws {
        guard !events.isEmpty else { return }
        try connection.execute(
            insert,
            [
                .textArray(events.map(\.kind)),
                .textArray(events.map(\.subject)),
                .timestampArray(events.map(\.at)),
                .textArray(events.map { String(decoding: $0.detail, as: UTF8.self) }),
            ]
        )
    }

    /// Registers a consumer: it gets events that are written from now on. Idempotent.
    package static func register(_ consumer: String, on connection: Connection) throws {
        try connection.execute(
            "INSERT INTO outbox_consumer (name) VALUES ($1) ON CONFLICT (name) DO NOTHING",
            [.text(consumer)]
        )
    }

    /// Removes a consumer, which gets no more events, and does not keep them for others.
    package static func remove(_ consumer: String, on connection: Connection) throws {
        try connection.execute(
            "DELETE FROM outbox_consumer WHERE name = $1 OR starts_with(name, $1 || '/')",
            [.text(consumer)]
        )
    }

    /// When the first event arrived that a consumer has not taken; nil when there is none, or no such consumer.
    package static func oldestUnread(_ consumer: String, on connection: Connection) throws -> Timestamp? {
        try connection.execute(
            Statement(
                "oldest unread outbox event",
                """
                SELECT s.at
                FROM outbox_consumer c
                CROSS JOIN LATERAL (
                    SELECT e.at
                    FROM outbox_event e
                    WHERE (e.xid, e.id) > (c.last_xid, c.last_id)
                    ORDER BY e.xid, e.id
                    LIMIT 1
                ) s
                WHERE c.name = $1
                """
            ),
            [.text(consumer)]
        ).first?.timestamp("at")
    }

    /// Whether a consumer has events that it may take; cheaper than taking none.
    package static func hasUnread(_ consumer: String, on connection: Connection) throws -> Bool {
        let rows = try connection.execute(
            Statement(
                "unread outbox events",
                """
                SELECT (
                    SELECT s.id FROM outbox_event s WHERE \(isUnread) ORDER BY s.xid, s.id LIMIT 1
                ) IS NOT NULL OR EXISTS (
                    SELECT FROM outbox_consumer c WHERE \(OutboxGap.hasEnded)
                ) AS found
                """
            ),
            [.text(consumer)]
        )
        return try rows.first?.bool("found") ?? false
    }

    /// Takes the next events of a consumer, in the transaction of their effects, which also moves the cursor.
    ///
    /// What a transaction writes that was open when later events were taken comes after its commit: decision 48.
    package static func take(
        _ consumer: String,
        limit: Int,
        on connection: Connection
    ) throws -> [OutboxEvent] {
        try connection.execute("SELECT FROM outbox_consumer WHERE name = $1 FOR UPDATE", [.text(consumer)])
        var taken = try OutboxGap.take(consumer, limit: limit, on: connection)
        guard taken.count < limit else { return taken.map(\.event) }
        let rows = try connection.execute(fetch, [.text(consumer), .int(limit - taken.count)])
        if let last = rows.last {
            let xid = Parameter.text(try last.text("xid"))
            try OutboxGap.open(consumer, before: xid, .text(try last.text("snapshot")), on: connection)
            try connection.execute(
                "UPDATE outbox_consumer SET last_xid = $2::xid8, last_id = $3 WHERE name = $1",
                [.text(consumer), xid, .int64(try last.int64("id"))]
            )
        }
        taken += try rows.map { try ($0.int64("id"), event($0)) }
        // A transaction that waited for another one may have begun before it.
        return taken.sorted { $0.id < $1.id }.map(\.event)
    }

    static func event(_ row: Row) throws -> OutboxEvent {
        OutboxEvent(
            kind: try row.text("kind"),
            subject: try row.text("subject"),
            at: try row.timestamp("at"),
            detail: try row.utf8("detail")
        )
    }

    /// The newest events since a moment, oldest first: also those that consumers have taken.
    package static func recent(
        since time: Timestamp,
        atMost count: Int,
        on connection: Connection
    ) throws -> [OutboxEvent] {
        try connection.execute(
            Statement(
                "recent outbox events",
                """
                SELECT kind, subject, at, detail
                FROM (SELECT * FROM outbox_event ORDER BY id DESC LIMIT $2) s
                WHERE at >= $1
                ORDER BY id
                """
            ),
            [.timestamp(time), .int(count)]
        ).map(event)
    }

    /// Deletes events that every consumer has taken and that are older than a day, and all that are older than `limit`, the oldest first.
    ///
    /// - Returns: how many were deleted, `count` at most.
    package static func prune(
        before limit: Timestamp,
        atMost count: Int,
        on connection: Connection
    ) throws -> Int {
        try connection.execute(
            Statement(
                "prune outbox events",
                "DELETE FROM outbox_event WHERE id IN (SELECT s.id FROM outbox_event s WHERE \(spent) ORDER BY s.id LIMIT $2)"
            ),
            [.timestamp(limit), .int(count)]
        ).affectedRows
    }

    /// Counts all events, and those that `prune` would delete.
    static func survey(before limit: Timestamp, on connection: Connection) throws -> AgeSurvey {
        let rows = try connection.execute(
            Statement(
                "survey outbox events",
                """
                SELECT count(*) AS total, min(at) AS oldest, max(at) AS newest,
                       count(*) FILTER (WHERE \(spent)) AS expired
                FROM outbox_event s
                """
            ),
            [.timestamp(limit)]
        )
        return try AgeSurvey(rows[0])
    }

    private static let spent = """
        (s.at < $1 OR (s.at < now() - interval '1 day' AND NOT EXISTS (
            SELECT FROM outbox_consumer c
            WHERE CASE WHEN \(OutboxGap.isGap) THEN s.xid = c.last_xid ELSE (s.xid, s.id) > (c.last_xid, c.last_id) END
        )))
        """
}
