package import Core
package import OpenTelemetry
package import Postgres

/// A tracked run as a trace of one span.
package struct TrackedRunTrace: Sendable {
    /// The trace of a run that came without a trace context: its event id where that is a UUID in lower case, else a digest of it, as `has_foreign_trace`
    /// and `derived_trace` do in SQL.
    package static func trace(of eventID: String) -> TraceID {
        let uuid = UUID128(eventID).flatMap { $0.description == eventID ? TraceID(bytes: $0.bytes) : nil }
        return uuid ?? .derived("runs", eventID)
    }

    /// The trace that it is part of.
    package var trace: TraceID { ids.trace }
    /// The span of its sender; nil when it sent none.
    package var parent: TraceParent? { ids.sent?.parent }

    /// Who the span is of: a service named as the agent.
    package let resource: [Attribute]
    private let row: TrackedRow
    private let ids: RunTrace

    /// Reads a run; nil when there is none.
    package init?(eventID: String, on connection: Connection) throws {
        guard let row = try connection.execute(Self.byKey, [.uuid(RunKeys.run(eventID))]).first else {
            return nil
        }
        try self.init(row)
    }

    /// The runs of a trace: the one whose event id makes it, and those whose senders named it; of very many the first
    /// hundred.
    package static func find(_ trace: TraceID, on connection: Connection) throws -> [TrackedRunTrace] {
        guard let id = UUID128(bytes: trace.bytes) else { return [] }
        return try connection.execute(
            Self.byTrace,
            [.uuid(RunKeys.run(id.description)), .text(trace.description), .uuid(id)]
        ).map(TrackedRunTrace.init).filter { $0.trace == trace }
    }

    /// The trace of a run with the `traceparent` that `agent_run_trace` has of it; nil for a run without one.
    package static func trace(of eventID: String, traceparent: String?) -> TraceID {
        traceparent.flatMap { TraceParent($0)?.traceID } ?? trace(of: eventID)
    }

    private init(_ row: Row) throws {
        let run = try TrackedRow(row)
        self.row = run
        ids = RunTrace(eventID: run.eventID, sent: run.sent)
        resource = [
            Attribute("service.name", run.agent), Attribute("service.namespace", "runs"),
            Attribute("service.instance.id", run.eventID),
        ]
    }

    /// The span; one of a run that has not ended ends at `now`.
    package func span(now: Timestamp) -> Span {
        var span = Span(
            traceID: trace,
            spanID: ids.span,
            parentID: ids.sent?.parent.spanID,
            name: row.jobType,
            start: Self.nanoseconds(row.start ?? row.end ?? now),
            end: Self.nanoseconds(row.end ?? now)
        )
        span.attributes = row.attributes
        span.traceState = ids.sent?.state?.header ?? ""
        if let parent = ids.sent?.parent { span.flags = UInt32(parent.flags) }
        if row.isRunning {
            span.attributes.append(Attribute("weir.in_progress", true))
        } else {
            span.attributes.append(Attribute("cicd.pipeline.result", row.result))
            span.status =
                row.hasSucceeded ? .init(.ok) : .init(.error, row.error ?? "the run ended as \(row.status)")
        }
        return span
    }

    private static func nanoseconds(_ time: Timestamp) -> UInt64 {
        let (product, overflows) = UInt64(clamping: time.microseconds).multipliedReportingOverflow(by: 1000)
        return overflows ? UInt64.max / 1000 * 1000 : product
    }

    private static let columns = """
        SELECT
            r.event_id, r.run_id, r.agent_name, r.job_type, r.status, r.start_instant, r.ended_at, r.duration_ms,
            r.document, \(RunTraceStore.columns)
        FROM agent_run r LEFT JOIN agent_run_trace t USING (event_key)
        """
    private static let byKey = Statement("traced run", "\(columns) WHERE r.event_key = $1")
    private static let byTrace = Statement(
        "run of a trace",
        """
        \(columns)
        WHERE r.event_key = ANY (ARRAY(
                  SELECT $1::uuid
                  UNION ALL
                  (SELECT s.event_key FROM agent_run_trace s WHERE s.trace_id = $3 ORDER BY s.event_key LIMIT 100)
              ))
           OR (has_foreign_trace(r.event_id) AND derived_trace('runs', r.event_id) = $2)
        LIMIT 200
        """
    )
}

/// What a trace needs of a run's row.
private struct TrackedRow: Sendable {
    let eventID: String
    /// What its sender said of its trace.
    let sent: TraceContext?
    let agent: String
    let jobType: String
    let status: String
    let start: Timestamp?
    let end: Timestamp?
    let error: String?
    let attributes: [Attribute]

    var isRunning: Bool { status == "running" }
    var hasSucceeded: Bool { status == "success" || status == "partial" }

    /// A value of `cicd.pipeline.result`.
    var result: String {
        switch status {
        case "success", "partial": "success"
        case "timeout": "timeout"
        case "cancelled": "cancellation"
        default: "failure"
        }
    }

    init(_ row: Row) throws {
        eventID = try row.text("event_id")
        sent = try RunTraceStore.context(row, at: 9)
        agent = try row.text("agent_name")
        jobType = try row.text("job_type")
        status = try row.text("status")
        start = try row.optionalTimestamp("start_instant")
        let duration = try row.optionalInt64("duration_ms")
        let lasted = Self.end(start, duration)
        let isRunning = status == "running"
        end = isRunning ? nil : try row.optionalTimestamp("ended_at") ?? lasted ?? start
        let record = RunRecord(try JSONDocument(try row.utf8("document")))
        error = record.text(.errorSummary).map { String($0.prefix(2000)) }
        attributes = Self.attributes(record, eventID, try row.text("run_id"), agent, jobType, status)
    }

    private static func end(_ start: Timestamp?, _ milliseconds: Int64?) -> Timestamp? {
        guard let start, let milliseconds else { return nil }
        let (length, overflows) = milliseconds.multipliedReportingOverflow(by: 1000)
        return overflows ? nil : start.adding(microseconds: length)
    }

    private static func attributes(
        _ record: RunRecord,
        _ eventID: String,
        _ runID: String,
        _ agent: String,
        _ jobType: String,
        _ status: String
    ) -> [Attribute] {
        var found = [
            Attribute("cicd.pipeline.name", jobType), Attribute("cicd.pipeline.run.id", runID),
            Attribute("weir.run.event_id", eventID), Attribute("weir.run.agent", agent),
            Attribute("weir.run.status", status),
        ]
        let texts: [(String, RunField)] = [
            ("weir.run.product", .product), ("host.name", .host),
            ("deployment.environment.name", .environment), ("weir.run.trigger", .triggerType),
            ("weir.run.parent_run_id", .parentRunID), ("vcs.ref.head.name", .gitBranch),
            ("vcs.ref.head.revision", .gitCommitHash),
        ]
        for (key, field) in texts {
            if let text = record.text(field), !text.isEmpty {
                found.append(Attribute(key, String(text.prefix(500))))
            }
        }
        for field in [RunField.itemsDiscovered, .itemsSucceeded, .itemsFailed, .itemsSkipped] {
            if let value = record[field].flatMap({ Int64(String(decoding: $0, as: UTF8.self)) }), value != 0 {
                found.append(Attribute("weir.run.\(field.name)", value))
            }
        }
        return found
    }
}
