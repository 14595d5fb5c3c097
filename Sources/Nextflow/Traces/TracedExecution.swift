internal import Core
internal import OpenTelemetry
internal import Postgres

/// An execution of a run, as its span tells it.
struct TracedExecution: Hashable, Sendable {
    var id: SpanID
    /// What it told of its start; nil when it told nothing.
    var segmentStart: Timestamp?
    var start: Timestamp
    /// Nil while it has not ended.
    var end: Timestamp?
    var outcome: Outcome?
    var error: String?
    var attributes: [Attribute]

    /// How an execution ended. The values are those of `cicd.pipeline.result` in the semantic conventions.
    enum Outcome: String, Sendable {
        case success
        case failure
        case cancellation
    }

    /// The span; one that has not ended yet ends at `now`.
    func span(in trace: TraceID, name: String, now: Timestamp) -> Span {
        var span = Span(
            traceID: trace,
            spanID: id,
            name: name,
            start: start.nanoseconds,
            end: (end ?? now).nanoseconds
        )
        span.attributes = attributes
        guard end != nil else {
            span.attributes.append(Attribute("weir.in_progress", true))
            return span
        }
        let outcome = outcome ?? .failure
        span.attributes.append(Attribute("cicd.pipeline.result", outcome.rawValue))
        switch outcome {
        case .success: span.status = .init(.ok)
        case .failure: span.status = .init(.error, error ?? "the run has failed")
        case .cancellation: span.status = .init(.error, error ?? "the run was cancelled")
        }
        return span
    }
}

extension TracedExecution {
    /// Reads a row of `traced_executions.sql`.
    init(_ row: Row, _ ids: NextflowTraceIDs, index: Int) throws {
        segmentStart = try row.optionalTimestamp("segment_start")
        id = ids.execution(index, start: segmentStart)
        start = try row.timestamp("start")
        end = try row.optionalTimestamp("complete")
        error = try row.optionalText("error").flatMap { $0.isEmpty ? nil : $0 }
        if end != nil {
            let isAborted = try row.bool("is_aborted")
            outcome =
                try row.optionalBool("success") == true ? .success : isAborted ? .cancellation : .failure
        }
        attributes = try Self.attributes(row)
    }

    private static func attributes(_ row: Row) throws -> [Attribute] {
        var attributes = [
            Attribute("cicd.pipeline.run.id", try row.text("run_id")),
            Attribute("nextflow.run.name", try row.text("run_name")),
        ]
        try attributes.add("cicd.pipeline.name", row.optionalText("project"))
        try attributes.add("nextflow.script.name", row.optionalText("script"))
        try attributes.add("nextflow.profile", row.optionalText("profile"))
        try attributes.add("nextflow.version", row.optionalText("nextflow_version"))
        try attributes.add("user.name", row.optionalText("user_name"))
        // One with an @ may hold credentials.
        let repository = try row.optionalText("repository").flatMap { $0.contains("@") ? nil : $0 }
        attributes.add("vcs.repository.url.full", repository)
        try attributes.add("vcs.ref.head.name", row.optionalText("revision"))
        try attributes.add("vcs.ref.head.revision", row.optionalText("commit_id"))
        try attributes.add("process.exit.code", row.optionalInt64("exit_status"))
        if let isResumed = try row.optionalBool("resume") {
            attributes.append(Attribute("nextflow.resume", .bool(isResumed)))
        }
        return attributes
    }
}

extension [Attribute] {
    /// Adds a text, unless there is none.
    mutating func add(_ key: String, _ text: String?) {
        if let text, !text.isEmpty { append(Attribute(key, text)) }
    }

    /// Adds an integer, unless there is none.
    mutating func add(_ key: String, _ number: Int64?) {
        if let number { append(Attribute(key, number)) }
    }

    /// Adds a number, unless there is none: as an integer where it is one.
    mutating func add(_ key: String, _ number: Double?) {
        guard let number else { return }
        append(Attribute(key, Int64(exactly: number).map(AttributeValue.int) ?? .double(number)))
    }
}

extension Timestamp {
    /// Nanoseconds since 1970; 0 for an instant before, and what OTLP can say at most for one after 2554.
    var nanoseconds: UInt64 {
        let (product, overflows) = UInt64(clamping: microseconds).multipliedReportingOverflow(by: 1000)
        return overflows ? UInt64.max / 1000 * 1000 : product
    }
}
