internal import API
internal import Core
internal import OpenTelemetry

/// The ids by which a run leads to its trace: those of the exported span.
struct RunTrace: Hashable, Sendable {
    let trace: TraceID
    let span: SpanID
    /// What the sender said; nil when it said nothing.
    let sent: TraceContext?

    /// The ids of a run: the sender's trace, where it sent one, else one made of the event id.
    init(eventID: String, sent: TraceContext?) {
        self.sent = sent
        trace = sent?.parent.traceID ?? TrackedRunTrace.trace(of: eventID)
        span = .derived(in: trace, "run/\(eventID)")
    }

    /// Their names in answers and in the header of a table.
    static let names = ["trace_id", "span_id", "parent_span_id", "tracestate"]

    /// The members in answers, for `/openapi.json`. The contract's record has a fixed set of members, so these are there
    /// only for those who ask with `trace=true`.
    static let members = zip(
        names,
        [
            APIType.text.noting("The trace of the run, 32 hexadecimal digits. Only with trace=true."),
            APIType.text.noting("Its span in that trace, 16 hexadecimal digits. Only with trace=true."),
            APIType.text.orNull.noting("The sender's span. Only with trace=true."),
            APIType.text.orNull.noting("What the sender's vendors carry along. Only with trace=true."),
        ]
    ).map { name, type in APISchema.Member(name, type, isRequired: false) }

    /// Their values, in the order of the names.
    var values: [String?] {
        [trace.description, span.description, sent?.parent.spanID.description, sent?.state?.header]
    }

    /// As a context for spans below the run's own.
    var context: TraceParent {
        TraceParent(
            traceID: trace,
            spanID: span,
            isSampled: sent?.parent.isSampled ?? true,
            isRandom: sent?.parent.isRandom ?? false
        )
    }
}
