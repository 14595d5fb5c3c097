internal import API

/// The parameters of the reading half of Tower's API.
enum TowerReadParameters {
    /// The most rows of a page, as the platform has it.
    static let mostRows = 100

    static let runs = APIParameter.integer("max", 1...mostRows, default: 50, "How many.")
    static let tasks = APIParameter.integer("max", 1...mostRows, default: mostRows, "How many.")
    static let offset = APIParameter.integer(
        "offset",
        atLeast: 0,
        default: 0,
        "How many come before the first."
    )
    static let runSearch = APIParameter.text(
        "search",
        "Only runs whose name or project begins with this, letters of either case; `*` stands for any text."
    )
    static let taskSearch = APIParameter.text(
        "search",
        "Only tasks whose name, process, tag, hash or status begins with this, letters of either case; `*` stands for "
            + "any text."
    )
    static let sortBy = APIParameter.word(
        "sortBy",
        TowerTaskQuery.columns.map(\.name),
        default: "taskId",
        "What the tasks are sorted by."
    )
    static let sortDirection = APIParameter.word(
        "sortDir",
        ["asc", "desc", "ASC", "DESC"],
        default: "asc",
        "In which direction."
    )
    static let includeTotalSize = APIParameter.word(
        "includeTotalSize",
        ["true", "false"],
        default: "true",
        "Whether `totalSize` is counted."
    )
    /// In lists.
    static let workspace = APIParameter(
        "workspaceId",
        .any(of: [.integer(.min), .word([""])]),
        "Only runs of this workspace, as Tower's client has told it. Without it all runs, also those of the weblog."
    )
    /// Where an id says enough.
    static let anyWorkspace = APIParameter.text(
        "workspaceId",
        "Has no effect: ids are the same in every workspace."
    )
    static let attributes = APIParameter.text(
        "attributes",
        "Has no effect: Weir has neither labels nor messages."
    )

    static let ofRuns = [attributes, workspace, runs, offset, runSearch, includeTotalSize]
    static let ofTasks = [anyWorkspace, tasks, offset, sortBy, sortDirection, taskSearch]
}
