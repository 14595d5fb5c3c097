internal import Core
internal import Ingest
internal import Postgres

/// The SQL of the process metrics. Everything in one response comes from one snapshot, with the same `now`.
struct ProcessMetricsStore {
    let connection: Connection
    let query: ProcessMetricsQuery
    /// The moment of the snapshot, by PostgreSQL's clock.
    let now: Timestamp
    private let window: (since: Timestamp?, until: Timestamp?)

    /// Runs `body` over one snapshot.
    static func read<Value>(
        _ connection: Connection,
        _ query: ProcessMetricsQuery,
        _ body: (ProcessMetricsStore) throws -> Value
    ) throws -> Value {
        try ReadSnapshot.read(connection) { now in
            try body(Self(connection: connection, query: query, now: now, window: query.window(at: now)))
        }
    }

    private init(
        connection: Connection,
        query: ProcessMetricsQuery,
        now: Timestamp,
        window: (since: Timestamp?, until: Timestamp?)
    ) {
        self.connection = connection
        self.query = query
        self.now = now
        self.window = window
    }

    /// `$1`, `$2`: the window.
    var windowParameters: [Parameter] {
        [.optional(window.since), .optional(window.until)]
    }

    /// The executor and the machine type.
    var placeParameters: [Parameter] { [.optional(query.executor), .optional(query.machineType)] }

    /// `$1` to `$6`: the window, the run name, the process, the executor and the machine type.
    var parameters: [Parameter] {
        windowParameters + [.optional(query.runName), .optional(query.process)] + placeParameters
    }

    // MARK: - Counts

    /// The groups of the counting endpoints, and how much of the requested memory was used, in per cent.
    func fetchGroups() throws -> (groups: [CompletionGroup], memoryEfficiency: Double?) {
        let result = try connection.execute(Self.groups, parameters)
        let groups = try result.map { row in
            CompletionGroup(
                process: VerbatimText(try row.utf8(0)),
                attempt: try row.int64(1),
                status: VerbatimText(try row.utf8(2)),
                exit: VerbatimText(try row.utf8(3)),
                errorAction: VerbatimText(try row.utf8(4)),
                rows: try row.int64(5),
                lastUTC: try row.timestamp(6)
            )
        }
        return (groups, try result.first?.optionalDouble(7))
    }

    private static let groups = Statement("completion groups", file: PackageResources.completion_groups_sql)

    /// How many run ids have a completion.
    func countRuns() throws -> Int64 {
        let result =
            if let runName = query.runName {
                try connection.execute(
                    Self.runsOfRun,
                    windowParameters + [.text(runName), .optional(query.process)] + placeParameters
                )
            } else if query.hasPlace {
                try connection.execute(
                    Self.runsByPlace,
                    windowParameters + [.optional(query.process)] + placeParameters
                )
            } else if let process = query.process {
                try connection.execute(Self.runsOfProcess, windowParameters + [.text(process)])
            } else {
                try connection.execute(Self.runs, windowParameters)
            }
        return try result.first?.int64(0) ?? 0
    }

    private static let runs = Statement("distinct runs", file: PackageResources.distinct_runs_sql)
    private static let runsOfRun = Statement("distinct runs", file: PackageResources.distinct_runs_of_run_sql)
    private static let runsByPlace = Statement(
        "distinct runs",
        file: PackageResources.distinct_runs_by_place_sql
    )
    private static let runsOfProcess = Statement(
        "distinct runs",
        file: PackageResources.distinct_runs_of_process_sql
    )

    /// Every event with its number of occurrences, the most frequent first. The process and the place are no filters here:
    /// most events have none.
    func fetchEventMix() throws -> [(event: String, rows: Int64)] {
        let result =
            if let runName = query.runName {
                try connection.execute(Self.eventsOfRun, windowParameters + [.text(runName)])
            } else {
                try connection.execute(Self.events, windowParameters)
            }
        return try result.map { (event: try $0.text(0), rows: try $0.int64(1)) }
    }

    private static let events = Statement("event mix", file: PackageResources.event_mix_sql)
    private static let eventsOfRun = Statement("event mix", file: PackageResources.event_mix_of_run_sql)

    // MARK: - Added endpoints

    /// Tasks at work and waiting by process; the row without a process holds the number of active runs.
    func fetchRunning(staleAfter: RunSilence) throws -> QueryResult {
        let filters: [Parameter] = [.optional(query.runName), .optional(query.process)]
        return try connection.execute(
            Self.running,
            [.timestamp(now), staleAfter.parameter] + filters + placeParameters
        )
    }

    private static let running = Statement("running tasks", file: PackageResources.running_tasks_sql)

    /// Completions by hour, day or week.
    func fetchTimeline(bucket: TimelineBucket) throws -> QueryResult {
        let lengths: [Parameter] = [.text(bucket.rawValue), .text(bucket.coarsestGrain)]
        guard query.runName != nil || query.process != nil || query.hasPlace else {
            return try connection.execute(Self.timelineOfAll, windowParameters + lengths)
        }
        return try connection.execute(Self.timeline, parameters + lengths)
    }

    private static let timeline = Statement("timeline", file: PackageResources.timeline_sql)
    private static let timelineOfAll = Statement("timeline", file: PackageResources.timeline_of_all_sql)
}

/// The length of a point of the timeline.
enum TimelineBucket: String, CaseIterable, Sendable {
    case hour
    case day
    case week

    /// The longest bucket of a rollup that never spans two of these.
    var coarsestGrain: String {
        switch self {
        case .hour: "hour"
        case .day, .week: "day"
        }
    }
}
