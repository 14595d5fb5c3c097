internal import Core
internal import Ingest
internal import Postgres

/// What outbox events say of executions and of failed tasks.
extension NextflowApplyStore {
    private static let toldExecutions = Statement(
        "told_executions",
        file: PackageResources.told_executions_sql
    )
    private static let failedTasks = Statement("failed_tasks", file: PackageResources.failed_tasks_sql)

    /// The facts of executions; without any there is no query.
    static func fetchTold(
        _ executions: [NextflowExecution],
        on connection: Connection
    ) throws -> [NextflowExecution: ToldExecution] {
        guard !executions.isEmpty else { return [:] }
        let unique = Array(Set(executions))
        let rows = try connection.execute(
            toldExecutions,
            [.uuidArray(unique.map(\.run)), .timestampArray(unique.map(\.start))]
        )
        var told: [NextflowExecution: ToldExecution] = [:]
        for row in rows {
            let start = try row.optionalTimestamp("start")
            let execution = NextflowExecution(run: try row.uuid("run_key"), start: start)
            told[execution] = try ToldExecution(row)
        }
        return told
    }

    /// The tasks that failed for good, of new failures and of executions whose failure is new; without either there is
    /// no query.
    static func fetchFailed(
        _ failures: [NextflowElement],
        _ executions: [NextflowExecution],
        on connection: Connection
    ) throws -> [ToldFailure] {
        guard !failures.isEmpty || !executions.isEmpty else { return [] }
        return try connection.execute(
            failedTasks,
            [
                .uuidArray(failures.map(\.event.runKey)),
                .uuidArray(failures.map(\.completionKey)),
                .uuidArray(executions.map(\.run)),
                .timestampArray(executions.map(\.start)),
            ]
        ).map(ToldFailure.init)
    }
}

/// What other features are told of an execution.
struct ToldExecution {
    private let runID: String
    private let runName: String
    private let project: String?
    private let user: String?
    private let isResumed: Bool?
    private let durationMilliseconds: Int64?
    private let exit: Int64?
    private let error: String?
    private let task: ToldTask?

    init(_ row: Row) throws {
        runID = try row.text("run_id")
        runName = try row.text("run_name")
        project = try row.optionalText("project")
        user = try row.optionalText("user_name")
        isResumed = try row.optionalBool("resume")
        durationMilliseconds = try row.optionalInt64("duration_ms")
        exit = try row.optionalInt64("exit_status")
        error = try row.optionalText("error")
        task = try row.optionalText("process") == nil ? nil : ToldTask(row)
    }

    func event(_ kind: String, at time: Timestamp, isEnd: Bool) -> OutboxEvent {
        var writer = JSONWriter()
        writer.object { detail in
            if let project { detail.member("project", project) }
            detail.member("pipeline", runID)
            detail.member("pipeline_name", runName)
            if let user { detail.member("user", user) }
            if let isResumed { detail.member("resume", isResumed) }
            guard isEnd else { return }
            if let durationMilliseconds { detail.member("duration_ms", durationMilliseconds) }
            task?.write(to: &detail)
            if let exit = exit ?? task?.exit { detail.member("exit", exit) }
            if let error { detail.member("error", error) }
        }
        return OutboxEvent(kind: kind, subject: runID, at: time, detail: writer.bytes)
    }
}

/// The members that name a task.
private struct ToldTask {
    let process: String
    let id: String?
    let name: String?
    let attempt: Int64
    let exit: Int64?

    init(_ row: Row) throws {
        process = try row.text("process")
        id = try row.optionalText("task_id")
        name = try row.optionalText("name")
        attempt = try row.int64("attempt")
        // 2147483647 is Nextflow's word for an unknown exit status.
        exit = try row.optionalText("exit").flatMap { Int64($0) }.flatMap { $0 == 2_147_483_647 ? nil : $0 }
    }

    func write(to detail: inout JSONWriter) {
        if let id { detail.member("stage", id) }
        if let name { detail.member("stage_name", name) }
        if process != "<null>" { detail.member("process", process) }
        if attempt > 0 { detail.member("attempt", attempt) }
    }
}

/// What other features are told of an attempt of a task that failed for good.
struct ToldFailure {
    let run: UUID128
    /// The key of its completion.
    let key: UUID128
    private let runID: String
    private let runName: String
    private let project: String?
    private let task: ToldTask
    private let error: String?
    private let action: String
    /// Members that are shown as they are, in this order.
    private let facts: [(name: String, value: String)]

    init(_ row: Row) throws {
        run = try row.uuid("run_key")
        key = try row.uuid("completion_key")
        runID = try row.text("run_id")
        runName = try row.text("run_name")
        project = try row.optionalText("project")
        task = try ToldTask(row)
        error = try row.optionalText("error")
        action = try row.text("error_action")
        facts = try [
            ("hash", row.optionalText("hash")), ("workdir", row.optionalText("workdir")),
            ("container", row.optionalText("container")), ("queue", row.optionalText("queue")),
            ("hostname", row.optionalText("hostname")), ("native_id", row.optionalText("native_id")),
            ("tag", row.optionalText("tag")),
        ].compactMap { name, value in value.map { (name, $0) } }
    }

    func event(at time: Timestamp) -> OutboxEvent {
        var writer = JSONWriter()
        writer.object { detail in
            if let project { detail.member("project", project) }
            detail.member("pipeline", runID)
            detail.member("pipeline_name", runName)
            task.write(to: &detail)
            if let exit = task.exit { detail.member("exit", exit) }
            detail.member("error", error ?? sentence)
            if !action.isEmpty { detail.member("error_action", action) }
            for fact in facts { detail.member(fact.name, fact.value) }
        }
        return OutboxEvent(
            kind: "nextflow.task_failed",
            subject: "\(runID)/\(task.process)",
            at: time,
            detail: writer.bytes
        )
    }

    /// What is known without the run's error report, which comes with its end.
    private var sentence: String {
        let end = task.exit.map { "with exit status \($0)" } ?? "without an exit status"
        return "The task \(task.name ?? task.process) failed \(end) in attempt \(max(task.attempt, 1))."
    }
}
