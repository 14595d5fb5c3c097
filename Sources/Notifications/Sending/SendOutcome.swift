/// What became of one attempt to send a notification.
package enum SendOutcome: Sendable, Hashable {
    /// The receiver took it. `note` says what it did not take, such as one of several recipients.
    case sent(status: Int?, note: String?)
    /// The receiver could not take it now; `after` is how long it wants to be left alone.
    case again(status: Int?, after: Duration?, why: String)
    /// The receiver will never take it.
    case refused(status: Int?, why: String)
    /// The receiver no longer exists, such as a deleted webhook: the channel is to be disabled.
    case gone(status: Int?, why: String)
}
