package import Core
package import Postgres

/// Outbox events that every consumer has taken, and those that nobody took for too long.
package struct SpentOutboxEvents: AgingRows {
    package let name = "outbox-events"
    package let table: String? = "outbox_event"
    /// After how long an event is deleted that a consumer has not taken: its sender is then more than late.
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
