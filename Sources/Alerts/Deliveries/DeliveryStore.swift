internal import Core
internal import Notifications
internal import Postgres

/// The SQL of `alert_delivery` for the engine and the sender.
enum DeliveryStore {
    /// Writes a delivery that waits to be sent.
    static func insert(_ delivery: NewDelivery, on connection: Connection) throws {
        try insert(delivery, status: "pending", lease: .zero, on: connection)
    }

    /// Writes one that was sent before it could be written.
    static func insertSent(_ delivery: NewDelivery, on connection: Connection) throws {
        try insert(delivery, status: "sending", lease: .zero, on: connection)
        let result = AttemptResult(status: "sent", milliseconds: 0)
        try record(result, of: delivery.message.id, attempts: 1, on: connection)
    }

    /// Writes one that the caller sends at once.
    static func insertTaken(_ delivery: NewDelivery, lease: Duration, on connection: Connection) throws {
        try insert(delivery, status: "sending", lease: lease, on: connection)
    }

    private static func insert(
        _ delivery: NewDelivery,
        status: String,
        lease: Duration,
        on connection: Connection
    ) throws {
        let message = delivery.message
        try connection.execute(
            Statement(
                "insert alert delivery",
                """
                INSERT INTO alert_delivery (
                    uuid, rule_id, channel_id, incident_id, status, state, event, message, payload, max_attempts,
                    next_attempt_at, dedupe_key, attempts, lease_until
                )
                VALUES (
                    $1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9::jsonb, $10, now() + $11 * interval '1 second', $12, $13,
                    CASE WHEN $5 = 'sending' THEN now() + $14 * interval '1 second' END
                )
                """
            ),
            [
                .uuid(message.id), .optional(delivery.rule), .uuid(delivery.channel),
                .optional(delivery.incident), .text(status), .text(delivery.state), .text(message.event),
                .utf8(MessageDocument.encode(message)), .utf8(message.body), .int(delivery.mostAttempts),
                .double(delivery.wait / .seconds(1)), .text(message.incident),
                .int(status == "sending" ? 1 : 0), .double(lease / .seconds(1)),
            ]
        )
    }

    /// Replaces the message of an incident's deliveries that nobody has begun to send; false when there is none.
    static func refresh(_ message: AlertNotification, of incident: UUID128, on connection: Connection) throws
        -> Bool
    {
        try connection.execute(
            Statement(
                "refresh alert delivery",
                """
                UPDATE alert_delivery
                SET message = jsonb_set($2::jsonb, '{suppressed}', to_jsonb((message ->> 'suppressed')::bigint + 1)),
                    payload = CASE
                        WHEN jsonb_typeof($3::jsonb -> 'alert') = 'object' THEN jsonb_set(
                            $3::jsonb, '{alert,suppressed}', to_jsonb((message ->> 'suppressed')::bigint + 1)
                        )
                        ELSE $3::jsonb
                    END
                WHERE incident_id = $1 AND status = 'pending' AND attempts = 0 AND state = 'firing'
                """
            ),
            [.uuid(incident), .utf8(MessageDocument.encode(message)), .utf8(message.body)]
        ).affectedRows > 0
    }

    /// The channels that were told, or are to be told, that an incident fires.
    static func channelsTold(of incident: UUID128, on connection: Connection) throws -> [UUID128] {
        try connection.execute(
            Statement(
                "channels told",
                """
                SELECT DISTINCT channel_id
                FROM alert_delivery
                WHERE incident_id = $1 AND state = 'firing' AND channel_id IS NOT NULL
                ORDER BY channel_id
                """
            ),
            [.uuid(incident)]
        ).map { try $0.uuid("channel_id") }
    }

    /// What people were told last of a firing incident; nil when they were told nothing.
    static func lastTold(of incident: UUID128, on connection: Connection) throws -> AlertNotification? {
        try connection.execute(
            Statement(
                "last told of incident",
                """
                SELECT uuid, message::text AS message
                FROM alert_delivery
                WHERE incident_id = $1 AND state = 'firing'
                ORDER BY created_at DESC
                LIMIT 1
                """
            ),
            [.uuid(incident)]
        ).first.flatMap { row in
            MessageDocument.decode(try row.utf8("message"), id: try row.uuid("uuid"), body: [])
        }
    }

    /// Gives back what a Weir had taken when it died: it has just been started again.
    static func release(of owner: String, on connection: Connection) throws {
        try connection.execute(
            Statement(
                "release alert deliveries",
                "UPDATE alert_delivery SET lease_until = now() WHERE status = 'sending' AND lease_owner = $1"
            ),
            [.text(owner)]
        )
    }

    private static let claim = Statement(
        "claim alert deliveries",
        file: PackageResources.claim_deliveries_sql
    )

    /// Takes deliveries that are due, for a time: of a channel, or one of each.
    static func claim(
        atMost count: Int,
        of channel: UUID128?,
        for lease: Duration,
        by owner: String,
        on connection: Connection
    ) throws -> [ClaimedDelivery] {
        let parameters: [Parameter] = [
            .int(count), .double(lease / .seconds(1)), .optional(channel), .text(owner),
        ]
        return try connection.execute(claim, parameters).map { row in
            ClaimedDelivery(
                id: try row.uuid("uuid"),
                channel: try row.uuid("channel_id"),
                message: try row.utf8("message"),
                payload: try row.utf8("payload"),
                attempts: try row.int("attempts"),
                mostAttempts: try row.int("max_attempts"),
                createdAt: try row.timestamp("created_at")
            )
        }
    }

    /// Stores what became of an attempt, unless somebody else has taken the delivery since.
    static func record(
        _ result: AttemptResult,
        of delivery: UUID128,
        attempts: Int,
        on connection: Connection
    ) throws {
        try connection.execute(
            Statement(
                "record alert delivery",
                """
                UPDATE alert_delivery
                SET status = $3, error = $4, http_status = $5, duration_ms = $6, lease_until = NULL,
                    next_attempt_at = now() + $7 * interval '1 second', updated_at = now(),
                    sent_at = CASE WHEN $3 = 'sent' THEN now() END,
                    attempts = attempts - CASE WHEN $8 THEN 0 ELSE 1 END
                WHERE uuid = $1 AND status = 'sending' AND attempts = $2
                """
            ),
            [
                .uuid(delivery), .int(attempts), .text(result.status), .optional(result.error),
                .optional(result.httpStatus), .int64(result.milliseconds),
                .double(result.pause / .seconds(1)), .bool(result.isCounted),
            ]
        )
    }
}

/// A delivery that this Weir is to send.
struct ClaimedDelivery: Sendable {
    let id: UUID128
    let channel: UUID128
    /// As `MessageDocument` writes it.
    let message: [UInt8]
    let payload: [UInt8]
    /// This attempt included.
    let attempts: Int
    let mostAttempts: Int
    let createdAt: Timestamp
}

/// What became of an attempt.
struct AttemptResult: Sendable {
    /// `sent`, `retrying` or `failed`.
    var status: String
    var error: String?
    var httpStatus: Int?
    var milliseconds: Int64
    /// Until the next attempt.
    var pause = Duration.zero
    /// Whether it is one of the attempts that a delivery has.
    var isCounted = true
}
