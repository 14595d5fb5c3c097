internal import Core

/// A call on its way into rows, with the events that it turned out to be.
package struct TowerElement: Sendable, Resendable {
    let message: TowerMessage
    var isResend = false
    /// Its events, and those of calls that had waited for it: filled when its rows are written.
    var events: [NextflowElement] = []

    init(_ message: TowerMessage) { self.message = message }

    var digest: UUID128 { message.digest }
    var receivedAt: Timestamp { message.receivedAt }
}
