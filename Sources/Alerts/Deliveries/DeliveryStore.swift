internal import Core
internal import Notifications
internal import Postgres

/// The SQL of `alert_delivery` for the engine and the sender.
enum DeliveryStore {
    /// Writes deliveries that wait to be sent, in this order.
    static func insert(_ deliveries: [NewDelivery], on connection: Connection) throws {
        try insert(deliveries, status: "pending", lease: .zero, on: connection)
    }

    /// Writes one that was sent before it could be written.
    static func insertSent(_ delivery: NewDelivery, on connection: Connection) throws {
        try insert([delivery], status: "sending", lease: .zero, on: connection)
        let result = AttemptResult(status: "sent", milliseconds: 0)
        try record(result, of: delivery.message.id, attempts: 1, on: connection)
    }

    /// Writes one that the caller sends at once.
    static func insertTaken(_ delivery: NewDelivery, lease: Duration, on connection: Connection) throws {
        try insert([delivery], status: "sending", lease: lease, on: connection)
    }

    /// How many one statement writes: each has up to some kilobytes.
    private static let insertedAtOnce = 500

    private static func insert(
        _ deliveries: [NewDelivery],
        status: String,
        lease: Duration,
        on connection: Connection
    ) throws {
        for start in stride(from: 0, to: deliveries.count, by: insertedAtOnce) {
            let portion = Array(deliveries[start..<min(start + insertedAtOnce, deliveries.count)])
            try connection.execute(
                insert,
                [
                    .text(status), .double(lease / .seconds(1)),
                    .uuidArray(portion.map(\.message.id)), .uuidArray(portion.map(\.rule)),
                    .uuidArray(portion.map(\.channel)), .uuidArray(portion.map(\.incident)),
                    .textArray(portion.map(\.state)), .textArray(portion.map(\.message.event)),
                    .textArray(
                        portion.map { String(decoding: MessageDocument.encode($0.message), as: UTF8.self) }
                    ),
                    .textArray(portion.map { String(decoding: $0.message.body, as: UTF8.self) }),
                    .int64Array(portion.map { Int64($0.mostAttempts) }),
                    .doubleArray(portion.map { $0.wait / .seconds(1) }),
                    .textArray(portion.map(\.message.incident)),
                ]
            )
        }
    }

    private static let insert = Statement(
        "insert alert deliveries",
        """
        INSERT INTO alert_delivery (
            uuid, rule_id, channel_id, incident_id, status, state, event, message, payload, max_attempts,
            next_attempt_at, dedupe_key, attempts, lease_until
        )
        SELECT d.uuid, d.rule_id, d.channel_id, d.incident_id, $1, d.state, d.event, d.message::jsonb, d.payload::jsonb,
               d.max_attempts, now() + d.wait * interval '1 second', d.dedupe_key,
               CASE $1 WHEN 'sending' THEN 1 ELSE 0 END,
               CASE $1 WHEN 'sending' THEN now() + $2 * interval '1 second' END
        FROM unnest(
            $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::text[],
            $11::bigint[], $12::double precision[], $13::text[]
        ) WITH ORDINALITY AS d (
            uuid, rule_id, channel_id, incident_id, state, event, message, payload,
            max_attempts, wait, dedupe_key, place
        )
        ORDER BY d.place
        -- What was told while PostgreSQL was away is written again when nobody knows whether it was committed.
        ON CONFLICT (uuid) DO NOTHING
        """
    )

    /// A newer message of an incident, after more firings.
    struct Refresh {
        let message: AlertNotification
        let incident: UUID128
        let count: Int64
    }

    /// Replaces the messages of incidents' deliveries that nobody has begun to send; returns the incidents that had one.
    static func refresh(_ messages: [Refresh], on connection: Connection) throws -> Set<UUID128> {
        guard !messages.isEmpty else { return [] }
        let rows = try connection.execute(
            refresh,
            [
                .uuidArray(messages.map(\.incident)),
                .textArray(
                    messages.map { String(decoding: MessageDocument.encode($0.message), as: UTF8.self) }
                ),
                .textArray(messages.map { String(decoding: $0.message.body, as: UTF8.self) }),
                .int64Array(messages.map(\.count)),
            ]
        )
        return Set(try rows.map { try $0.uuid("incident_id") })
    }

    private static let refresh = Statement(
        "refresh alert deliveries",
        """
        UPDATE alert_delivery d
        SET message = jsonb_set(
                m.message::jsonb, '{suppressed}', to_jsonb((d.message ->> 'suppressed')::bigint + m.firings)
            ),
            payload = CASE
                WHEN jsonb_typeof(m.payload::jsonb -> 'alert') = 'object' THEN jsonb_set(
                    m.payload::jsonb, '{alert,suppressed}', to_jsonb((d.message ->> 'suppressed')::bigint + m.firings)
                )
                ELSE m.payload::jsonb
            END
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[]) AS m (incident_id, message, payload, firings)
        WHERE d.incident_id = m.incident_id AND d.status = 'pending' AND d.attempts = 0 AND d.state = 'firing'
        RETURNING d.incident_id
        """
    )

    /// Who was told, or is to be told, that an incident fires, and what.
    struct Told {
        var channels: [UUID128] = []
        /// The last message; nil when a newer Weir wrote it.
        var last: AlertNotification?
        fileprivate var lastAt = Timestamp.earliest
    }

    /// Who was told that incidents fire, by incident; those of which nobody was told are not in it.
    static func told(of incidents: [UUID128], on connection: Connection) throws -> [UUID128: Told] {
        guard !incidents.isEmpty else { return [:] }
        let rows = try connection.execute(
            Statement(
                "told of alert incidents",
                """
                SELECT DISTINCT ON (incident_id, channel_id)
                    incident_id, channel_id, uuid, message::text AS message, created_at
                FROM alert_delivery
                WHERE incident_id = ANY ($1::uuid[]) AND state = 'firing'
                ORDER BY incident_id, channel_id, created_at DESC
                """
            ),
            [.uuidArray(incidents.map(Optional.some))]
        )
        var result: [UUID128: Told] = [:]
        for row in rows {
            var told = result[try row.uuid("incident_id")] ?? Told()
            if let channel = try row.optionalUUID("channel_id") { told.channels.append(channel) }
            let at = try row.timestamp("created_at")
            if at > told.lastAt {
                told.lastAt = at
                told.last = MessageDocument.decode(
                    try row.utf8("message"),
                    id: try row.uuid("uuid"),
                    body: []
                )
            }
            result[try row.uuid("incident_id")] = told
        }
        return result
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

    static let claim = Statement(
        "claim alert deliveries",
        file: PackageResources.claim_deliveries_sql
    )

    /// Takes deliveries that are due, for a time: of a channel, or one of each. Inside a transaction.
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
        try IndexPlans.use(on: connection)
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
    ///
    /// - Returns: whether it was stored.
    @discardableResult
    static func record(
        _ result: AttemptResult,
        of delivery: UUID128,
        attempts: Int,
        on connection: Connection
    ) throws -> Bool {
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
        ).affectedRows > 0
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
