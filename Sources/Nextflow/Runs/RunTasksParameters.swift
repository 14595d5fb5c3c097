internal import API

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
