package import Core
internal import Postgres

/// Something that other features react to: a run has failed, a task is lost. Design §1 "Outbox".
package struct OutboxEvent: Hashable, Sendable {
    /// What happened: `run.failed`.
    package let kind: String
    /// The event id of the run that it concerns.
    package let subject: String
    /// When the line that caused it arrived.
    package let at: Timestamp
    /// Details, as a JSON object.
    package let detail: [UInt8]

    /// Makes an event.
    package init(kind: String, subject: String, at: Timestamp, detail: [UInt8]) {
        self.kind = kind
        self.subject = subject
        self.at = at
        self.detail = detail
    }
}
