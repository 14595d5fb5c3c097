internal import API
internal import Core

/// A condition on a label, as Alertmanager has it: equal or not, a text or an anchored regular expression.
struct Matcher: Sendable {
    let name: String
    let value: String
    let isRegex: Bool
    let isEqual: Bool
    private let pattern: LabelPattern?

    /// Nil for a regular expression that is not one.
    init?(name: String, value: String, isRegex: Bool, isEqual: Bool) {
        self.name = name
        self.value = value
        self.isRegex = isRegex
        self.isEqual = isEqual
        if isRegex {
            guard let pattern = LabelPattern(value) else { return nil }
            self.pattern = pattern
        } else {
            pattern = nil
        }
    }

    /// A label that is absent is an empty one.
    func matches(_ labels: [String: String]) -> Bool {
        let label = labels[name] ?? ""
        let isSame = pattern.map { $0.matches(label) } ?? (label == value)
        return isSame == isEqual
    }

    func write(to list: inout JSONWriter) {
        list.object { object in
            object.member("name", name)
            object.member("value", value)
            object.member("isRegex", isRegex)
            object.member("isEqual", isEqual)
        }
    }

    /// Reads one of a JSON array; nil for one that is malformed.
    init?(_ node: JSONNode) {
        guard let name = node["name"]?.string, !name.isEmpty, let value = node["value"]?.string else {
            return nil
        }
        self.init(
            name: name,
            value: value,
            isRegex: node["isRegex"]?.bool ?? false,
            isEqual: node["isEqual"]?.bool ?? true
        )
    }
}

/// A regular expression that matches a whole label. Compiled anew for each use, since Swift's is not `Sendable`.
struct LabelPattern: Sendable {
    private static let longest = 512
    private let text: String

    /// Nil for a text that is not a regular expression, or is too long.
    init?(_ text: String) {
        guard text.utf8.count <= Self.longest, (try? Regex("^(?:\(text))$")) != nil else { return nil }
        self.text = text
    }

    func matches(_ label: String) -> Bool {
        guard let regex = try? Regex("^(?:\(text))$") else { return false }
        return label.prefix(1000).wholeMatch(of: regex) != nil
    }
}
