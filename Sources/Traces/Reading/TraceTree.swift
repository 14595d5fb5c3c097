internal import Core
internal import OpenTelemetry

/// The spans of a trace, each behind its parent. Pure.
struct TraceTree {
    /// A span, who it is of, and how deep it stands.
    struct Node {
        let span: Span
        let resource: [Attribute]
        let depth: Int
    }

    /// Depth first; siblings in the order of their starts. A span whose parent is missing stands at the top, and so do
    /// those of a circle of parents.
    private(set) var nodes: [Node] = []

    init(_ batches: [SpanBatch]) {
        // A span that Weir derives and another process sends is shown once, as it was sent.
        var found: [SpanID: (span: Span, resource: [Attribute])] = [:]
        for batch in batches {
            for span in batch.spans { found[span.spanID] = (span, batch.resource) }
        }
        let ordered = found.values.sorted {
            ($0.span.start, $0.span.spanID.value) < ($1.span.start, $1.span.spanID.value)
        }
        var children: [SpanID: [SpanID]] = [:]
        var open: [(id: SpanID, depth: Int)] = []
        for (span, _) in ordered.reversed() {
            if let parent = span.parentID, found[parent] != nil, parent != span.spanID {
                children[parent, default: []].append(span.spanID)
            } else {
                open.append((span.spanID, 0))
            }
        }
        place(&open, &children, &found)
        // What is left are circles.
        for (span, _) in ordered where found[span.spanID] != nil {
            open = [(span.spanID, 0)]
            place(&open, &children, &found)
        }
    }

    private mutating func place(
        _ open: inout [(id: SpanID, depth: Int)],
        _ children: inout [SpanID: [SpanID]],
        _ found: inout [SpanID: (span: Span, resource: [Attribute])]
    ) {
        while let (id, depth) = open.popLast() {
            guard let (span, resource) = found.removeValue(forKey: id) else { continue }
            nodes.append(Node(span: span, resource: resource, depth: depth))
            for child in children.removeValue(forKey: id) ?? [] { open.append((child, depth + 1)) }
        }
    }
}
