internal import API
internal import Core

/// A condition on a label, as Alertmanager has it: equal or not, a text or an anchored regular expression.
struct Matcher: Sendable {
    /// What is wrong with one, as a sentence without a full stop.
    struct Fault: Error, Hashable {
        let message: String
    }

    /// The longest name of a label, in bytes.
    static let longestName = 200
    /// The longest value, in bytes.
    static let longestValue = 4096

    let name: String
    let value: String
    let isRegex: Bool
    let isEqual: Bool
    private let pattern: LabelPattern?

    /// Makes one.
    ///
    /// - Throws: what is wrong with the name, the value or the regular expression.
    init(name: String, value: String, isRegex: Bool, isEqual: Bool) throws(Fault) {
        guard !name.isEmpty, name.utf8.count <= Self.longestName else {
            throw Fault(message: "the name of a label has 1 to \(Self.longestName) bytes")
        }
        guard value.utf8.count <= Self.longestValue else {
            throw Fault(message: "a value has at most \(Self.longestValue) bytes")
        }
        self.name = name
        self.value = value
        self.isRegex = isRegex
        self.isEqual = isEqual
        pattern = isRegex ? try LabelPattern(value) : nil
    }

    /// Whether labels meet it. A label that is absent is an empty one.
    func matches(_ labels: [String: String]) -> Bool {
        let label = labels[name] ?? ""
        let isSame = pattern.map { $0.matches(label) } ?? (label == value)
        return isSame == isEqual
    }

    /// Whether it says the same as another.
    func isSame(as other: Matcher) -> Bool {
        name == other.name && value == other.value && isRegex == other.isRegex && isEqual == other.isEqual
    }

    /// As Alertmanager writes it: `process=~"ALIGN.*"`.
    var text: String {
        let sign = isRegex ? (isEqual ? "=~" : "!~") : (isEqual ? "=" : "!=")
        let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing(
            "\n",
            with: "\\n"
        )
        return "\(name)\(sign)\"\(escaped)\""
    }

    func write(to list: inout JSONWriter) {
        list.object { object in
            object.member("isEqual", isEqual)
            object.member("isRegex", isRegex)
            object.member("name", name)
            object.member("value", value)
        }
    }

    /// Reads a stored one; nil for one that this Weir cannot read.
    init?(stored node: JSONNode) {
        guard let name = node["name"]?.string, let value = node["value"]?.string else { return nil }
        try? self.init(
            name: name,
            value: value,
            isRegex: node["isRegex"]?.bool ?? false,
            isEqual: node["isEqual"]?.bool ?? true
        )
    }
}

/// A regular expression that matches a whole label, in bounded time.
struct LabelPattern: Sendable {
    private static let longest = 512
    /// What one label may cost: a pattern of 512 bytes on a label of 1,000 takes less.
    private static let mostWork = 1_000_000
    private let expression: RegularExpression

    /// Reads a pattern in RE2's syntax.
    ///
    /// - Throws: what is wrong with it.
    init(_ text: String) throws(Matcher.Fault) {
        guard text.utf8.count <= Self.longest else {
            throw Matcher.Fault(message: "a regular expression has at most \(Self.longest) bytes")
        }
        do throws(RegularExpression.SyntaxError) {
            expression = try RegularExpression(Array(text.utf8))
        } catch {
            throw Matcher.Fault(message: error.message)
        }
    }

    func matches(_ label: String) -> Bool {
        var work = Self.mostWork
        return expression.matches(Array(label.utf8), &work)
    }
}
