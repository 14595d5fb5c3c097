internal import Core
internal import Journal

/// One line of the journal, as the projection wants it. It has many fields and is handed on often: a reference.
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
    /// Whether Tower's client told it.
    let isTower: Bool

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
        let task = trace.flatMap { Trace($0) }
        self.task = task
        let isCompletion = envelope.event == EventName.taskCompleted && task?.taskID != nil
        taskCompletionKey =
            isCompletion ? task.map { [runKey] in NextflowKeys.completion(run: runKey, trace: $0) } : nil
        let tellsWorkflow = envelope.event == EventName.started || envelope.event == EventName.completed
        workflow = tellsWorkflow ? WorkflowFacts(metadata) : nil
        isTower = false
    }

    /// One of the events of a call of Tower's client; the call keeps the raw text.
    init(_ call: TowerMessage, _ run: TowerRun, _ name: String, task: Trace?, workflow: WorkflowFacts?) {
        let null = ArraySlice("null".utf8)
        seq = call.seq
        journalID = call.journalID
        receivedAt = call.receivedAt
        runID = run.id
        runName = run.name
        event = name
        utcTime = call.time(of: name, task)
        let runKey = run.key
        self.runKey = runKey
        digest = call.digest
        metadata = null
        trace = null
        isAltered = call.isAltered
        self.task = task
        taskCompletionKey =
            name == EventName.taskCompleted
            ? task.map { NextflowKeys.completion(run: runKey, trace: $0) } : nil
        self.workflow = workflow
        isTower = true
    }

    /// Whether it says that its task was submitted. Tower's client may tell of a task for the first time when it is
    /// over, contract §10 (9); one from the cache was submitted in another run.
    var tellsSubmission: Bool {
        event == EventName.submitted || isTower && event != EventName.task && task?.submitAt != nil
    }

    /// The call of Tower's client that tells it, in the order in which one tells more than another: by the rank of the
    /// task's status, then by arrival. Nil for the weblog's.
    var towerTold: Int64? {
        guard isTower, let task else { return nil }
        return TowerTold(rank: TaskStatus.rank(task.status), receivedAt: receivedAt).number
    }

    /// Whether it says that its task has begun.
    var tellsStart: Bool {
        event == EventName.running || isTower && event != EventName.task && task?.startAt != nil
    }

    /// Whether it says where its task ran.
    var tellsPlace: Bool { task?.executor != nil || task?.machineType != nil }

    /// Whether it is an event of a task.
    var isTaskEvent: Bool {
        event == EventName.submitted || event == EventName.running || event == EventName.taskCompleted
            || event == EventName.task
    }
}
