internal import API
internal import Core

/// The parameters of the process metrics. Contract §1.5, and the additions of §3.
enum ProcessMetricsParameters {
    static let windowDays = APIParameter.integer(
        "window_days",
        atLeast: 1,
        "The length of the window in days; not together with window_hours."
    )
    static let windowHours = APIParameter.integer(
        "window_hours",
        atLeast: 1,
        "The length of the window in hours; not together with window_days."
    )
    static let minSamples = APIParameter.integer(
        "min_samples",
        atLeast: 1,
        default: 50,
        "Only groups with at least this many completions."
    )
    static let since = APIParameter.time("since", "Only from this moment on, inclusive.")
    static let until = APIParameter.time("until", "Only up to this moment, inclusive.")
    static let runName = APIParameter.text("run_name", "Only runs with this name.")
    static let process = APIParameter.text("process", "Only this process, by its full name.")
    static let executor = APIParameter.text(
        "executor",
        "Only attempts that this executor ran, such as `slurm`: Tower's client tells it."
    )
    static let machineType = APIParameter.text(
        "machine_type",
        "Only attempts on this type of machine, such as `m5.large`: Tower's client tells it."
    )
    static let groupBy = APIParameter.word(
        "group_by",
        ["error_action"],
        "`error_action`: count each error action separately, and show it."
    )
    static let status = APIParameter.text("status", "Only tasks with this status, such as `FAILED`.")
    static let offset = APIParameter.integer("offset", atLeast: 0, default: 0, "How many to skip.")
    static let bucket = APIParameter.word(
        "bucket",
        TimelineBucket.allCases.map(\.rawValue),
        default: TimelineBucket.hour.rawValue,
        "The length of a point of the timeline; all in UTC."
    )

    static func limit(to most: Int, default fallback: Int) -> APIParameter {
        .integer("limit", 1...most, default: fallback, "How many rows.")
    }
}
