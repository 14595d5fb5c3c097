internal import OpenTelemetry

/// The trace of a pipeline: what came with it, or a new one. Contract pipelogiq §3.2.
struct PipelineTrace: Hashable, Sendable {
    /// What the client is given back as `traceId`: its own words, or the id that was made. At most 36 characters.
    let shown: String
    /// The same as an id of W3C; a made one where the client's words are none.
    let id: TraceID
    /// The span that the pipeline is part of.
    var parent: SpanID?
    var isSampled = true
    var isRandom = false
    var state: TraceState?

    /// The longest `traceId` of a client.
    static let mostCharacters = 36

    /// Decides by the precedence of the contract: the body's `traceId`, a context item `traceparent`, the header field
    /// `traceparent`, a new one. An invalid one counts as absent, and so does the `tracestate` beside it.
    init(body: String?, sent: SentTrace) {
        if let body, !body.isEmpty {
            let id = TraceID(lenient: body)
            shown = body
            self.id = id ?? .random()
            // Another trace's span is no parent of this one.
            if let context = sent.contexts.first(where: { $0.parent.traceID == id }) { take(context) }
        } else if let context = sent.context {
            (shown, id) = ("\(context.parent.traceID)", context.parent.traceID)
            take(context)
        } else {
            id = .random()
            shown = "\(id)"
        }
    }

    private mutating func take(_ context: TraceContext) {
        parent = context.parent.spanID
        isSampled = context.parent.isSampled
        isRandom = context.parent.isRandom
        state = context.state
    }

    /// W3C flags.
    var flags: Int { (isSampled ? 1 : 0) | (isRandom ? 2 : 0) }
}
