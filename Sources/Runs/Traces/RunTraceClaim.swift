internal import Core
internal import Journal
internal import OpenTelemetry

/// The members of a posted run that carry a trace context. Few runs have them, so that a draft holds only a reference.
final class TraceFields: Sendable {
    /// The value of `traceparent`, if there is one; a value that is no text is an empty one, and so malformed.
    let parents: [String]
    /// The value of `tracestate`, if there is one.
    let states: [String]

    /// Nil when both members are absent or null.
    init?(parent: JSONNode?, state: JSONNode?) {
        guard parent?.isNull == false || state?.isNull == false else { return nil }
        parents = Self.texts(parent)
        states = Self.texts(state)
    }

    private static func texts(_ node: JSONNode?) -> [String] {
        guard let node, !node.isNull else { return [] }
        return [node.string ?? ""]
    }
}

/// A line's word on the trace that its run is part of. Few lines have one, so that a run holds only a reference.
final class RunTraceClaim: Sendable {
    let context: TraceContext
    /// The time of the line.
    let at: Timestamp

    init(_ context: TraceContext, at: Timestamp) {
        self.context = context
        self.at = at
    }

    /// Whether this one stays when both are said of one run: the first by the time of its line, then the one whose texts
    /// are smaller. It doesn't depend on which line is loaded first.
    func wins(over other: RunTraceClaim) -> Bool {
        (at, context) < (other.at, other.context)
    }
}

extension RunLine {
    private static let traces = "traces"

    /// The line member with the trace contexts of its runs, by their places in the line: for each a row with its place,
    /// `traceparent` and `tracestate`.
    static func members(_ contexts: [Int: TraceContext]) -> LineMembers {
        guard !contexts.isEmpty else { return LineMembers() }
        let rows = contexts.sorted { $0.key < $1.key }.map { place, context in
            "\(place) \(context.parent)" + (context.state.map { " \($0.header)" } ?? "")
        }
        return LineMembers([traces: rows.joined(separator: "\n")])
    }

    /// The trace contexts of a line. Most lines have no members at all.
    static func contexts(_ members: LineMembers) -> [Int: TraceContext] {
        guard !members.bytes.isEmpty, let text = members[traces] else { return [:] }
        var found: [Int: TraceContext] = [:]
        for row in text.split(separator: "\n") {
            let parts = row.split(separator: " ", maxSplits: 2)
            guard parts.count >= 2, let place = Int(parts[0]), let parent = TraceParent(parts[1]) else {
                continue
            }
            found[place] = TraceContext(parent, parts.count > 2 ? TraceState([String(parts[2])]) : nil)
        }
        return found
    }
}
