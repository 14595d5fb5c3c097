internal import API
internal import Core
internal import OpenTelemetry

/// The ids by which a run leads to its trace: those of the exported span.
struct RunTrace: Hashable, Sendable {
    let trace: TraceID
    let span: SpanID

    /// The ids of a run: made of its event id.
    init(eventID: String) {
        trace = TrackedRunTrace.trace(of: eventID)
        span = TrackedRunTrace.span(of: eventID)
    }

    /// Their names in answers and in the header of a table.
    static let names = ["trace_id", "span_id"]

    /// The members in answers, for `/openapi.json`. The contract's record has a fixed set of members, so these are there
    /// only for those who ask with `trace=true`.
    static let members = zip(
        names,
        ["The trace of the run, 32 hexadecimal digits.", "Its span in that trace, 16 hexadecimal digits."]
    ).map { name, note in
        APISchema.Member(name, APIType.text.noting("\(note) Only with trace=true."), isRequired: false)
    }

    /// Their values, in the order of the names.
    var values: [String?] { [trace.description, span.description] }

    /// As a context for spans below the run's own.
    var context: TraceParent { TraceParent(traceID: trace, spanID: span, isSampled: true) }
}
