internal import API

/// The parameters of `GET /api/nextflow/runs`.
enum NextflowRunListParameters {
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
