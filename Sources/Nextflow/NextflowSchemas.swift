internal import API

/// The schemas of weblog events, runs and their parts in `/openapi.json`.
enum NextflowSchemas {
    private typealias Member = APISchema.Member

    // MARK: - Events

    /// An event as it is posted and echoed. Contract §1.3; values below `metadata` and `trace` are read leniently.
    static let posted: APISchema = {
        let text = APIType.any(of: [.text, .number])
        return APISchema(
            "WeblogEvent",
            [
                Member("runId", text.noting("The id of the run's session. A number is taken as its digits.")),
                Member("runName", text.noting("The name of the run.")),
                Member(
                    "event",
                    text.noting(
                        "started, process_submitted, process_started, process_completed, error, completed, or "
                            + "any other name."
                    )
                ),
                Member("utcTime", .lenientMoment),
                Member(
                    "metadata",
                    APIType.any.noting(
                        "The facts about the run in `started` and `completed`: parameters, workflow."
                    ),
                    isRequired: false
                ),
                Member(
                    "trace",
                    APIType.any.noting(
                        "The facts about a task in `process_…`: task_id, process, status, exit, …"
                    ),
                    isRequired: false
                ),
            ]
        )
    }()

    // MARK: - Runs

    static let runs = page("NextflowRuns", "runs", run)

    static let session = APISchema(
        "NextflowSession",
        [Member("run_id", .text), Member("runs", .list(.named(run)))]
    )

    static let detail = APISchema(
        "NextflowRunDetail",
        run.members
            + [
                Member("task_counts", APIType.map(.count).noting("How many tasks have each status.")),
                Member("progress", .named(progress)),
                Member("tower", APIType.named(tower).orNull),
            ]
            + NextflowRunEncoder.told.described()
            + [Member("segments", .list(.named(segment)))]
    )

    static let configuration = APISchema("NextflowConfiguration", [Member("config", .text)])

    static let tasks = page("NextflowTasks", "tasks", task)

    static let events = page("NextflowEvents", "events", event)

    // MARK: - Parts

    private static let run = APISchema(
        "NextflowRun",
        NextflowRunEncoder.head.described(
            present: ["run_id", "run_name", "state", "source", "first_utc", "last_utc", "completions"],
            types: [
                "state": .word(RunState.allCases.map(\.rawValue)),
                "source": .word(["weblog", "tower", "both"]),
                "completions": .named(completions),
            ]
        ) + NextflowRunEncoder.traced
    )

    private static let completions = APISchema(
        "RunCompletions",
        ["total", "succeeded", "failed", "retried"].map { Member($0, .count) }
    )

    private static let progress = APISchema(
        "RunProgress",
        ["tasks", "queued", "running", "ended"].map { Member($0, .count) }
            + [Member("ended_pct", APIType.amount.orNull), Member("outcome_unknown", .count)]
    )

    private static let tower = APISchema(
        "NextflowTowerFacts",
        NextflowRunEncoder.tower.described(present: ["workflow_id"])
    )

    private static let segment = APISchema(
        "RunSegment",
        NextflowRunEncoder.segment.described() + NextflowRunEncoder.traced
    )

    private static let task = APISchema(
        "NextflowTask",
        NextflowRunEncoder.task.described(
            present: ["task_id", "status"],
            types: ["status": .word(RunTasksQuery.statuses)]
        ) + NextflowRunEncoder.traced
    )

    private static let event = APISchema(
        "RawEvent",
        NextflowRunEncoder.event.described(
            present: ["id", "event", "utc_time", "received_at", "is_resend", "altered"]
        )
    )

    private static func page(_ name: String, _ list: String, _ element: APISchema) -> APISchema {
        let cursor = APIType.text.orNull.noting("`cursor` of the next page; null on the last page.")
        return APISchema(name, [Member(list, .list(.named(element))), Member("next_cursor", cursor)])
    }

    // MARK: - Faults

    /// Why a request is 422, in pydantic's words.
    static let faults = ValidationDialect.pydantic1.schema("WeblogFaults", entry: "WeblogFault")
}
