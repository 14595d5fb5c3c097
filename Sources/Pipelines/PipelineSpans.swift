internal import Core
package import OpenTelemetry
package import Postgres

/// Spans of pipelines for OTLP: those whose ids clients were given. Contract pipelogiq §3.2.
package enum PipelineSpans {
    /// Reads spans of one pipeline: its root, which comes with the first page, and a span for each stage that has begun,
    /// in the order of their numbers.
    ///
    /// `after` is 0 for the first page, then the `next` of the one before; `limit` is the most spans of a page, at
    /// least 2. What is not over ends now, in its rows' newest time. An unknown pipeline has no spans.
    /// - Throws: `PostgresError`.
    package static func page(pipeline: Int64, after: Int64, limit: Int, on connection: Connection) throws -> (
        spans: [Span], next: Int64?
    ) {
        let rows = try connection.execute(
            Statement(
                "pipeline of spans",
                """
                SELECT p.*, a.name AS application FROM pipeline p LEFT JOIN application a ON a.id = p.application_id
                WHERE p.id = $1
                """
            ),
            [.int64(pipeline)]
        )
        guard let row = rows.first, let trace = TraceID(wire: try row.text("w3c_trace_id")) else {
            return ([], nil)
        }
        let rootID = SpanID.derived(in: trace, "pipeline/\(pipeline)")
        var spans: [Span] = after == 0 ? [try root(row, trace, rootID)] : []
        let stages = try connection.execute(
            Statement("stages of spans", file: PackageResources.span_stages_sql),
            [.int64(pipeline), .int64(after), .int(limit - spans.count)]
        )
        for stage in stages { if let span = try span(stage, trace, rootID, row) { spans.append(span) } }
        let isLast = stages.count < limit - (after == 0 ? 1 : 0)
        return (spans, isLast ? nil : try stages.last?.int64("id"))
    }

    /// The pipelines of a trace, the newest first, `limit` at most: a client may give one id to many. By an index.
    /// - Throws: `PostgresError`.
    package static func pipelines(of trace: TraceID, limit: Int, on connection: Connection) throws -> [Int64]
    {
        try connection.execute(
            Statement(
                "pipelines of trace",
                "SELECT id FROM pipeline WHERE w3c_trace_id = $1::char(32) ORDER BY id DESC LIMIT $2"
            ),
            [.text("\(trace)"), .int(limit)]
        ).map { try $0.int64("id") }
    }

    private static func root(_ row: Row, _ trace: TraceID, _ id: SpanID) throws -> Span {
        let start = try row.timestamp("created_at")
        let name = try row.text("name")
        var span = Span(
            traceID: trace,
            spanID: id,
            parentID: try row.optionalText("parent_span_id").flatMap { SpanID(wire: $0) },
            name: name,
            start: nanoseconds(start),
            end: nanoseconds(try row.optionalTimestamp("finished_at") ?? start)
        )
        decorate(&span, try row.text("status"), row)
        span.attributes.append(Attribute("pipelogiq.pipeline.id", .int(try row.int64("id"))))
        span.attributes.append(Attribute("pipelogiq.pipeline.name", .string(name)))
        span.attributes.append(
            Attribute(
                "pipelogiq.application",
                .string(try row.optionalText("application") ?? PipelineEntry.nobody)
            )
        )
        return span
    }

    private static func span(_ stage: Row, _ trace: TraceID, _ parent: SpanID, _ pipeline: Row) throws
        -> Span?
    {
        guard let id = try stage.optionalText("span_id").flatMap({ SpanID(lenient: $0) }),
            let started = try stage.optionalTimestamp("first_started_at")
        else { return nil }
        var span = Span(
            traceID: trace,
            spanID: id,
            parentID: parent,
            name: try stage.text("name"),
            kind: .consumer,
            start: nanoseconds(started),
            end: nanoseconds(try stage.optionalTimestamp("finished_at") ?? started)
        )
        decorate(&span, try stage.text("status"), pipeline)
        span.attributes.append(Attribute("pipelogiq.stage.id", .int(try stage.int64("id"))))
        span.attributes.append(Attribute("pipelogiq.stage.status", .string(try stage.text("status"))))
        span.attributes.append(Attribute("pipelogiq.stage.retries", .int(try stage.int64("retry_attempt"))))
        if let handler = try stage.optionalText("stage_handler_name") {
            span.attributes.append(Attribute("pipelogiq.stage.handler", .string(handler)))
        }
        for (attempt, failed) in zip(try stage.int64Array("attempts"), try stage.timestampArray("failures")) {
            guard let attempt, let failed else { continue }
            span.events.append(
                Span.Event(
                    time: nanoseconds(failed),
                    name: "retry",
                    attributes: [Attribute("pipelogiq.stage.attempt", .int(attempt))]
                )
            )
        }
        return span
    }

    private static func decorate(_ span: inout Span, _ status: String, _ pipeline: Row) {
        span.traceState = (try? pipeline.optionalText("tracestate")) ?? ""
        span.flags = UInt32((try? pipeline.int("trace_flags")) ?? 1) & 0xFF
        switch status {
        case StageStatus.failed.rawValue: span.status = Span.Status(.error, "Failed")
        case StageStatus.completed.rawValue: span.status = Span.Status(.ok)
        default: break
        }
    }

    private static func nanoseconds(_ time: Timestamp) -> UInt64 { UInt64(max(0, time.microseconds)) * 1000 }
}

extension PipelineSpans {
    /// The trace of a pipeline; nil when there is none. On the thread of the connection.
    package static func trace(of pipeline: Int64, on connection: Connection) throws -> TraceID? {
        try connection.execute(
            Statement("trace of a pipeline", "SELECT w3c_trace_id FROM pipeline WHERE id = $1"),
            [.int64(pipeline)]
        ).first.flatMap { TraceID(wire: try $0.text("w3c_trace_id")) }
    }
}
