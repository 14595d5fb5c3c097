/// Finds the value registered for a method and a path.
///
/// Patterns are made of literal segments, `{name}` for one segment and, at the end, `{name...}` for one or more:
/// `/api/runs/{id}`, `/files/{path...}`. Paths are cut at `/` first and percent-decoded after that, so `%2F` stays
/// within its segment. A trailing slash makes no difference; a path with an empty segment, or with a NUL, matches
/// nothing. A literal beats a parameter, a parameter beats the rest; when the better one has no value for the method,
/// the next one is tried.
package struct Router<Value: Sendable>: Sendable {
    /// The result of a lookup.
    package enum Resolution: Sendable {
        /// `pattern` is the one given to `add`: the bounded label of the route.
        case matched(Value, parameters: PathParameters, pattern: String)
        /// The path is known, the method is not; sorted by name, with HEAD where GET is and always OPTIONS.
        case methodNotAllowed(allow: [Method])
        case notFound
    }

    /// One registration.
    package struct Route: Hashable, Sendable {
        /// The method as it was registered.
        package let method: Method
        /// The pattern as it was registered.
        package let pattern: String
    }

    /// All registrations, in order.
    package private(set) var routes: [Route] = []
    private var nodes = [Node()]

    private struct Node: Sendable {
        var literals: [String: Int] = [:]
        var parameter: Int?
        var rest: Int?
        var endpoints: [Method: Endpoint] = [:]
    }

    private struct Endpoint: Sendable {
        let value: Value
        let pattern: String
        let names: [String]
    }

    /// A router without routes.
    package init() {}

    /// Registers a value; a malformed pattern, or one registered twice for a method, is a bug of the caller.
    ///
    /// Patterns that differ only in their parameters' names are the same.
    package mutating func add(_ method: Method, _ pattern: String, _ value: Value) {
        let segments = pattern.split(separator: "/")
        precondition(pattern.first == "/", "BUG: the pattern \(pattern) does not begin with a slash")
        var node = 0
        var names: [String] = []
        for (index, segment) in segments.enumerated() {
            let kind = Segment(segment)
            precondition(
                !kind.isRest || index == segments.count - 1,
                "BUG: \(segment) ends no pattern: \(pattern)"
            )
            if let name = kind.name { names.append(name) }
            node = child(of: node, kind)
        }
        precondition(Set(names).count == names.count, "BUG: a parameter's name is repeated: \(pattern)")
        let endpoint = Endpoint(value: value, pattern: pattern, names: names)
        let previous = nodes[node].endpoints.updateValue(endpoint, forKey: method)
        precondition(previous == nil, "BUG: \(method) \(pattern) is registered twice")
        routes.append(Route(method: method, pattern: pattern))
    }

    /// Looks a path up; not decoded and without the query, as in `RequestHead.path`.
    ///
    /// HEAD finds the value of GET where it has none of its own. Takes time linear in the path and, at worst, in
    /// the number of routes.
    package func resolve(_ method: Method, _ path: String) -> Resolution {
        guard let segments = Self.segments(of: path) else { return .notFound }
        var search = Search(method: method, segments: segments)
        if let found = find(&search, node: 0, depth: 0) { return found }
        return search.allowed.isEmpty ? .notFound : .methodNotAllowed(allow: Self.sorted(search.allowed))
    }
}

// MARK: - The tree

extension Router {
    private mutating func child(of node: Int, _ segment: Segment) -> Int {
        let known =
            switch segment {
            case .literal(let text): nodes[node].literals[text]
            case .parameter: nodes[node].parameter
            case .rest: nodes[node].rest
            }
        if let known { return known }
        let child = nodes.count
        nodes.append(Node())
        switch segment {
        case .literal(let text): nodes[node].literals[text] = child
        case .parameter: nodes[node].parameter = child
        case .rest: nodes[node].rest = child
        }
        return child
    }

    private struct Search {
        let method: Method
        let segments: [String]
        var caught: [String] = []
        var allowed: Set<Method> = []
    }

    private func find(_ search: inout Search, node: Int, depth: Int) -> Resolution? {
        guard depth < search.segments.count else { return finish(&search, node) }
        let segment = search.segments[depth]
        if let child = nodes[node].literals[segment] {
            if let found = find(&search, node: child, depth: depth + 1) { return found }
        }
        if let child = nodes[node].parameter {
            search.caught.append(segment)
            if let found = find(&search, node: child, depth: depth + 1) { return found }
            search.caught.removeLast()
        }
        guard let child = nodes[node].rest else { return nil }
        search.caught.append(search.segments[depth...].joined(separator: "/"))
        defer { search.caught.removeLast() }
        return finish(&search, child)
    }

    private func finish(_ search: inout Search, _ node: Int) -> Resolution? {
        let endpoints = nodes[node].endpoints
        let fallback = search.method == .head ? endpoints[.get] : nil
        guard let endpoint = endpoints[search.method] ?? fallback else {
            search.allowed.formUnion(endpoints.keys)
            return nil
        }
        var parameters = PathParameters()
        for (name, value) in zip(endpoint.names, search.caught) {
            parameters.append(name, value)
        }
        return .matched(endpoint.value, parameters: parameters, pattern: endpoint.pattern)
    }

    private static func sorted(_ methods: Set<Method>) -> [Method] {
        let implied: Set<Method> = methods.contains(.get) ? [.head, .options] : [.options]
        return methods.union(implied).sorted { $0.name < $1.name }
    }

    private static func segments(of path: String) -> [String]? {
        var parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)[...]
        guard parts.count > 1, parts.removeFirst().isEmpty else { return nil }
        if parts.last?.isEmpty == true { parts.removeLast() }
        var segments: [String] = []
        for part in parts {
            let segment =
                part.contains(UInt8(ascii: "%")) ? PercentCoding.decode(part) : String(Substring(part))
            guard !segment.isEmpty, !segment.utf8.contains(0) else { return nil }
            segments.append(segment)
        }
        return segments
    }
}

/// One segment of a pattern.
private enum Segment {
    case literal(String)
    case parameter(String)
    case rest(String)

    init(_ text: Substring) {
        guard text.hasPrefix("{"), text.hasSuffix("}") else {
            precondition(!text.contains { $0 == "{" || $0 == "}" }, "BUG: a brace within a segment: \(text)")
            self = .literal(String(text))
            return
        }
        let name = text.dropFirst().dropLast()
        let isRest = name.hasSuffix("...")
        let bare = String(isRest ? name.dropLast(3) : name)
        precondition(!bare.isEmpty, "BUG: a parameter without a name")
        self = isRest ? .rest(bare) : .parameter(bare)
    }

    var isRest: Bool {
        if case .rest = self { true } else { false }
    }

    var name: String? {
        switch self {
        case .literal: nil
        case .parameter(let name), .rest(let name): name
        }
    }
}
