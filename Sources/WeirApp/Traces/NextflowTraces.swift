import Core
import Ingest
import Nextflow
import OpenTelemetry
import Postgres
import Traces

/// Runs of Nextflow as traces.
struct NextflowTraces: TraceSource {
    let system = "nextflow"

    private static let ends: Set<String> = [
        "nextflow.run_succeeded", "nextflow.run_failed", "nextflow.run_aborted",
    ]

    func ended(_ event: OutboxEvent) -> TracedName? {
        guard Self.ends.contains(event.kind) else { return nil }
        let detail = try? JSONDocument(event.detail)
        guard let name = detail?.root["pipeline_name"]?.string else { return nil }
        return TracedName(subject: event.subject, name: name)
    }

    func open(_ name: TracedName, on connection: Connection) throws -> (any TracedRun)? {
        try NextflowTrace(runID: name.subject, runName: name.name, on: connection).map(TracedNextflowRun.init)
    }

    func find(_ trace: TraceID, on connection: Connection) throws -> [any TracedRun] {
        try NextflowTrace.find(trace, on: connection).map(TracedNextflowRun.init)
    }
}

/// A run with its executions first, then its tasks.
private struct TracedNextflowRun: TracedRun {
    let run: NextflowTrace

    var trace: TraceID { run.ids.trace }
    var resource: [Attribute] { run.resource }

    func page(
        after position: String?,
        limit: Int,
        now: Timestamp,
        on connection: Connection
    ) throws -> (spans: [Span], next: String?) {
        let start = position.flatMap(NextflowTrace.Position.init) ?? NextflowTrace.Position()
        // An attempt has three spans at most.
        let page = try run.page(after: start, attempts: max(1, limit / 3), now: now, on: connection)
        let roots = position == nil ? run.roots(now: now) : []
        return (roots + page.spans, page.next?.description)
    }
}
