package import Core
package import OpenTelemetry
package import Postgres

/// A run as a trace: spans of its executions and of every attempt of a task, made of its rows, in pages.
///
/// All calls on the thread of the connection.
package struct NextflowTrace: Sendable {
    /// Where a page ended.
    package struct Position: Hashable, Sendable, CustomStringConvertible {
        var number: Int64 = .min
        var taskID = ""
        var hash = ""

        /// Before the first attempt.
        package init() {}

        init(number: Int64, taskID: String, hash: String) {
            self.number = number
            self.taskID = taskID
            self.hash = hash
        }

        /// Reads its description; nil for any other text.
        package init?(_ text: String) {
            let parts = text.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3, let number = Int64(parts[0]), let length = Int(parts[1]) else {
                return nil
            }
            self.number = number
            taskID = String(parts[2].prefix(length))
            hash = String(parts[2].dropFirst(length))
        }

        /// A text from which it can be read again.
        package var description: String { "\(number)\n\(taskID.count)\n\(taskID)\(hash)" }
    }

    /// The ids of the trace and of its root.
    package let ids: NextflowTraceIDs
    /// Who the spans are of: a service named as the workflow.
    package let resource: [Attribute]
    private let runKey: UUID128
    private let workflow: String
    private let executions: [TracedExecution]
    /// Filled by the pages.
    let failed: FailedAttempts

    /// How many failed attempts are kept in memory for links, and half of how many attempts before a page are searched
    /// for them when that is the first one.
    private static let mostFailed = 10_000

    /// Reads a run; nil when there is none.
    package init?(runID: String, runName: String, on connection: Connection) throws {
        try self.init(key: NextflowKeys.run(id: runID, name: runName), on: connection)
    }

    init?(key: UUID128, keepingFailed most: Int = NextflowTrace.mostFailed, on connection: Connection) throws
    {
        let rows = try connection.execute(Self.executionRows, [.uuid(key)])
        guard let first = rows.first else { return nil }
        runKey = key
        let runName = try first.text("run_name")
        let ids = NextflowTraceIDs(runID: try first.text("run_id"), runName: runName)
        self.ids = ids
        workflow = try first.optionalText("project") ?? runName
        executions = try rows.enumerated().map { try TracedExecution($1, ids, index: $0) }
        var resource = [Attribute("service.name", workflow), Attribute("service.namespace", "nextflow")]
        try resource.add("service.version", first.optionalText("version"))
        resource.append(Attribute("service.instance.id", runName))
        self.resource = resource
        failed = FailedAttempts(capacity: most)
    }

    /// The runs that share a trace, the newest first: those of a session. At most 100.
    package static func find(_ trace: TraceID, on connection: Connection) throws -> [NextflowTrace] {
        let ids = [trace.description, UUID128(bytes: trace.bytes)?.description ?? ""]
        return try connection.execute(
            Self.runsOfTrace,
            [.textArray(ids.map { $0 }), .text(trace.description)]
        )
        .compactMap { try NextflowTrace(key: $0.uuid("run_key"), on: connection) }
    }

    /// Whether every execution has ended.
    package var hasEnded: Bool { executions.allSatisfy { $0.end != nil } }

    /// The spans of the executions; one that has not ended ends at `now`.
    package func roots(now: Timestamp) -> [Span] {
        executions.map { $0.span(in: ids.trace, name: workflow, now: now) }
    }

    /// The spans of the next `attempts` attempts, at most three for each, and where to go on: nil at the end.
    package func page(
        after position: Position = Position(),
        attempts: Int,
        now: Timestamp,
        on connection: Connection
    ) throws -> (spans: [Span], next: Position?) {
        let rows = try connection.execute(
            Self.taskRows,
            [
                .uuid(runKey), .int64(position.number), .text(position.taskID), .text(position.hash),
                .int(attempts),
            ]
        )
        if !failed.goesOn(at: position), position != Position() {
            try recall(before: position, on: connection)
        }
        let tasks = try rows.map(TracedTask.init)
        for task in tasks where task.outcome == .failure {
            note(task.name, task.attempt, task.taskID, task.hash)
        }
        let last = try zip(rows, tasks).suffix(1).map { row, task in
            Position(number: try row.int64("task_number"), taskID: task.taskID, hash: task.hash)
        }.first
        if let last { failed.reached(last) }
        return (tasks.flatMap { $0.spans(place(of: $0, now)) }, rows.count == attempts ? last : nil)
    }

    private func place(of task: TracedTask, _ now: Timestamp) -> TaskPlace {
        let begun = task.submit ?? task.start ?? task.seen.lowerBound
        // Times of tasks have milliseconds, that of the execution may have less.
        let execution = executions.last { ($0.segmentStart ?? .earliest) <= begun } ?? executions[0]
        let before = FailedAttempts.Key(name: task.name, attempt: task.attempt - 1)
        return TaskPlace(
            ids: ids,
            parent: execution.id,
            retried: task.attempt > 1 ? failed[before] : nil,
            executionEnd: execution.end,
            now: now
        )
    }

    private func note(_ name: String, _ attempt: Int64, _ taskID: String, _ hash: String) {
        failed.add(.init(name: name, attempt: attempt), ids.attempt(taskID: taskID, hash: hash))
    }

    /// Reads the failed ones of the attempts before a position: those that the pages would have had, had they been read.
    private func recall(before position: Position, on connection: Connection) throws {
        let rows = try connection.execute(
            Self.failedRows,
            [
                .uuid(runKey), .int64(position.number), .text(position.taskID), .text(position.hash),
                .int(2 * failed.capacity),
            ]
        )
        for row in rows {
            try note(row.text("name"), row.int64("attempt"), row.text("task_id"), row.text("hash"))
        }
    }

    private static let executionRows = Statement(
        "traced executions",
        file: PackageResources.traced_executions_sql
    )
    private static let taskRows = Statement("traced tasks", file: PackageResources.traced_tasks_sql)
    private static let failedRows = Statement(
        "attempts that failed",
        """
        SELECT task_id, hash, name, attempt
        FROM (
            SELECT task_number, task_id, hash, left(name, 500) AS name, attempt, status_rank
            FROM task
            WHERE run_key = $1 AND (task_number, task_id, hash) <= ($2, $3, $4)
            ORDER BY task_number DESC, task_id DESC, hash DESC
            LIMIT $5
        ) t
        WHERE status_rank = 7 AND name IS NOT NULL AND attempt IS NOT NULL
        ORDER BY task_number, task_id, hash
        """
    )
    private static let runsOfTrace = Statement(
        "runs of a trace",
        """
        SELECT run_key
        FROM run
        WHERE run_id = ANY ($1)
           OR (has_foreign_trace(run_id) AND derived_trace('nextflow', run_id) = $2)
        ORDER BY first_utc DESC
        LIMIT 100
        """
    )
}
