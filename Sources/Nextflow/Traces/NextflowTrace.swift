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
    /// The failed attempts by the name of their task and their number, so that a retry links to the one before. Of very
    /// many the first ones.
    private let failed: [AttemptKey: SpanID]

    private struct AttemptKey: Hashable {
        let name: String
        let attempt: Int64
    }

    /// How many failed attempts are kept in memory for links.
    private static let mostFailed = 100_000

    /// Reads a run; nil when there is none.
    package init?(runID: String, runName: String, on connection: Connection) throws {
        try self.init(key: NextflowKeys.run(id: runID, name: runName), on: connection)
    }

    private init?(key: UUID128, on connection: Connection) throws {
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
        failed = try Self.failed(key, ids, on: connection)
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
        var spans: [Span] = []
        var last: Position?
        for row in rows {
            let task = try TracedTask(row)
            spans += task.spans(place(of: task, now))
            last = Position(number: try row.int64("task_number"), taskID: task.taskID, hash: task.hash)
        }
        return (spans, rows.count == attempts ? last : nil)
    }

    private func place(of task: TracedTask, _ now: Timestamp) -> TaskPlace {
        let begun = task.submit ?? task.start ?? task.seen.lowerBound
        // Times of tasks have milliseconds, that of the execution may have less.
        let execution = executions.last { ($0.segmentStart ?? .earliest) <= begun } ?? executions[0]
        let before = AttemptKey(name: task.name, attempt: task.attempt - 1)
        return TaskPlace(
            ids: ids,
            parent: execution.id,
            retried: task.attempt > 1 ? failed[before] : nil,
            executionEnd: execution.end,
            now: now
        )
    }

    private static func failed(
        _ run: UUID128,
        _ ids: NextflowTraceIDs,
        on connection: Connection
    ) throws -> [AttemptKey: SpanID] {
        let rows = try connection.execute(failedRows, [.uuid(run), .int(mostFailed)])
        return try rows.reduce(into: [:]) { found, row in
            let key = AttemptKey(name: try row.text("name"), attempt: try row.int64("attempt"))
            found[key] = ids.attempt(taskID: try row.text("task_id"), hash: try row.text("hash"))
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
        SELECT task_id, hash, left(name, 500) AS name, attempt
        FROM task
        WHERE run_key = $1 AND status_rank = 7 AND name IS NOT NULL AND attempt IS NOT NULL
        ORDER BY task_number, task_id, hash
        LIMIT $2
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
