internal import Core
internal import OpenTelemetry

/// The ids by which an execution is a trace.
struct ExecutionTraceIDs: Hashable, Sendable {
    let trace: TraceID
    let span: SpanID
    /// The span of the backend that registered it; nil when it sent none.
    private(set) var parent: TraceParent?
    /// What the vendors of the backend carry along.
    private(set) var state: TraceState?

    /// The ids of an execution: the trace that came with it, else the one whose id is its own.
    init(_ execution: Execution) {
        let id = execution.uuid
        parent = execution.text(.traceParent).flatMap { TraceParent($0) }
        state = parent == nil ? nil : execution.text(.traceState).flatMap { TraceState([$0]) }
        trace = parent?.traceID ?? Self.trace(of: id)
        span = .derived(in: trace, "execution/\(id)")
    }

    /// The trace of an execution that came without one.
    static func trace(of id: UUID128) -> TraceID {
        TraceID(bytes: id.bytes) ?? .derived("executions", id.description)
    }

    /// As a context for spans below the execution's own.
    var context: TraceParent {
        TraceParent(
            traceID: trace,
            spanID: span,
            isSampled: parent?.isSampled ?? true,
            isRandom: parent?.isRandom ?? false
        )
    }

    /// Writes the ids.
    func write(to body: inout JSONWriter) {
        body.member("trace_id", trace.description)
        body.member("span_id", span.description)
        body.member("parent_span_id", parent?.spanID.description)
        body.member("tracestate", state?.header)
    }
}

extension Execution {
    /// Notes the trace context of a line, which its endpoint has checked.
    mutating func setTrace(_ header: String?, _ state: String?, at time: Timestamp) {
        guard let header, let parent = TraceParent(header), let id = UUID128(bytes: parent.traceID.bytes)
        else {
            return
        }
        set(.traceID, id)
        set(.traceParent, header)
        set(.traceState, state)
        set(.traceSentAt, time)
    }

    /// Takes over the trace context of a repeated request if it is the first: by the time of its line, then the one whose
    /// texts are smaller. It doesn't depend on which line is loaded first.
    mutating func takeTrace(of other: Execution) {
        guard let sent = other.traceOrder else { return }
        if let own = traceOrder, own <= sent { return }
        for column in [ExecutionColumn.traceID, .traceParent, .traceState, .traceSentAt] {
            self[column] = other[column]
        }
    }

    private var traceOrder: (Timestamp, String, String)? {
        guard let at = time(.traceSentAt), let parent = text(.traceParent) else { return nil }
        return (at, parent, text(.traceState) ?? "")
    }
}
