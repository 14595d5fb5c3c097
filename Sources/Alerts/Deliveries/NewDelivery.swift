internal import Core
internal import Notifications

/// A notification for one channel that is to be sent.
struct NewDelivery: Sendable {
    let message: AlertNotification
    /// `firing`, `resolved` or `test`.
    let state: String
    let rule: UUID128?
    let channel: UUID128
    let incident: UUID128?
    /// How long it waits before the first attempt.
    let wait: Duration
    let mostAttempts: Int
}
