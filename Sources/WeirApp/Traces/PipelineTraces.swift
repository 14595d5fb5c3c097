import Core
import Ingest
import OpenTelemetry
import Pipelines
import Postgres
import Traces

/// Pipelines as traces.
struct PipelineTraces: TraceSource {
    let system = "pipelines"

    func ended(_ event: OutboxEvent) -> TracedName? {
        let isEnd = event.kind == "pipeline.succeeded" || event.kind == "pipeline.failed"
        return isEnd ? TracedName(subject: event.subject) : nil
    }

    func open(_ name: TracedName, on connection: Connection) throws -> (any TracedRun)? {
        guard let id = Int64(name.subject), let trace = try PipelineSpans.trace(of: id, on: connection) else {
            return nil
        }
        return TracedPipeline(id: id, trace: trace)
    }

    func find(_ trace: TraceID, on connection: Connection) throws -> [any TracedRun] {
        try PipelineSpans.pipelines(of: trace, limit: 100, on: connection).map { id in
            TracedPipeline(id: id, trace: trace)
        }
    }
}

private struct TracedPipeline: TracedRun {
    let id: Int64
    let trace: TraceID

    var resource: [Attribute] {
        [Attribute("service.name", "pipelogiq"), Attribute("service.namespace", "pipelines")]
    }

    func page(
        after position: String?,
        limit: Int,
        now: Timestamp,
        on connection: Connection
    ) throws -> (spans: [Span], next: String?) {
        let after = position.flatMap { Int64($0) } ?? 0
        let page = try PipelineSpans.page(pipeline: id, after: after, limit: max(2, limit), on: connection)
        return (page.spans, page.next.map(String.init))
    }
}
