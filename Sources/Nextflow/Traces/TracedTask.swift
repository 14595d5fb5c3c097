internal import Core
internal import OpenTelemetry
internal import Postgres

/// An attempt of a task, as its spans tell it.
struct TracedTask: Hashable, Sendable {
    var taskID: String
    var hash: String
    var name: String
    var process: String
    var attempt: Int64
    var outcome: Outcome
    var exit: String?
    var errorAction: String?
    /// When Nextflow handed it to the executor; nil when it told nothing.
    var submit: Timestamp?
    /// When the task began to run.
    var start: Timestamp?
    /// When it ended; nil while it runs, and when its end was never told.
    var complete: Timestamp?
    /// When its first and last event happened.
    var seen: ClosedRange<Timestamp>
    var attributes: [Attribute]

    /// How an attempt ended; the values are those of `cicd.pipeline.task.run.result`, where it has one.
    enum Outcome: String, Sendable {
        case success
        case failure
        case cancellation
        case cached = "skipped"
        case running
    }
}

/// Where the spans of a task belong.
struct TaskPlace {
    let ids: NextflowTraceIDs
    /// The execution that the task is part of.
    let parent: SpanID
    /// The span of the attempt before; nil for the first one, and when it isn't known.
    let retried: SpanID?
    /// When the execution ended; nil while it runs. A task whose end was never told ended with it.
    let executionEnd: Timestamp?
    let now: Timestamp
}

extension TracedTask {
    /// The span of the attempt, then those of its wait and its execution, as far as their times are known.
    func spans(_ place: TaskPlace) -> [Span] {
        let ids = place.ids
        let whole = whole(place)
        var spans = [whole]
        guard let start else { return spans }
        let begun = min(max(start.nanoseconds, whole.start), whole.end)
        if submit != nil {
            spans.append(
                Span(
                    traceID: ids.trace,
                    spanID: ids.queued(taskID: taskID, hash: hash),
                    parentID: whole.spanID,
                    name: "queue",
                    start: whole.start,
                    end: begun
                )
            )
        }
        var executed = Span(
            traceID: ids.trace,
            spanID: ids.executed(taskID: taskID, hash: hash),
            parentID: whole.spanID,
            name: "execute",
            start: begun,
            end: whole.end
        )
        executed.status = whole.status
        spans.append(executed)
        return spans
    }

    private func whole(_ place: TaskPlace) -> Span {
        let end = complete ?? (outcome == .running ? place.executionEnd ?? place.now : seen.upperBound)
        var span = Span(
            traceID: place.ids.trace,
            spanID: place.ids.attempt(taskID: taskID, hash: hash),
            parentID: place.parent,
            name: process.isEmpty ? name : process,
            start: (submit ?? start ?? seen.lowerBound).nanoseconds,
            end: end.nanoseconds
        )
        span.attributes = attributes
        if outcome == .running {
            span.attributes.append(
                place.executionEnd == nil
                    ? Attribute("weir.in_progress", true) : Attribute("weir.outcome_unknown", true)
            )
        } else {
            span.attributes.append(Attribute("cicd.pipeline.task.run.result", outcome.rawValue))
        }
        span.status = status
        if let retried = place.retried {
            span.links = [
                Span.Link(
                    traceID: place.ids.trace,
                    spanID: retried,
                    attributes: [Attribute("weir.link", "retry_of")]
                )
            ]
        }
        return span
    }

    private var status: Span.Status {
        switch outcome {
        case .success, .cached: .init(.ok)
        case .running: .init()
        case .cancellation: .init(.error, "the task was aborted")
        case .failure:
            .init(.error, exit.map { "the task ended with exit status \($0)" } ?? "the task has failed")
        }
    }
}

extension TracedTask {
    /// Reads a row of `traced_tasks.sql`.
    init(_ row: Row) throws {
        taskID = try row.text("task_id")
        hash = try row.text("hash")
        process = try row.optionalText("process") ?? ""
        name = try row.optionalText("name") ?? "task \(taskID)"
        attempt = try row.optionalInt64("attempt") ?? 1
        exit = try row.optionalText("exit").flatMap { $0.isEmpty ? nil : $0 }
        errorAction = try row.optionalText("error_action")
        // The ranks of `task_status`.
        outcome =
            switch try row.int("status_rank") {
            case 7: .failure
            case 6: .cancellation
            case 5: .success
            case 4: .cached
            default: .running
            }
        submit = try row.optionalTimestamp("submit_at")
        start = try row.optionalTimestamp("start_at")
        complete = try row.optionalTimestamp("complete_at")
        let first = try row.timestamp("first_utc")
        seen = first...max(first, try row.timestamp("last_utc"))
        attributes = []
        attributes = try attributes(row)
    }

    private func attributes(_ row: Row) throws -> [Attribute] {
        var found = [
            Attribute("cicd.pipeline.task.name", name),
            Attribute("cicd.pipeline.task.run.id", taskID),
            Attribute("nextflow.task.attempt", attempt),
        ]
        found.add("nextflow.process", process)
        found.add("nextflow.task.hash", hash)
        found.add("nextflow.task.error_action", errorAction)
        if let exit {
            found.append(Attribute("process.exit.code", Int64(exit).map(AttributeValue.int) ?? .string(exit)))
            if outcome == .failure { found.append(Attribute("error.type", "exit_\(exit)")) }
        }
        for (key, column) in Self.texts { try found.add(key, row.optionalText(column)) }
        for (key, column) in Self.numbers { try found.add(key, row.optionalDouble(column)) }
        return found
    }

    /// Semantic conventions where there is one; sizes in bytes, times in milliseconds, CPU in percent of a core.
    private static let texts: [(String, Row.Column)] = [
        ("nextflow.task.tag", "tag"), ("nextflow.task.native_id", "native_id"),
        ("nextflow.task.queue", "queue"), ("container.image.name", "container"),
        ("process.working_directory", "workdir"), ("host.name", "hostname"),
    ]

    private static let numbers: [(String, Row.Column)] = [
        ("nextflow.task.cpus", "cpus"), ("nextflow.task.memory", "memory"),
        ("nextflow.task.time_ms", "time_ms"), ("nextflow.task.realtime_ms", "realtime_ms"),
        ("nextflow.task.pct_cpu", "pct_cpu"), ("nextflow.task.peak_rss", "peak_rss"),
        ("nextflow.task.peak_vmem", "peak_vmem"), ("nextflow.task.read_bytes", "read_bytes"),
        ("nextflow.task.write_bytes", "write_bytes"),
    ]
}
