/// What a sender says of the trace that its work is part of: a span of its own, and what vendors carry along. W3C Trace
/// Context §3; contract pipelogiq §3.2.
package struct TraceContext: Hashable, Sendable {
    /// The sender's span, and its trace.
    package let parent: TraceParent
    /// What vendors carry along with the trace; nil when there is nothing, and when it was malformed.
    package let state: TraceState?

    /// Makes a value.
    package init(_ parent: TraceParent, _ state: TraceState? = nil) {
        self.parent = parent
        self.state = state
    }
}

extension TraceContext: Comparable {
    /// By the texts of both, so that of several the same one comes first for everybody.
    package static func < (left: TraceContext, right: TraceContext) -> Bool {
        (left.parent.description, left.state?.header ?? "")
            < (right.parent.description, right.state?.header ?? "")
    }
}

/// The trace contexts of a request, in their precedence: first what its body says, then its header section. What is
/// malformed counts as absent. Contract pipelogiq §3.2.
package struct SentTrace: Hashable, Sendable {
    /// The valid ones, the first of the body before that of the header section.
    package let contexts: [TraceContext]
    /// How many values of `traceparent` and `tracestate` were malformed.
    package let malformed: Int

    /// Reads the values of a body, `fields` of `traceparent` in their order and `fieldStates` of `tracestate`; and all
    /// values of the header fields, `header` of `traceparent` and `states` of `tracestate`.
    ///
    /// More than one header field `traceparent` is malformed. A context of the body that brings no `tracestate` has that
    /// of the header section, if both are of the same trace.
    package init(
        fields: [String] = [],
        fieldStates: [String] = [],
        header: [String] = [],
        states: [String] = []
    ) {
        guard !fields.isEmpty || !header.isEmpty else {
            (contexts, malformed) = ([], 0)
            return
        }
        let inBody = fields.map { TraceParent($0) }
        let inHeader = header.count == 1 ? TraceParent(header[0]) : nil
        let headerState = TraceState(states)
        var wrong = inBody.count(where: { $0 == nil }) + (inHeader == nil && !header.isEmpty ? 1 : 0)
        var found: [TraceContext] = []
        if let parent = inBody.lazy.compactMap(\.self).first {
            let own = TraceState(fieldStates)
            if own == nil, fieldStates.contains(where: Self.says) { wrong += 1 }
            let inherits = parent.traceID == inHeader?.traceID && !fieldStates.contains(where: Self.says)
            found.append(TraceContext(parent, inherits ? headerState : own))
        }
        if let parent = inHeader {
            if headerState == nil, states.contains(where: Self.says) { wrong += 1 }
            found.append(TraceContext(parent, headerState))
        }
        (contexts, malformed) = (found, wrong)
    }

    /// The one that counts; nil when there is no valid one.
    package var context: TraceContext? { contexts.first }

    /// Whether a text has more than blanks.
    private static func says(_ text: String) -> Bool { !trimmed(text).isEmpty }
}
