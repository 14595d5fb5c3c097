internal import Core
internal import Ingest
internal import Journal

/// The run that a call is about.
struct TowerRun: Hashable, Sendable {
    let id: String
    let name: String

    init(id: String, name: String) {
        self.id = id
        self.name = name
    }

    /// Reads it from the body of `create`, or from the workflow of another call; nil where it isn't told.
    init?(_ told: JSONNode) {
        guard let id = told["sessionId"]?.lenientText, !id.isEmpty, let name = told["runName"]?.lenientText
        else {
            return nil
        }
        self.init(id: id, name: name)
    }

    var key: UUID128 { NextflowKeys.run(id: id, name: name) }
}

/// A call that was read from the journal. It has many fields and is handed on often: a reference.
final class TowerMessage: Sendable {
    let seq: Int64
    let journalID: UUID128
    let receivedAt: Timestamp
    let call: TowerCall
    let workflowID: String
    let workspaceID: Int64?
    /// The client's clock when it sent the call; the time of arrival when it told none.
    let instant: Timestamp
    /// The digest of the line's body: a call that is sent again has the same.
    let digest: UUID128
    /// Which run it is; nil for calls that have only the id.
    let run: TowerRun?
    /// The id that the platform gave a run which it launched; the client goes on with Weir's. Contract §10 (5).
    let suppliedID: String?
    /// Whether a value that PostgreSQL cannot store was replaced.
    let isAltered: Bool
    /// The line's object, in a form that jsonb accepts.
    let root: JSONNode
    /// The line's body as the journal has it.
    let text: ArraySlice<UInt8>

    /// Tasks are read three levels below the call: `body.tasks[0].status`. The index needs no more.
    private static let depth = 5

    /// Reads a line.
    ///
    /// - Throws: `Refusal` for a line that no released version would have written.
    init(_ line: JournalLine, journal: UUID128) throws(Refusal) {
        let document: JSONDocument
        do throws(JSONError) {
            let received = try JSONDocument(Array(line.body), recordedDepth: Self.depth)
            isAltered = !received.isStorable
            document =
                received.isStorable
                ? received : try JSONDocument(JSONStorable.rewrite(received), recordedDepth: Self.depth)
        } catch {
            throw Refusal(reason: "not a call of Tower's client: no JSON")
        }
        root = document.root
        guard
            let call = root["call"]?.string.flatMap(TowerCall.init),
            let workflowID = root["workflow_id"]?.string
        else { throw Refusal(reason: "not a call of Tower's client") }
        let body = root["body"]
        seq = line.seq
        journalID = journal
        receivedAt = line.at
        self.call = call
        self.workflowID = workflowID
        workspaceID = root["workspace_id"]?.int64
        instant = body?["instant"]?.lenientMilliseconds ?? line.at
        digest = NextflowKeys.body(line.body)
        text = line.body
        let supplied = call == .create ? body?["workflowId"]?.string.map(indexable) : nil
        suppliedID = supplied.flatMap { $0.isEmpty || $0 == workflowID ? nil : $0 }
        run = (call == .create ? body : body?["workflow"]).flatMap(TowerRun.init)
    }

    /// The ids that stand for its run.
    var workflowIDs: [String] { [workflowID] + [suppliedID].compactMap(\.self) }

    /// The object that the client sent; nil when nothing could be read.
    var body: JSONNode? { root["body"].flatMap { $0.kind == .object ? $0 : nil } }

    /// What the call says, as events of the weblog's form: the rows are those of the weblog. Contract §10 (13).
    func events(of run: TowerRun) -> [NextflowEvent] {
        switch call {
        case .create:
            return [event(EventName.alive, run, workflow: WorkflowFacts(workflow: nil, beside: body))]
        case .heartbeat, .patch: return [event(EventName.alive, run)]
        case .begin: return [event(EventName.started, run, workflow: WorkflowFacts(tower: body?["workflow"]))]
        case .complete:
            return [event(EventName.completed, run, workflow: WorkflowFacts(tower: body?["workflow"]))]
        case .progress:
            guard let tasks = body?["tasks"], tasks.kind == .array else {
                return [event(EventName.alive, run)]
            }
            let events = tasks.elements.compactMap { node in
                Trace(tower: node).map { event(EventName.ofTask(status: $0.status), run, task: $0) }
            }
            return events.isEmpty ? [event(EventName.alive, run)] : events
        }
    }

    /// When an event happened: as the weblog tells it of the end of a task, in whole seconds, so that both clients count it in
    /// the same hour. Else, and where the end is no time near the call's, when the call was sent.
    func time(of name: String, _ task: Trace?) -> Timestamp {
        guard
            name == EventName.taskCompleted, let end = task?.completeAt, end <= instant,
            instant - end < Self.longestDelay
        else { return instant }
        return Timestamp(microseconds: end.microseconds - end.microseconds % 1_000_000)
    }

    private static let longestDelay = Duration.seconds(7 * 86_400)

    private func event(
        _ name: String,
        _ run: TowerRun,
        task: Trace? = nil,
        workflow: WorkflowFacts? = nil
    ) -> NextflowEvent {
        NextflowEvent(self, run, name, task: task, workflow: workflow)
    }
}

extension EventName {
    /// A heartbeat without news: Weir's own name, for calls that the weblog lacks.
    static let alive = "tower.alive"
    /// A task that the weblog does not tell of: one that waits for its submission, or one from the cache.
    static let task = "tower.task"

    /// The weblog's event for a task with a status.
    static func ofTask(status: String?) -> String {
        switch status {
        case "SUBMITTED": submitted
        case "RUNNING": running
        case "COMPLETED", "FAILED", "ABORTED": taskCompleted
        default: task
        }
    }
}
