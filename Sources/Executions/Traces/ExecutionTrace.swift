package import Core
internal import Notifications
package import OpenTelemetry
package import Postgres

/// An execution as a trace of one span: from its start, or its registration, to its end.
package struct ExecutionTrace: Sendable {
    private let execution: Execution
    private let ids: ExecutionTraceIDs

    /// Reads an execution; nil when there is none, and when the text is no id.
    package init?(id: String, on connection: Connection) throws {
        guard let uuid = UUID128(id), let row = try ExecutionsStore(connection: connection).fetch(uuid) else {
            return nil
        }
        self.init(row)
    }

    private init(_ execution: Execution) {
        self.execution = execution
        ids = ExecutionTraceIDs(execution)
    }

    /// The executions of a trace: the one whose id it is, and those whose backends named it; of very many the first
    /// hundred. By indexes.
    package static func find(_ trace: TraceID, on connection: Connection) throws -> [ExecutionTrace] {
        guard let id = UUID128(bytes: trace.bytes) else { return [] }
        return try connection.execute(Self.ofTrace, [.uuid(id)])
            .compactMap { Execution(row: try $0.utf8(0)).map(ExecutionTrace.init) }
            .filter { $0.trace == trace }
    }

    private static let ofTrace = Statement(
        "executions of a trace",
        "SELECT to_jsonb(e) AS row FROM execution e WHERE uuid = $1 OR trace_id = $1 LIMIT 100"
    )

    /// The trace that it is part of.
    package var trace: TraceID { ids.trace }

    /// The span of the backend that registered it; nil when it sent none.
    package var parent: TraceParent? { ids.parent }

    /// Who the span is of: a service named as the project.
    package var resource: [Attribute] {
        [
            Attribute("service.name", execution.text(.projectModule) ?? "executions"),
            Attribute("service.namespace", "executions"),
            Attribute("service.instance.id", execution.uuid.description),
        ]
    }

    /// The span; one of an execution that is not over ends at `now`.
    package func span(now: Timestamp) -> Span {
        let created = execution.time(.createdAt) ?? now
        let start = execution.time(.startedAt) ?? created
        let isOver = execution.status.isTerminal
        var span = Span(
            traceID: ids.trace,
            spanID: ids.span,
            parentID: ids.parent?.spanID,
            name: execution.text(.archiveName) ?? "execution",
            start: Self.nanoseconds(start),
            end: Self.nanoseconds(isOver ? execution.time(.completedAt) ?? start : now)
        )
        span.traceState = ids.state?.header ?? ""
        if let parent = ids.parent { span.flags = UInt32(parent.flags) }
        span.attributes = attributes
        if isOver {
            span.attributes.append(Attribute("cicd.pipeline.result", result))
            span.status = status
        } else {
            span.attributes.append(Attribute("weir.in_progress", true))
        }
        return span
    }

    private var status: Span.Status {
        guard execution.status != .completed else { return .init(.ok) }
        let error = execution.text(.lastError).map { Redaction.masked(text: String($0.prefix(2000))) }
        return .init(.error, error ?? "the execution ended as \(execution.status.rawValue)")
    }

    /// A value of `cicd.pipeline.result`.
    private var result: String {
        switch execution.status {
        case .completed: "success"
        case .cancelled: "cancellation"
        case .notSubmitted: "skip"
        default: "failure"
        }
    }

    private var attributes: [Attribute] {
        var found = [
            Attribute("cicd.pipeline.run.id", execution.uuid.description),
            Attribute("weir.execution.status", execution.status.rawValue),
        ]
        let texts: [(String, ExecutionColumn)] = [
            ("cicd.pipeline.name", .archiveName), ("weir.execution.project", .projectModule),
            ("weir.execution.scheduler", .schedulerName),
            ("weir.execution.scheduler_job_id", .schedulerJobID),
            ("weir.execution.session_id", .daliugeSessionID), ("weir.execution.failure_class", .failureClass),
        ]
        for (key, column) in texts {
            if let text = execution.text(column), !text.isEmpty {
                found.append(Attribute(key, Redaction.masked(text: String(text.prefix(500)))))
            }
        }
        if execution.retryCount > 0 {
            found.append(Attribute("weir.execution.retries", execution.retryCount))
        }
        return found
    }

    private static func nanoseconds(_ time: Timestamp) -> UInt64 {
        let (product, overflows) = UInt64(clamping: time.microseconds).multipliedReportingOverflow(by: 1000)
        return overflows ? UInt64.max / 1000 * 1000 : product
    }
}
