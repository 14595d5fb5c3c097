internal import Core

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

/// One line of the journal, as the projection wants it.
struct NextflowEvent: Sendable {
    /// Where it stands in the journal, and when it arrived.
    var seq: Int64
    var journalID: UUID128
    var receivedAt: Timestamp

    var runID: String
    var runName: String
    var event: String
    var utcTime: Timestamp
    var runKey: UUID128
    /// The digest of the cleaned body.
    var digest: UUID128
    /// JSON text that jsonb takes; `null` when absent.
    var metadata: [UInt8]
    var trace: [UInt8]
    /// Whether a value that PostgreSQL cannot store was replaced.
    var altered: Bool

    /// The trace, when it is an object.
    var task: Trace?
    /// What the metadata tells, on `started` and `completed`.
    var workflow: WorkflowFacts?

    /// Given by PostgreSQL while the event is applied.
    var telemetryID: Int64 = 0
    var isResend = false
    var isNewCompletion = false

    /// Whether it is one of the events that belong to a task.
    var isTaskEvent: Bool {
        event == EventName.submitted || event == EventName.running || event == EventName.taskCompleted
    }

    /// The completion that it makes, if it makes one. A row without a task id stands for its line, so a resend
    /// makes none.
    var completionKey: UUID128? {
        guard event == EventName.taskCompleted else { return nil }
        guard let task, task.taskID != nil else {
            return isResend ? nil : NextflowKeys.completion(run: runKey, journal: journalID, seq: seq)
        }
        return NextflowKeys.completion(run: runKey, trace: task)
    }
}
