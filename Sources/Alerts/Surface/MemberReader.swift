internal import API
internal import Core
internal import HTTP

/// Reads the members of a body one by one and collects what is wrong with them.
///
/// What has the wrong type, or is missing, is 422; a value that is not allowed is 400. Contract beampipe §6.1.
struct MemberReader {
    let root: JSONNode
    private(set) var shape: [OperatorFailure.Diagnostic] = []
    private(set) var values: [OperatorFailure.Diagnostic] = []

    init(_ root: JSONNode) {
        self.root = root
    }

    /// Ends the reading.
    func finish() throws(OperatorFailure) {
        guard shape.isEmpty else {
            let failure = OperatorFailure.invalid(shape)
            throw OperatorFailure(.unprocessableContent, failure.message, diagnostics: shape)
        }
        guard values.isEmpty else { throw .invalid(values) }
    }

    mutating func miss(_ name: String) { shape.append(.init(name, "missing", "is missing")) }

    mutating func refuse(_ issues: [OperatorFailure.Diagnostic]) { values += issues }

    /// Whether a member is there, be it null.
    func has(_ name: String) -> Bool { root[name] != nil }

    /// The value of a member; nil when it is absent or null.
    func node(_ name: String) -> JSONNode? { root[name].flatMap { $0.isNull ? nil : $0 } }

    mutating func text(_ name: String, isRequired: Bool = false, atMost bytes: Int = 1000) -> String? {
        guard let node = present(name, isRequired) else { return nil }
        guard let text = node.string else { return mistyped(name, "a text") }
        guard text.utf8.count <= bytes else {
            values.append(.init(name, "too_long", "is longer than \(bytes) bytes"))
            return nil
        }
        return text
    }

    /// A text that is not blank.
    mutating func name(_ name: String, isRequired: Bool = false) -> String? {
        guard let text = text(name, isRequired: isRequired, atMost: 200) else { return nil }
        guard text.contains(where: { !$0.isWhitespace }) else {
            values.append(.init(name, "empty", "is empty"))
            return nil
        }
        return text
    }

    mutating func flag(_ name: String) -> Bool? {
        guard let node = present(name, false) else { return nil }
        return node.bool ?? mistyped(name, "true or false")
    }

    mutating func integer(_ name: String, _ range: ClosedRange<Int>) -> Int? {
        guard let node = present(name, false) else { return nil }
        guard let number = node.int64 else { return mistyped(name, "a whole number") }
        guard let value = Int(exactly: number), range.contains(value) else {
            let bounds = "\(range.lowerBound) to \(range.upperBound)"
            values.append(.init(name, "out_of_range", "is not from \(bounds)"))
            return nil
        }
        return value
    }

    mutating func word<Word: RawRepresentable & CaseIterable>(
        _ name: String,
        _ type: Word.Type,
        isRequired: Bool = false
    ) -> Word? where Word.RawValue == String {
        guard let text = text(name, isRequired: isRequired) else { return nil }
        if let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
        values.append(.init(name, "unknown_word", "is none of \(words)"))
        return nil
    }

    mutating func ids(_ name: String, isRequired: Bool = false) -> [UUID128]? {
        guard let node = present(name, isRequired) else { return nil }
        guard node.kind == .array else { return mistyped(name, "an array of UUIDs") }
        var ids: [UUID128] = []
        var seen: Set<UUID128> = []
        for element in node.elements {
            guard let id = element.string.flatMap({ UUID128($0) }) else {
                return mistyped(name, "an array of UUIDs")
            }
            if seen.insert(id).inserted { ids.append(id) }
        }
        guard ids.count <= 1000 else {
            values.append(.init(name, "too_many", "has more than 1000 ids"))
            return nil
        }
        return ids
    }

    /// An object whose values are texts.
    mutating func labels(_ name: String) -> [String: String]? {
        guard let node = present(name, false) else { return nil }
        guard node.kind == .object else { return mistyped(name, "an object of texts") }
        var labels: [String: String] = [:]
        for member in node.members {
            guard let key = member.key.string, let value = member.value.string else {
                return mistyped(name, "an object of texts")
            }
            labels[key] = value
        }
        return labels
    }

    /// A moment in RFC 3339.
    mutating func time(_ name: String, isRequired: Bool = false) -> Timestamp? {
        guard let text = text(name, isRequired: isRequired) else { return nil }
        if let time = Timestamp(lenient: text) { return time }
        values.append(.init(name, "not_a_time", "is not a time like 2026-08-22T03:23:43Z"))
        return nil
    }

    private mutating func present(_ name: String, _ isRequired: Bool) -> JSONNode? {
        if let node = node(name) { return node }
        if isRequired { shape.append(.init(name, "missing", "is missing")) }
        return nil
    }

    private mutating func mistyped<Value>(_ name: String, _ what: String) -> Value? {
        shape.append(.init(name, "wrong_type", "is not \(what)"))
        return nil
    }
}
