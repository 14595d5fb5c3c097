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
        try ExecutionTrace(id: name.subject, on: connection).map { SingleSpanRun($0) }
    }

    func find(_ trace: TraceID, on connection: Connection) throws -> [any TracedRun] {
        try ExecutionTrace.find(trace, on: connection).map { SingleSpanRun($0) }
    }
}

extension SingleSpanRun {
    fileprivate init(_ execution: ExecutionTrace) {
        self.init(trace: execution.trace, parent: execution.parent, resource: execution.resource) {
            execution.span(now: $0)
        }
    }
}
