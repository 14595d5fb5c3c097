internal import Core
internal import Notifications
internal import Postgres

/// A delivery as its history shows it.
struct DeliveryRecord: Sendable {
    /// The states, first to last.
    enum Status: String, CaseIterable, Sendable {
        case pending, sending, retrying, sent, failed
    }

    static let columns = """
        uuid, rule_id, channel_id, incident_id, status, state, event, payload::text AS payload, error, attempts,
        max_attempts, next_attempt_at, sent_at, http_status, duration_ms, dedupe_key, created_at, updated_at
        """

    let id: UUID128
    let rule: UUID128?
    let channel: UUID128?
    let incident: UUID128?
    let status: String
    let state: String
    let event: String
    let payload: [UInt8]
    let error: String?
    let attempts: Int
    let mostAttempts: Int
    let nextAttemptAt: Timestamp
    let sentAt: Timestamp?
    let httpStatus: Int?
    let milliseconds: Int64?
    let dedupeKey: String
    let createdAt: Timestamp
    let updatedAt: Timestamp?

    init(_ row: Row) throws {
        id = try row.uuid("uuid")
        rule = try row.optionalUUID("rule_id")
        channel = try row.optionalUUID("channel_id")
        incident = try row.optionalUUID("incident_id")
        status = try row.text("status")
        state = try row.text("state")
        event = try row.text("event")
        payload = try row.utf8("payload")
        error = try row.optionalText("error")
        attempts = try row.int("attempts")
        mostAttempts = try row.int("max_attempts")
        nextAttemptAt = try row.timestamp("next_attempt_at")
        sentAt = try row.optionalTimestamp("sent_at")
        httpStatus = try row.optionalInt("http_status")
        milliseconds = try row.optionalInt64("duration_ms")
        dedupeKey = try row.text("dedupe_key")
        createdAt = try row.timestamp("created_at")
        updatedAt = try row.optionalTimestamp("updated_at")
    }

    /// Contract beampipe §4.8; what follows `created_at` is the better server's (§11.3).
    func write(to writer: inout JSONWriter) {
        writer.object { object in
            object.member("uuid", id)
            object.member("rule_id", rule)
            object.member("channel_id", channel)
            object.member("status", status)
            object.member("payload", raw: Redaction.masked(payload))
            object.member("error", error.map(Redaction.masked(text:)))
            object.member("created_at", createdAt, offset: .z)
            object.member("incident_id", incident)
            object.member("state", state)
            object.member("event", event)
            object.member("attempts", attempts)
            object.member("max_attempts", mostAttempts)
            let isOpen = ["pending", "retrying"].contains(status)
            object.member("next_attempt_at", isOpen ? nextAttemptAt : nil, offset: .z)
            object.member("sent_at", sentAt, offset: .z)
            object.member("updated_at", updatedAt, offset: .z)
            object.member("dedupe_key", Redaction.masked(text: dedupeKey))
            object.member("http_status", httpStatus)
            object.member("duration_ms", milliseconds)
        }
    }
}
