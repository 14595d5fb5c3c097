internal import Notifications

/// A value of a YAML file, and where it stands.
indirect enum YAMLContent: Sendable {
    case scalar(String, isPlain: Bool)
    case list([YAMLNode])
    case map([YAMLNode.Entry])
}

struct YAMLNode: Sendable {
    struct Entry: Sendable {
        let key: String
        /// Where the key stands.
        let line: Int
        let value: YAMLNode
    }

    /// From 1.
    let line: Int
    let content: YAMLContent

    /// Nothing: `~`, `null` or no value.
    var isNull: Bool {
        if case .scalar(let text, isPlain: true) = content { YAMLScalar.isNull(text) } else { false }
    }

    /// The text of a scalar, be it a number or in quotes; nil for anything else, and for nothing.
    var text: String? {
        if case .scalar(let text, _) = content, !isNull { text } else { nil }
    }

    /// `true` or `false`, not in quotes.
    var flag: Bool? {
        if case .scalar(let text, isPlain: true) = content { YAMLScalar.flag(text) } else { nil }
    }

    /// The elements of a list; nil for anything else.
    var elements: [YAMLNode]? {
        if case .list(let elements) = content { elements } else { nil }
    }

    /// The entries of a map; nil for anything else.
    var entries: [Entry]? {
        if case .map(let entries) = content { entries } else { nil }
    }

    /// What it is, in words.
    var kind: String {
        switch content {
        case .scalar: isNull ? "nothing" : "a single value"
        case .list: "a list"
        case .map: "a map"
        }
    }

    /// The value as JSON; `asText` takes scalars as text even where they look like numbers.
    func json(asText: Bool = false) -> JSONValue {
        switch content {
        case .scalar(let text, let isPlain):
            guard isPlain else { return .text(text) }
            return asText && !isNull ? .text(text) : YAMLScalar.value(text)
        case .list(let elements): return .list(elements.map { $0.json(asText: asText) })
        case .map(let entries):
            return .object(entries.map { .init($0.key, $0.value.json(asText: asText)) })
        }
    }
}

/// Scalars without quotes, in the core schema of YAML 1.2: `yes` and `on` are texts, `12:30` is no number.
enum YAMLScalar {
    static func isNull(_ text: String) -> Bool { ["", "~", "null", "Null", "NULL"].contains(text) }

    static func flag(_ text: String) -> Bool? {
        switch text {
        case "true", "True", "TRUE": true
        case "false", "False", "FALSE": false
        default: nil
        }
    }

    static func value(_ text: String) -> JSONValue {
        if isNull(text) { return .null }
        if let flag = flag(text) { return .flag(flag) }
        return number(text).map { .number(Array($0.utf8)) } ?? .text(text)
    }

    /// The number as JSON writes it; nil for a text.
    static func number(_ text: String) -> String? {
        let unsigned = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
        guard let first = unsigned.utf8.first, (48...57).contains(first) || first == 46 else { return nil }
        if unsigned.utf8.allSatisfy({ (48...57).contains($0) }) {
            return Int64(text).map(String.init) ?? nil
        }
        let isFloat = unsigned.utf8.allSatisfy { (48...57).contains($0) || ".eE+-".utf8.contains($0) }
        guard isFloat, let number = Double(text), number.isFinite else { return nil }
        return "\(number)"
    }
}
