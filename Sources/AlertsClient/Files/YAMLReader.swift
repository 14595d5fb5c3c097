internal import CYAML

/// What is wrong with a file, and where.
package struct FileProblem: Error, Hashable, Comparable, Sendable, CustomStringConvertible {
    package let file: String
    /// From 1; 0 where no line is meant.
    package let line: Int
    package let message: String

    /// `alerts.yaml:12: rules: …`.
    package var description: String { "\(line > 0 ? "\(file):\(line)" : file): \(message)" }

    package static func < (left: FileProblem, right: FileProblem) -> Bool {
        (left.file, left.line, left.message) < (right.file, right.line, right.message)
    }
}

/// Reads a YAML document into nodes with lines. Files of people: there are limits for depth and size.
final class YAMLReader {
    private static let depthLimit = 32
    private static let nodeLimit = 100_000

    private let file: String
    // libyaml keeps a pointer to the parser in the parser: it must not move.
    private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    private let text: UnsafeMutableBufferPointer<UInt8>
    private var anchors: [String: (node: YAMLNode, size: Int)] = [:]
    private var count = 0

    /// The document of a file; nil for an empty one.
    static func read(_ bytes: [UInt8], named file: String) throws(FileProblem) -> YAMLNode? {
        try YAMLReader(bytes, file).document()
    }

    private init(_ bytes: [UInt8], _ file: String) throws(FileProblem) {
        self.file = file
        text = .allocate(capacity: max(1, bytes.count))
        _ = text.initialize(from: bytes)
        guard yaml_parser_initialize(parser) == 1 else {
            text.deallocate()
            parser.deallocate()
            throw FileProblem(file: file, line: 0, message: "there is no memory to read it")
        }
        yaml_parser_set_input_string(parser, text.baseAddress, bytes.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        text.deallocate()
    }

    // MARK: - Events

    private enum Event {
        case stream, document, endOfDocument, end
        case alias(String)
        case scalar(String, isPlain: Bool, anchor: String?)
        case list(anchor: String?)
        case map(anchor: String?)
        case close
    }

    private func next() throws(FileProblem) -> (event: Event, line: Int) {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw syntaxProblem() }
        defer { yaml_event_delete(&event) }
        return (try Self.event(event) ?? .end, Int(event.start_mark.line) + 1)
    }

    private static func event(_ event: yaml_event_t) throws(FileProblem) -> Event? {
        switch event.type {
        case YAML_STREAM_START_EVENT: return .stream
        case YAML_DOCUMENT_START_EVENT: return .document
        case YAML_DOCUMENT_END_EVENT: return .endOfDocument
        case YAML_ALIAS_EVENT: return .alias(string(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            // A tag such as !!str says that it is text; others say nothing that matters here.
            let isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE && scalar.tag == nil
            return .scalar(
                String(decoding: bytes, as: UTF8.self),
                isPlain: isPlain,
                anchor: string(scalar.anchor)
            )
        case YAML_SEQUENCE_START_EVENT: return .list(anchor: string(event.data.sequence_start.anchor))
        case YAML_MAPPING_START_EVENT: return .map(anchor: string(event.data.mapping_start.anchor))
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return .close
        default: return nil
        }
    }

    private static func string(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        text.map { String(decodingCString: $0, as: UTF8.self) }
    }

    private func syntaxProblem() -> FileProblem {
        let what = parser.pointee.problem.map { String(cString: $0) } ?? "this is not YAML"
        let context = parser.pointee.context.map { "\(String(cString: $0)): " } ?? ""
        let hint = what.contains("cannot start any token") ? "; put the value in quotes" : ""
        return FileProblem(
            file: file,
            line: Int(parser.pointee.problem_mark.line) + 1,
            message: "\(context)\(what)\(hint)"
        )
    }

    // MARK: - Nodes

    private func document() throws(FileProblem) -> YAMLNode? {
        _ = try next()
        guard case .document = try next().event else { return nil }
        let (event, line) = try next()
        let root = try node(event, line, depth: 0)
        _ = try next()
        let (after, place) = try next()
        guard case .end = after else { throw problem(place, "a file holds one document") }
        return root
    }

    private func node(_ event: Event, _ line: Int, depth: Int) throws(FileProblem) -> YAMLNode {
        guard depth < Self.depthLimit else { throw problem(line, "it is nested too deeply") }
        let start = count
        try grow(1, line)
        switch event {
        case .scalar(let text, let isPlain, let anchor):
            return kept(YAMLNode(line: line, content: .scalar(text, isPlain: isPlain)), anchor, since: start)
        case .list(let anchor):
            return kept(YAMLNode(line: line, content: .list(try elements(depth))), anchor, since: start)
        case .map(let anchor):
            return kept(YAMLNode(line: line, content: .map(try entries(depth))), anchor, since: start)
        case .alias(let name):
            guard let known = anchors[name] else { throw problem(line, "nothing is called &\(name) above") }
            try grow(known.size, line)
            return known.node
        case .stream, .document, .endOfDocument, .end, .close:
            throw problem(line, "a value is missing")
        }
    }

    private func kept(_ node: YAMLNode, _ anchor: String?, since start: Int) -> YAMLNode {
        if let anchor { anchors[anchor] = (node, count - start) }
        return node
    }

    /// Aliases count as often as they are used: a short file can stand for a giant one.
    private func grow(_ nodes: Int, _ line: Int) throws(FileProblem) {
        count += nodes
        if count > Self.nodeLimit { throw problem(line, "the file is too large") }
    }

    private func elements(_ depth: Int) throws(FileProblem) -> [YAMLNode] {
        var elements: [YAMLNode] = []
        while true {
            let (event, line) = try next()
            if case .close = event { return elements }
            elements.append(try node(event, line, depth: depth + 1))
        }
    }

    private func entries(_ depth: Int) throws(FileProblem) -> [YAMLNode.Entry] {
        var entries: [YAMLNode.Entry] = []
        var lines: [String: Int] = [:]
        while true {
            let (event, line) = try next()
            if case .close = event { return entries }
            guard case .scalar(let key, _, _) = event else { throw problem(line, "a key is a single value") }
            let (event2, line2) = try next()
            let value = try node(event2, line2, depth: depth + 1)
            if let earlier = lines[key] {
                throw problem(line, "\(key) is there twice, first in line \(earlier)")
            }
            lines[key] = line
            entries.append(YAMLNode.Entry(key: key, line: line, value: value))
        }
    }

    private func problem(_ line: Int, _ message: String) -> FileProblem {
        FileProblem(file: file, line: line, message: message)
    }
}
