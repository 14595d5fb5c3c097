internal import API
internal import Core
internal import Ingest
internal import Notifications
internal import Postgres

/// What the alerting document has sent and is to send. Contract pipelogiq §6.7.
enum AlertHistory {
    struct Query: Sendable {
        var limit: Int
        var event: String?
        var channel: String?
        var state: String?
        var before: Before?
    }

    /// Where a page begins: older than a moment, or than an alert.
    enum Before: Sendable {
        case time(Timestamp)
        case alert(UUID128)

        init?(_ text: String) {
            if let id = UUID128(text) {
                self = .alert(id)
            } else if let time = Timestamp(lenient: text) {
                self = .time(time)
            } else {
                return nil
            }
        }
    }

    /// An alert to one channel.
    struct Entry: Sendable {
        let id: UUID128
        /// Nil when the channel is no longer selected.
        let channel: String?
        let status: String
        let payload: [UInt8]
        let attempts: Int
        let nextAttemptAt: Timestamp
        let httpStatus: Int?
        let error: String?
        let createdAt: Timestamp
        let sentAt: Timestamp?

        /// The words of the contract: what waits for a retry is pending, too.
        var state: String { ["sent", "failed"].contains(status) ? status : "pending" }
    }

    /// One more than asked for, when there are more. What was suppressed has no row of its own.
    static func fetch(_ query: Query, on connection: Connection) throws -> [Entry] {
        guard query.state != "suppressed" else { return [] }
        var conditions = SQLConditions()
        conditions.require("d.event", equals: query.event.map(Parameter.text))
        switch query.state {
        case "pending"?: conditions.require("d.status IN ('pending', 'sending', 'retrying')")
        case let state?: conditions.require("d.status", equals: .text(state))
        case nil: break
        }
        switch query.before {
        case .time(let time)?: conditions.require("d.created_at < \(conditions.place(.timestamp(time)))")
        case .alert(let id)?:
            let place = conditions.place(.uuid(id))
            conditions.require(
                "(d.created_at, d.uuid) < (SELECT created_at, uuid FROM alert_delivery WHERE uuid = \(place))"
            )
        case nil: break
        }
        return try fetch(query, conditions, on: connection)
    }

    /// The newest of each channel, and of those the newest: each is a range of an index.
    private static func fetch(_ query: Query, _ given: SQLConditions, on connection: Connection) throws
        -> [Entry]
    {
        var conditions = given
        let origin = conditions.place(.text(Ownership.origin))
        let name =
            query.channel.map { " AND c.name = " + conditions.place(.text(Ownership.prefix + $0)) } ?? ""
        let limit = conditions.place(.int(query.limit + 1))
        func newest(_ condition: String) -> String {
            """
            SELECT d.uuid, d.status, d.payload::text AS payload, d.attempts, d.next_attempt_at, d.http_status, d.error,
                   d.created_at, d.sent_at
            FROM alert_delivery d
            WHERE \(condition) AND \(conditions.text)
            ORDER BY d.created_at DESC, d.uuid DESC
            LIMIT \(limit)
            """
        }
        // Of channels that were deselected; other rules' deliveries have another form.
        let gone = newest("d.channel_id IS NULL AND d.message ->> 'dialect' = 'pipelogiq'")
        return try connection.execute(
            Statement(
                "alerts of the document",
                """
                SELECT *
                FROM (
                    SELECT d.*, c.name
                    FROM notification_channel c
                    CROSS JOIN LATERAL (\(newest("d.channel_id = c.uuid"))) d
                    WHERE c.origin = \(origin)\(name)
                    \(query.channel == nil ? "UNION ALL SELECT g.*, NULL FROM (\(gone)) g" : "")
                ) d
                ORDER BY d.created_at DESC, d.uuid DESC
                LIMIT \(limit)
                """
            ),
            conditions.parameters
        ).map(entry)
    }

    private static func entry(_ row: Row) throws -> Entry {
        Entry(
            id: try row.uuid("uuid"),
            channel: try row.optionalText("name").map { String($0.dropFirst(Ownership.prefix.count)) },
            status: try row.text("status"),
            payload: try row.utf8("payload"),
            attempts: try row.int("attempts"),
            nextAttemptAt: try row.timestamp("next_attempt_at"),
            httpStatus: try row.optionalInt("http_status"),
            error: try row.optionalText("error"),
            createdAt: try row.timestamp("created_at"),
            sentAt: try row.optionalTimestamp("sent_at")
        )
    }

    // MARK: - JSON

    /// `{"alerts": [...], "next"?}`.
    static func write(_ entries: [Entry], limit: Int, to writer: inout JSONWriter) {
        let shown = entries.prefix(limit)
        writer.object { root in
            root.array("alerts") { list in
                for entry in shown { list.object { write(entry, to: &$0) } }
            }
            if entries.count > limit, let last = shown.last { root.member("next", last.id) }
        }
    }

    private static func write(_ entry: Entry, to object: inout JSONWriter) {
        object.member("id", entry.id)
        if let channel = entry.channel { object.member("channel", channel) }
        object.member("state", entry.state)
        if let alert = (try? JSONDocument(entry.payload))?.root["alert"] {
            object.member("alert", raw: Redaction.masked(Array(alert.rawBytes)))
        }
        object.member("attempts", entry.attempts)
        if entry.state == "pending" { object.member("nextAttemptAt", entry.nextAttemptAt.wholeSeconds) }
        if let status = entry.httpStatus { object.member("lastStatus", status) }
        if let error = entry.error { object.member("lastError", error) }
        object.member("createdAt", entry.createdAt.wholeSeconds)
        if let time = entry.sentAt { object.member("sentAt", time.wholeSeconds) }
    }
}
