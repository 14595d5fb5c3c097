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
    /// What its key begins with instead of its name: a worker that is ready is a `worker_started`, and has another key.
    var keyWord: String?

    /// The project, as rules name it.
    var project: String? { labels["project"] }

    /// Adds a detail that the event does not have yet.
    mutating func add(_ name: String, _ text: String) {
        guard !facts.contains(where: { $0.name == name }) else { return }
        var writer = JSONWriter()
        writer.value(text)
        facts.append(.init(name: name, json: writer.bytes))
    }

    /// What tells its incidents from others of a rule; it has no time in it. Contract pipelogiq §6.4, §6.7.
    var key: String { "\(keyWord ?? name.rawValue):\(subject)" }
}
