internal import Core
internal import Journal

/// The names of the weblog client's events; contract §4.3. Events with other names are stored and counted, too.
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

/// One line of the journal as a value for the projection. It has many fields and is passed on often, so it is a
/// class.
final class NextflowEvent: Sendable {
    /// Its line in the journal, and its time of arrival.
    let seq: Int64
    let journalID: UUID128
    let receivedAt: Timestamp

    let runID: String
    let runName: String
    let event: String
    let utcTime: Timestamp
    let runKey: UUID128
    /// The digest of the cleaned body.
    let digest: UUID128
    /// JSON text that jsonb accepts; `null` when absent.
    let metadata: ArraySlice<UInt8>
    let trace: ArraySlice<UInt8>
    /// Whether a value that PostgreSQL cannot store was replaced.
    let isAltered: Bool

    /// The trace, when it is an object.
    let task: Trace?
    /// Identifies equal completions; nil unless a task with an id has completed.
    let taskCompletionKey: UUID128?
    /// The facts from the metadata of `started` and `completed`.
    let workflow: WorkflowFacts?

    /// Reads everything that the envelope does not hold; `root` is the object of the line's body, or of its altered
    /// form.
    init(
        _ line: JournalLine,
        _ journal: UUID128,
        _ envelope: EventEnvelope,
        _ root: JSONNode,
        isAltered: Bool
    ) {
        let null = ArraySlice("null".utf8)
        let (metadata, trace) = (root["metadata"], root["trace"])
        seq = line.seq
        journalID = journal
        receivedAt = line.at
        runID = envelope.runID
        runName = envelope.runName
        event = envelope.event
        utcTime = envelope.utcTime
        runKey = NextflowKeys.run(id: envelope.runID, name: envelope.runName)
        digest = NextflowKeys.body(line.body)
        self.metadata = metadata?.rawBytes ?? null
        self.trace = trace?.rawBytes ?? null
        self.isAltered = isAltered
        let task = trace.flatMap(Trace.init)
        self.task = task
        let isCompletion = envelope.event == EventName.taskCompleted && task?.taskID != nil
        taskCompletionKey =
            isCompletion ? task.map { [runKey] in NextflowKeys.completion(run: runKey, trace: $0) } : nil
        let tellsWorkflow = envelope.event == EventName.started || envelope.event == EventName.completed
        workflow = tellsWorkflow ? WorkflowFacts(metadata) : nil
    }

    /// Whether it is an event of a task.
    var isTaskEvent: Bool {
        event == EventName.submitted || event == EventName.running || event == EventName.taskCompleted
    }
}

/// The four required fields of an event.
struct EventEnvelope: Sendable {
    var runID: String
    var runName: String
    var event: String
    var utcTime: Timestamp
}

/// An event on its way into rows, with the results of PostgreSQL.
package struct NextflowElement: Sendable {
    let event: NextflowEvent
    var telemetryID: Int64 = 0
    var isResend = false
    var isNewCompletion = false
    /// The states of executions whose end was new to PostgreSQL: the first element of a batch holds those of the
    /// whole batch.
    var finishedRuns: [RunState] = []

    init(_ event: NextflowEvent) {
        self.event = event
    }

    /// The key of the completion that it makes, if it makes one. A completion without a task id is identified by its
    /// line, so a resend makes none.
    var completionKey: UUID128? {
        guard event.event == EventName.taskCompleted else { return nil }
        if let key = event.taskCompletionKey { return key }
        return isResend
            ? nil : NextflowKeys.completion(run: event.runKey, journal: event.journalID, seq: event.seq)
    }
}
