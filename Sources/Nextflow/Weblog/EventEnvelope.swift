internal import Core
internal import Journal

/// The names of the events that the weblog client sends; contract §4.3. Any other name is stored and counted too.
enum EventName {
    static let started = "started"
    static let submitted = "process_submitted"
    static let running = "process_started"
    static let taskCompleted = "process_completed"
    static let error = "error"
    static let completed = "completed"

    /// The names that may label a series.
    static let known = [started, submitted, running, taskCompleted, error, completed]
}

/// The four required fields of an event.
struct EventEnvelope: Sendable {
    var runID: String
    var runName: String
    var event: String
    var utcTime: Timestamp
}
