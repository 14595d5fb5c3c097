internal import API
internal import Core
internal import Ingest

/// Which tasks of a run a list shows.
struct RunTasksQuery: Hashable, Sendable {
    /// By the rank in which the function `task_status` names them.
    static let statuses = [
        "UNKNOWN", "NEW", "SUBMITTED", "RUNNING", "CACHED", "COMPLETED", "ABORTED", "FAILED",
    ]

    var statuses: [String] = []
    var process: String?
    var attempt: Int64?
    /// A part of the name, letters of either case.
    var nameContains: String?
    var limit = 100
    var cursor: TaskCursor?

    /// Everything, the first 100.
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

/// Where a page of tasks begins: after this one.
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
