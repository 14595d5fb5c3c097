package import Core
internal import Postgres

/// Something that others react to: a run has failed, a task is lost for good. Design §1 "Outbox".
package struct OutboxEvent: Hashable, Sendable {
    /// What happened: `run.failed`.
    package let kind: String
    /// What it happened to: an event id.
    package let subject: String
    /// When the line that caused it had arrived.
    package let at: Timestamp
    /// More about it, as a JSON object.
    package let detail: [UInt8]

    /// Makes an event.
    package init(kind: String, subject: String, at: Timestamp, detail: [UInt8]) {
        self.kind = kind
        self.subject = subject
        self.at = at
        self.detail = detail
    }
}
