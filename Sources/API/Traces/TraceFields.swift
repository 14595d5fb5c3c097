package import HTTP
package import OpenTelemetry

extension Response {
    /// The same with the trace context of what it is about, so that its reader can send spans into that trace: the field
    /// `traceparent`, and `tracestate` where there is one. W3C Trace Context §3.
    package func about(_ context: TraceParent, _ state: TraceState? = nil) -> Response {
        var response = self
        response.fields.append("traceparent", "\(context)")
        if let state { response.fields.append("tracestate", state.header) }
        return response
    }
}

extension APIAnswer.Header {
    /// The trace context of what an answer is about.
    package static let traceParent = Self(
        "traceparent",
        .text,
        "The trace and the span of what this is about (W3C Trace Context): a parent for spans of your own."
    )

    /// What vendors carry along with a trace.
    package static let traceState = Self(
        "tracestate",
        .text,
        "What the sender's vendors carry along with the trace; absent when it sent none."
    )
}
