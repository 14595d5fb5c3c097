internal import API

/// The parameters of `GET /api/v1/runs`. Contract §1.6, and Weir's additions.
enum RunListParameters {
    /// Parameters that compare a column, by the column's name.
    static let columns = [
        "agent_name", "job_type", "run_id", "parent_run_id", "insight_id", "website", "website_section",
        "git_commit_hash",
    ].map { filter($0, .sentText, "Only runs with exactly this value.") }

    static let status = filter("status", .word(RunStatus.words), "Only runs in this state.")

    /// Bounds of `created_at` and their comparisons.
    static let created = [
        (parameter: moment("created_before", "Only runs created before this moment."), comparison: "<"),
        (parameter: moment("created_after", "Only runs created after this moment."), comparison: ">"),
    ]

    /// Bounds of `start_time` and their comparisons.
    static let started = [
        (
            parameter: moment("start_time_from", "Only runs that started at this moment or later."),
            comparison: ">="
        ),
        (
            parameter: moment("start_time_to", "Only runs that started at this moment or earlier."),
            comparison: "<="
        ),
    ]

    static let isPosted = flag("api_posted", "Only runs that were, or were not, posted elsewhere.")
    static let limit = APIParameter.integer("limit", 1...1000, default: 100, "How many.")
    static let offset = APIParameter.integer(
        "offset",
        0...Int.max,
        default: 0,
        "How many to skip; a cursor is faster."
    )
    static let cursor = filter(
        "cursor",
        .sentText,
        "The start of the page: from the `Link` field of the previous page, unchanged."
    )
    static let total = flag("total", "Whether `Weir-Total-Count` says how many there are on all pages.")
    static let trace = flag(
        "trace",
        "Whether runs have trace_id, span_id, parent_span_id and tracestate, too."
    )

    static let all =
        columns + [status] + (created + started).map(\.parameter)
        + [isPosted, limit, offset, cursor, total, trace]

    // MARK: - Kinds

    /// An empty value is no filter.
    private static func filter(_ name: String, _ type: APIType, _ summary: String) -> APIParameter {
        APIParameter(name, type, summary, mayBeEmpty: true)
    }

    private static func moment(_ name: String, _ summary: String) -> APIParameter {
        let note = "Or another format of Python's datetime.fromisoformat. Without an offset it is UTC."
        return filter(name, APIType.moment.noting(note), summary)
    }

    private static func flag(_ name: String, _ summary: String) -> APIParameter {
        filter(name, .any(of: [.flag, .integer(0...1)]), summary)
    }
}
