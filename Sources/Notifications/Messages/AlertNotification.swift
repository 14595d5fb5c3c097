package import Core

/// What a channel tells people: an incident that fires or is over.
package struct AlertNotification: Sendable {
    /// Whether something is wrong, or is no longer.
    package enum State: String, Sendable {
        case firing
        case resolved
    }

    /// A page that says more.
    package struct Link: Hashable, Sendable {
        /// `View run`.
        package let text: String
        /// Absolute.
        package let url: String

        /// Makes a link.
        package init(text: String, url: String) {
            self.text = text
            self.url = url
        }
    }

    /// Something known about it: `pipelineId`, `12`.
    package struct Fact: Hashable, Sendable {
        package let name: String
        /// The value as JSON text.
        package let json: [UInt8]

        /// Makes a fact.
        package init(name: String, json: [UInt8]) {
            self.name = name
            self.json = json
        }

        /// The value as people read it: a string without its quotes, anything else as JSON.
        package var text: String { JSONText.string(json[...]) ?? String(decoding: json, as: UTF8.self) }
    }

    /// The protocol whose body a generic webhook gets.
    package enum Dialect: String, Sendable {
        /// The alert payload of contract beampipe §4.6.
        case beampipe
        /// `{"source":"pipelogiq","channel":"webhook","alert":…}`, contract pipelogiq §6.6.
        case pipelogiq
    }

    /// The id of the delivery: the same in every attempt, different for each channel and each message.
    package var id: UUID128
    /// The key of the incident, the same for firing and resolved: `pipelogiq/stage_failed/12:34`.
    package var incident: String
    package var state: State
    /// A word of the catalogue: `stage_failed`, `test_alert`.
    package var event: String
    package var severity: AlertSeverity
    /// A few words without line breaks: `Stage failed`.
    package var title: String
    /// A sentence or a few lines: `Pipeline 12 stage 34 failed (charge-card)`.
    package var text: String
    /// When it happened.
    package var at: Timestamp
    /// When the incident began.
    package var startedAt: Timestamp
    /// The members of the details, in order.
    package var facts: [Fact] = []
    /// Labels of the incident, such as `project`, `pipeline`, `process`, `agent`, `component`, in order.
    package var labels: [(name: String, value: String)] = []
    package var links: [Link] = []
    /// How many more times it fired since the last message, which this one stands for.
    package var suppressed = 0
    package var dialect = Dialect.beampipe
    /// The body of a generic webhook, a JSON object in its dialect.
    package var body: [UInt8] = []

    /// Makes a notification.
    package init(
        id: UUID128,
        incident: String,
        state: State,
        event: String,
        severity: AlertSeverity,
        title: String,
        text: String,
        at: Timestamp,
        startedAt: Timestamp
    ) {
        self.id = id
        self.incident = incident
        self.state = state
        self.event = event
        self.severity = severity
        self.title = title
        self.text = text
        self.at = at
        self.startedAt = startedAt
    }
}
