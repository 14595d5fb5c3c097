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
        try TrackedRunTrace(eventID: name.subject, on: connection).map { SingleSpanRun($0) }
    }

    func find(_ trace: TraceID, on connection: Connection) throws -> [any TracedRun] {
        try TrackedRunTrace.find(trace, on: connection).map { SingleSpanRun($0) }
    }
}

extension SingleSpanRun {
    fileprivate init(_ run: TrackedRunTrace) {
        self.init(trace: run.trace, parent: run.parent, resource: run.resource) { run.span(now: $0) }
    }
}
