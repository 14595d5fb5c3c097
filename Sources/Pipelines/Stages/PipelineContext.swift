internal import OpenTelemetry

/// The trace of a stored pipeline, as requests on its behalf carry it on. Contract pipelogiq §3.2.
struct PipelineContext: Hashable, Sendable {
    let trace: TraceID
    let flags: Int
    let state: String?

    /// Nil for an id that is none of W3C's.
    init?(traceID: String, flags: Int, state: String?) {
        guard let trace = TraceID(wire: traceID) else { return nil }
        self.trace = trace
        self.flags = flags
        self.state = state
    }

    /// The `traceparent` of what a span does.
    func parent(_ span: SpanID) -> String {
        "\(TraceParent(traceID: trace, spanID: span, isSampled: flags & 1 != 0, isRandom: flags & 2 != 0))"
    }

    /// The span of the pipeline itself: always the same one.
    func root(of pipeline: Int64) -> SpanID { SpanID.derived(in: trace, "pipeline/\(pipeline)") }
}
