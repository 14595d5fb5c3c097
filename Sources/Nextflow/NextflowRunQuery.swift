internal import API
internal import Core
internal import Ingest

/// The states of a run, as the function `run_state` names them.
enum RunState: String, CaseIterable, Sendable {
    case pending
    case running
    case stale
    case succeeded
    case failed
    case aborted

    /// Whether a run in this state has certainly not ended.
    var isOpen: Bool {
        switch self {
        case .pending, .running, .stale: true
        case .succeeded, .failed, .aborted: false
        }
    }
}

/// The filters of a list of runs.
struct RunListQuery: Hashable, Sendable {
    var states: [RunState] = []
    var runID: String?
    var name: String?
    var user: String?
    var project: String?
    /// Bounds of the first event's time, both inclusive.
    var since: Timestamp?
    var until: Timestamp?
    var limit = 50
    var cursor: RunCursor?

    /// All runs, the newest 50 first.
    init() {}

    /// Reads the parameters of `GET /api/nextflow/runs`.
    init(_ reader: inout ParameterReader) {
        typealias Parameters = RunListParameters
        states = reader.words(Parameters.state).compactMap(RunState.init)
        name = reader.text(Parameters.name).map(indexable)
        user = reader.text(Parameters.user).map(indexable)
        project = reader.text(Parameters.project).map(indexable)
        runID = reader.text(Parameters.runID).map(indexable)
        since = reader.time(Parameters.since)
        until = reader.time(Parameters.until)
        limit = reader.count(Parameters.limit)
        cursor = reader.cursor(.cursor, RunCursor.init)
    }
}

/// The start of a page of runs: after this one.
struct RunCursor: Hashable, Sendable {
    let firstUTC: Timestamp
    let runKey: UUID128

    init(firstUTC: Timestamp, runKey: UUID128) {
        self.firstUTC = firstUTC
        self.runKey = runKey
    }

    init?(_ page: PageCursor) {
        guard page.parts.count == 2, let microseconds = Int64(page.parts[0]), let key = UUID128(page.parts[1])
        else { return nil }
        self.init(firstUTC: Timestamp(microseconds: microseconds), runKey: key)
    }

    var page: PageCursor { PageCursor([String(firstUTC.microseconds), runKey.description]) }
}

/// The filters of a list of a run's tasks.
struct RunTasksQuery: Hashable, Sendable {
    /// In the order of the ranks in the function `task_status`.
    static let statuses = [
        "UNKNOWN", "NEW", "SUBMITTED", "RUNNING", "CACHED", "COMPLETED", "ABORTED", "FAILED",
    ]

    var statuses: [String] = []
    var process: String?
    var attempt: Int64?
    /// A part of the name; case is ignored.
    var nameContains: String?
    var limit = 100
    var cursor: TaskCursor?

    /// All tasks, the first 100.
    init() {}

    /// Reads the parameters of `…/tasks`.
    init(_ reader: inout ParameterReader) {
        typealias Parameters = RunTasksParameters
        statuses = reader.words(Parameters.status)
        process = reader.text(Parameters.process).map(indexable)
        attempt = reader.number(Parameters.attempt)?.clamped
        nameContains = reader.text(Parameters.name)
        limit = reader.count(Parameters.limit)
        cursor = reader.cursor(.cursor, TaskCursor.init)
    }
}

/// The start of a page of tasks: after this one.
struct TaskCursor: Hashable, Sendable {
    let number: Int64
    let taskID: String
    let hash: String

    init(number: Int64, taskID: String, hash: String) {
        self.number = number
        self.taskID = taskID
        self.hash = hash
    }

    init?(_ page: PageCursor) {
        guard page.parts.count == 3, let number = Int64(page.parts[0]) else { return nil }
        self.init(number: number, taskID: page.parts[1], hash: page.parts[2])
    }

    var page: PageCursor { PageCursor([String(number), taskID, hash]) }
}

/// The filters of a list of a run's raw events.
struct RunEventsQuery: Hashable, Sendable {
    /// The order, by arrival.
    enum Order: String, CaseIterable, Sendable {
        case oldest
        case newest
    }

    var event: String?
    var order = Order.oldest
    var limit = 100
    var cursor: EventCursor?

    /// All events, the first 100.
    init() {}

    /// Reads the parameters of `…/events`.
    init(_ reader: inout ParameterReader) {
        typealias Parameters = RunEventsParameters
        event = reader.text(Parameters.event)
        order = reader.word(Parameters.order).flatMap(Order.init) ?? .oldest
        limit = reader.count(Parameters.limit)
        cursor = reader.cursor(.cursor, EventCursor.init)
    }
}

/// The start of a page of events: after this one, in the order of the list.
struct EventCursor: Hashable, Sendable {
    let receivedAt: Timestamp
    let id: Int64

    init(receivedAt: Timestamp, id: Int64) {
        self.receivedAt = receivedAt
        self.id = id
    }

    init?(_ page: PageCursor) {
        guard page.parts.count == 2, let microseconds = Int64(page.parts[0]), let id = Int64(page.parts[1])
        else { return nil }
        self.init(receivedAt: Timestamp(microseconds: microseconds), id: id)
    }

    var page: PageCursor { PageCursor([String(receivedAt.microseconds), String(id)]) }
}
