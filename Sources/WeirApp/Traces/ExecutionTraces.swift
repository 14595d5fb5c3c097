import Core
import Executions
import Ingest
import OpenTelemetry
import Postgres
import Traces

/// Executions as traces.
struct ExecutionTraces: TraceSource {
    let system = "executions"

    private static let ends: Set<String> = [
        "execution.completed", "execution.failed", "execution.cancelled", "execution.not_submitted",
    ]

    func ended(_ event: OutboxEvent) -> TracedName? {
        Self.ends.contains(event.kind) ? TracedName(subject: event.subject) : nil
    }

    func open(_ name: TracedName, on connection: Connection) throws -> (any TracedRun)? {
        try ExecutionTrace(id: name.subject, on: connection).map(TracedSingleExecution.init)
    }

    func find(_ trace: TraceID, on connection: Connection) throws -> [any TracedRun] {
        try ExecutionTrace.find(trace, on: connection).map(TracedSingleExecution.init)
    }
}

private struct TracedSingleExecution: TracedRun {
    let execution: ExecutionTrace

    var trace: TraceID { execution.trace }
    var parent: TraceParent? { execution.parent }
    var resource: [Attribute] { execution.resource }

    func page(
        after position: String?,
        limit: Int,
        now: Timestamp,
        on connection: Connection
    ) throws -> (spans: [Span], next: String?) {
        ([execution.span(now: now)], nil)
    }
}
