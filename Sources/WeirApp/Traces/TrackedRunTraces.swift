import Core
import Ingest
import OpenTelemetry
import Postgres
import Runs
import Traces

/// Tracked runs as traces.
struct TrackedRunTraces: TraceSource {
    let system = "runs"

    private static let ends: Set<String> = [
        "run.succeeded", "run.failed", "run.partial", "run.timed_out", "run.cancelled", "run.stale",
    ]

    func ended(_ event: OutboxEvent) -> TracedName? {
        Self.ends.contains(event.kind) ? TracedName(subject: event.subject) : nil
    }

    func open(_ name: TracedName, on connection: Connection) throws -> (any TracedRun)? {
        try TrackedRunTrace(eventID: name.subject, on: connection).map(TracedTrackedRun.init)
    }

    func find(_ trace: TraceID, on connection: Connection) throws -> [any TracedRun] {
        try TrackedRunTrace.find(trace, on: connection).map(TracedTrackedRun.init)
    }
}

private struct TracedTrackedRun: TracedRun {
    let run: TrackedRunTrace

    var trace: TraceID { run.trace }
    var parent: TraceParent? { run.parent }
    var resource: [Attribute] { run.resource }

    func page(
        after position: String?,
        limit: Int,
        now: Timestamp,
        on connection: Connection
    ) throws -> (spans: [Span], next: String?) {
        ([run.span(now: now)], nil)
    }
}
