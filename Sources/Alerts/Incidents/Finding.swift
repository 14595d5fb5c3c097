internal import Core
internal import Notifications

/// What a rule has found: something that is wrong, or that is worth a message.
struct Finding: Sendable {
    /// Of the incident, unique within the rule: `stage_failed/<run>:<process>`.
    var key: String
    /// A word of the catalogue, or the kind of the rule.
    var event: String
    /// The word of the payload: `execution.failed`, `pending_backlog`. Contract beampipe §4.6.
    var alert: String
    var severity: AlertSeverity
    var title: String
    var summary: String
    var labels: [String: String]
    var facts: [AlertNotification.Fact] = []
    /// The payload's `links`, a JSON object that holds data, too.
    var links: [UInt8] = Array("{}".utf8)
    var sources: [String] = []
    var value: Double?
    var at: Timestamp
    /// Whether it is over at once: nothing will end it.
    var isMomentary = false
}
