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
    ///
    /// `header` is all values of the header field: more than one is invalid. `states` is all values of `tracestate`.
    init(body: String?, items: [String], header: [String], states: [String]) {
        let parsed = header.count == 1 ? TraceParent(header[0]) : nil
        let incoming = items.lazy.compactMap { TraceParent($0) }.first
        if let body, !body.isEmpty {
            let id = TraceID(lenient: body)
            shown = body
            self.id = id ?? .random()
            // Another trace's span is no parent of this one.
            guard let parent = [incoming, parsed].compactMap(\.self).first(where: { $0.traceID == id }) else {
                return
            }
            take(parent, parent == parsed ? states : [])
        } else if let incoming {
            (shown, id) = ("\(incoming.traceID)", incoming.traceID)
            take(incoming, incoming.traceID == parsed?.traceID ? states : [])
        } else if let parsed {
            (shown, id) = ("\(parsed.traceID)", parsed.traceID)
            take(parsed, states)
        } else {
            id = .random()
            shown = "\(id)"
        }
    }

    private mutating func take(_ context: TraceParent, _ states: [String]) {
        parent = context.spanID
        isSampled = context.isSampled
        isRandom = context.isRandom
        state = TraceState(states)
    }

    /// W3C flags.
    var flags: Int { (isSampled ? 1 : 0) | (isRandom ? 2 : 0) }
}
