package import Core
package import Postgres

/// Outbox events that every consumer has taken, and those that a consumer did not take in time.
package struct SpentOutboxEvents: AgingRows {
    package let name = "outbox-events"
    package let table: String? = "outbox_event"
    /// How long an event is kept that a consumer has not taken.
    package static let keep = Duration.seconds(30 * 86_400)

    /// The rows of `outbox_event`.
    package init() {}

    package func survey(before limit: Timestamp, on connection: Connection) throws -> AgeSurvey {
        try OutboxStore.survey(before: limit, on: connection)
    }

    package func deleteBatch(
        before limit: Timestamp,
        atMost count: Int,
        on connection: Connection
    ) throws -> Int {
        try OutboxStore.prune(before: limit, atMost: count, on: connection)
    }
}
