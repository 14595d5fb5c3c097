internal import API

/// The parameters of `GET /api/nextflow/runs`.
enum RunListParameters {
    static let state = APIParameter.words(
        "state",
        RunState.allCases.map(\.rawValue),
        "Only runs in one of these states; repeated, or separated by commas."
    )
    static let name = APIParameter.text("name", "Only runs with this run name.")
    static let user = APIParameter.text("user", "Only runs of this user.")
    static let project = APIParameter.text("project", "Only runs of this project.")
    static let runID = APIParameter.text("run_id", "Only runs with this run id.")
    static let since = APIParameter.time("since", "Only runs whose first event is not before this moment.")
    static let until = APIParameter.time("until", "Only runs whose first event is not after this moment.")
    static let limit = APIParameter.integer("limit", 1...500, default: 50, "How many.")

    static let all = [state, name, user, project, runID, since, until, limit, .cursor]
}

/// The parameters of `…/tasks`.
enum RunTasksParameters {
    static let status = APIParameter.words(
        "status",
        RunTasksQuery.statuses,
        "Only tasks with one of these statuses; repeated, or separated by commas."
    )
    static let process = APIParameter.text("process", "Only tasks of this process, by its full name.")
    static let attempt = APIParameter.integer("attempt", 0...Int(Int32.max), "Only tasks of this attempt.")
    static let name = APIParameter.text(
        "name",
        "Only tasks whose name contains this, letters of either case."
    )
    static let limit = APIParameter.integer("limit", 1...500, default: 100, "How many.")

    static let all = [status, process, attempt, name, limit, .cursor]
}

/// The parameters of `…/events`.
enum RunEventsParameters {
    static let event = APIParameter.text("event", "Only events with this name.")
    static let order = APIParameter.word(
        "order",
        RunEventsQuery.Order.allCases.map(\.rawValue),
        default: RunEventsQuery.Order.oldest.rawValue,
        "Which come first, by arrival."
    )
    static let limit = APIParameter.integer("limit", 1...500, default: 100, "How many.")

    static let all = [event, order, limit, .cursor]
}
