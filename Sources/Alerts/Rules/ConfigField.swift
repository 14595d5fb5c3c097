internal import API
internal import Core

/// A member of a rule's configuration: its name, its values, its default.
struct ConfigField: Sendable {
    enum Values: Sendable {
        case number(ClosedRange<Double>, default: Double?)
        case word([String], default: String?)
        case words([String])
        case labelNames
        case text(isRequired: Bool)
        case scalars
    }

    let name: String
    let values: Values

    static func number(_ name: String, _ range: ClosedRange<Double>, default fallback: Double? = nil) -> Self
    {
        ConfigField(name: name, values: .number(range, default: fallback))
    }

    static func word(_ name: String, _ words: [String], default fallback: String? = nil) -> Self {
        ConfigField(name: name, values: .word(words, default: fallback))
    }

    /// At least one of the words.
    static func words(_ name: String, _ words: [String]) -> Self {
        ConfigField(name: name, values: .words(words))
    }

    static func labelNames(_ name: String) -> Self { ConfigField(name: name, values: .labelNames) }

    static func text(_ name: String) -> Self { ConfigField(name: name, values: .text(isRequired: true)) }

    static func optionalText(_ name: String) -> Self {
        ConfigField(name: name, values: .text(isRequired: false))
    }

    static func scalars(_ name: String) -> Self { ConfigField(name: name, values: .scalars) }

    /// What is wrong with a value; nil stands for one that is absent.
    func issue(with value: JSONNode?) -> OperatorFailure.Diagnostic? {
        guard let value, !value.isNull else { return isRequired ? issue("missing", "is missing") : nil }
        switch values {
        case .number(let range, _):
            guard let number = value.double, range.contains(number) else {
                let bounds =
                    "\(ConfigField.shown(range.lowerBound)) to \(ConfigField.shown(range.upperBound))"
                return issue("out_of_range", "is not a number from \(bounds)")
            }
        case .word(let words, _):
            guard let word = value.string, words.contains(word) else {
                return issue("unknown_word", "is none of \(words.joined(separator: ", "))")
            }
        case .words(let words): return listIssue(value, words)
        case .labelNames:
            guard value.kind == .array, value.elements.allSatisfy({ $0.string?.isEmpty == false }) else {
                return issue("wrong_type", "is not an array of label names")
            }
        case .text:
            guard let text = value.string, !text.isEmpty, text.utf8.count <= 1000 else {
                return issue("wrong_type", "is not a text of 1 to 1000 bytes")
            }
        case .scalars: return objectIssue(value)
        }
        return nil
    }

    private var isRequired: Bool {
        switch values {
        case .number(_, let fallback): fallback == nil
        case .word(_, let fallback): fallback == nil
        case .words: true
        case .text(let isRequired): isRequired
        case .labelNames, .scalars: false
        }
    }

    private func listIssue(_ value: JSONNode, _ words: [String]) -> OperatorFailure.Diagnostic? {
        guard value.kind == .array, value.elements.contains(where: { _ in true }) else {
            return issue("wrong_type", "is not an array with at least one word")
        }
        let unknown = value.elements.first { !words.contains($0.string ?? "") }
        guard let unknown else { return nil }
        let shown = unknown.string ?? String(decoding: unknown.rawBytes.prefix(50), as: UTF8.self)
        return issue("unknown_word", "has \(shown), which is none of \(words.joined(separator: ", "))")
    }

    private func objectIssue(_ value: JSONNode) -> OperatorFailure.Diagnostic? {
        guard value.kind == .object else { return issue("wrong_type", "is not an object") }
        let isFlat = value.members.allSatisfy { $0.value.kind != .object && $0.value.kind != .array }
        return isFlat ? nil : issue("wrong_type", "has a value that is neither a text, a number nor a flag")
    }

    private func issue(_ code: String, _ message: String) -> OperatorFailure.Diagnostic {
        OperatorFailure.Diagnostic("trigger_config.\(name)", code, message)
    }

    private static func shown(_ number: Double) -> String {
        Int64(exactly: number).map(String.init) ?? String(number)
    }
}
