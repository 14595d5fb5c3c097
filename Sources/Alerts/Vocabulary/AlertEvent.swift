internal import Core
internal import Notifications

/// Something that happened, in the words of the catalogue, whichever protocol it came by.
struct AlertEvent: Sendable {
    /// What it does to incidents.
    enum Phase: Sendable {
        /// Something is wrong from now on.
        case firing
        /// It is worth a message and over at once.
        case momentary
    }

    /// Which incidents it ends.
    struct Ending: Sendable {
        let events: Set<EventName>
        /// The label by which they are found, and its value.
        let label: String
        let value: String
    }

    var name: EventName
    var phase: Phase
    /// The outbox event's kind: `run.failed`.
    var kind: String
    var severity: AlertSeverity
    var title: String
    var text: String
    /// What it is about, the same each time: `<run>:<process>`.
    var subject: String
    /// Labels for scopes, silences and templates; none is empty.
    var labels: [String: String]
    var facts: [AlertNotification.Fact]
    var sources: [String] = []
    var at: Timestamp
    var ends: [Ending] = []

    /// The project, as rules name it.
    var project: String? { labels["project"] }
}
