internal import Core
internal import Notifications

/// The alert object, and the body of a generic webhook around it. Contract pipelogiq §6.3, §6.6.
struct AlertObject: Sendable {
    let event: String
    let title: String
    let message: String
    let severity: AlertSeverity
    let at: Timestamp
    /// Nil or blank for none.
    let dedupeKey: String?
    /// A JSON object; an empty one is left out.
    let details: [UInt8]
    /// The channels of the document that the original could deliver to; none are left out.
    var channels: [String] = []
    var isResolved = false
    /// How many firings since the last alert this one stands for.
    var suppressed: Int64 = 0

    var webhookBody: [UInt8] {
        var writer = JSONWriter(reservingCapacity: 512)
        writer.object { body in
            body.member("source", "pipelogiq")
            body.member("channel", "webhook")
            body.object("alert") { write(to: &$0) }
        }
        return writer.bytes
    }

    private func write(to alert: inout JSONWriter) {
        alert.member("event", event)
        alert.member("title", title)
        alert.member("message", message)
        // The original has no word for critical.
        alert.member("severity", min(severity, .error).rawValue)
        alert.member("timestamp", at.wholeSeconds)
        if let dedupeKey, !dedupeKey.isEmpty { alert.member("dedupeKey", dedupeKey) }
        if details != Array("{}".utf8), !details.isEmpty { alert.member("details", raw: details) }
        if !channels.isEmpty {
            alert.array("channels") { list in
                for channel in channels { list.value(channel) }
            }
        }
        // What follows is Weir's own, and absent where it says nothing.
        if isResolved { alert.member("status", "resolved") }
        if suppressed > 0 { alert.member("suppressed", suppressed) }
    }
}
