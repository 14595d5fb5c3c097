internal import API
internal import Core

/// Reads the members of one object by the rules of the contract and collects their errors.
///
/// Of a repeated member the last counts; unknown members are ignored. Contract §1.1.
struct MemberReader {
    /// The errors so far, in the order of the reads.
    private(set) var issues: [ValidationIssue] = []

    private let object: JSONNode
    private let document: JSONDocument
    private let place: [ValidationIssue.Step]
    // Only suspicious texts are searched for parts that PostgreSQL can't store.
    private let isSuspicious: Bool
    private let places: [JSONPlace?]
    /// The members that carry a trace context, which is no part of the record.
    let traceFields: TraceFields?

    init(_ object: JSONNode, at place: [ValidationIssue.Step], flags: JSONFlags) {
        self.object = object
        self.place = place
        isSuspicious = !flags.isDisjoint(with: .unstorable)
        var places = [JSONPlace?](repeating: nil, count: RunField.count)
        var found: [(key: JSONPlace, value: JSONPlace)] = []
        found.reserveCapacity(RunField.count + 4)
        let document = object.forEachMember { found.append(($0, $1)) }
        var (parent, state) = (JSONPlace?.none, JSONPlace?.none)
        document.bytes.withUnsafeBufferPointer { bytes in
            for (key, value) in found {
                let range = document.range(at: key)
                let field =
                    document.isEscaped(at: key)
                    ? RunField.named(document.node(at: key).string ?? "")
                    : RunField.named(
                        UnsafeBufferPointer(rebasing: bytes[range.lowerBound + 1..<range.upperBound - 1])
                    )
                if let field {
                    places[field.rawValue] = value
                } else if range.count == Self.parentKey.count, bytes[range].elementsEqual(Self.parentKey) {
                    parent = value
                } else if range.count == Self.stateKey.count, bytes[range].elementsEqual(Self.stateKey) {
                    state = value
                }
            }
        }
        traceFields =
            parent == nil && state == nil
            ? nil : TraceFields(parent: parent.map(document.node), state: state.map(document.node))
        self.document = document
        self.places = places
    }

    private static let parentKey = Array(#""traceparent""#.utf8)
    private static let stateKey = Array(#""tracestate""#.utf8)

    /// The bytes that contain the values.
    var source: [UInt8] { document.bytes }

    /// The member as it was sent; nil when it is absent.
    subscript(field: RunField) -> JSONNode? { places[field.rawValue].map(document.node) }

    /// Whether a member is present and not null.
    private func isGiven(_ field: RunField) -> Bool {
        places[field.rawValue].map { document.kind(at: $0) != .null } ?? false
    }

    // MARK: - Values in their stored form

    /// The place of a text that can be stored as it is spelt; nil for everything else.
    func plainText(_ field: RunField) -> Range<Int>? {
        guard !isSuspicious, let place = places[field.rawValue], document.kind(at: place) == .string else {
            return nil
        }
        return document.range(at: place)
    }

    /// The place of a count that is spelt as it is stored: a few digits, no leading zero. Nil for everything else.
    func plainCount(_ field: RunField) -> Range<Int>? {
        guard let place = places[field.rawValue], document.kind(at: place) == .number else { return nil }
        let range = document.range(at: place)
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard range.count < 18, range.count == 1 || document.bytes[range.lowerBound] != digits.lowerBound,
            document.bytes[range].allSatisfy(digits.contains)
        else { return nil }
        return range
    }

    /// Whether a member is absent or null.
    func isAbsent(_ field: RunField) -> Bool { !isGiven(field) }

    // MARK: - Texts

    /// A required text.
    mutating func required(_ field: RunField) -> ArraySlice<UInt8>? {
        guard let node = self[field] else {
            refuse(field.name, .missing, object)
            return nil
        }
        return text(node, field.name)
    }

    /// A text; nil when it is null or absent.
    mutating func optionalText(_ field: RunField) -> ArraySlice<UInt8>? {
        guard isGiven(field), let node = self[field] else { return nil }
        return text(node, field.name)
    }

    /// A text; nil when it is absent. Null is refused.
    mutating func text(_ field: RunField) -> ArraySlice<UInt8>? {
        self[field].flatMap { text($0, field.name) }
    }

    /// A text; nil for anything else.
    mutating func lenientText(_ field: RunField) -> ArraySlice<UInt8>? {
        guard let node = self[field], node.kind == .string, obstacle(in: node) == nil else { return nil }
        return node.rawBytes
    }

    /// Checks any member for a text.
    mutating func text(_ node: JSONNode, _ name: String) -> ArraySlice<UInt8>? {
        guard node.kind == .string else { return refuse(name, .notText, node) }
        if let obstacle = obstacle(in: node) { return refuse(name, .notStorable(obstacle), node) }
        return node.rawBytes
    }

    // MARK: - Numbers and flags

    /// An integer; nil when it is absent, or null where that is allowed.
    mutating func integer(_ field: RunField, isNullable: Bool = false) -> Int64? {
        guard let node = self[field], !(isNullable && node.isNull) else { return nil }
        switch IntegerReading(node) {
        case .success(let value): return value
        case .failure(let cause): return refuse(field.name, cause, node)
        }
    }

    /// A boolean; nil when it is absent.
    mutating func flag(_ field: RunField) -> Bool? {
        guard let node = self[field] else { return nil }
        switch FlagReading(node) {
        case .success(let value): return value
        case .failure(let cause): return refuse(field.name, cause, node)
        }
    }

    // MARK: - Objects and words

    /// An object as JSON text, also when it was sent as a string (D09); nil for null.
    mutating func object(_ field: RunField) -> ArraySlice<UInt8>? {
        guard isGiven(field), let node = self[field] else { return nil }
        // A value that the operator masked is no error of the client.
        if node.string == Redactor.mask { return Self.redactedObject }
        let inner: JSONNode
        if let text = node.string, let document = try? JSONDocument(Array(text.utf8), recordedDepth: 0) {
            inner = document.root
        } else {
            inner = node
        }
        guard inner.kind == .object else { return refuse(field.name, .notAnObject, node) }
        if let obstacle = obstacle(in: inner, isText: node.kind == .string) {
            return refuse(field.name, .rule("holds \(obstacle)"), node)
        }
        return inner.rawBytes
    }

    private static let redactedObject = Array(#"{"redacted":true}"#.utf8)[...]

    /// `manual`, `llm` or `ci`; nil for null. `name` is its name in the message.
    mutating func commitSource(_ node: JSONNode?, _ name: String, isRequired: Bool = false)
        -> ArraySlice<UInt8>?
    {
        guard let node else {
            if isRequired { refuse(name, .missing, object) }
            return nil
        }
        if node.isNull, !isRequired { return nil }
        guard let text = text(node, name) else { return nil }
        guard CommitAssociation.sources.contains(node.string ?? "") else {
            return refuse(name, .rule("\(name) must be 'manual', 'llm', or 'ci'"), node)
        }
        return text
    }

    // MARK: - Errors

    /// Adds an issue of a member.
    @discardableResult
    mutating func refuse<Value>(_ name: String, _ cause: ValidationIssue.Cause, _ node: JSONNode) -> Value? {
        issues.append(ValidationIssue(place + [.name(name)], cause, node.rawBytes))
        return nil
    }

    /// Adds an issue of a member.
    mutating func refuse(_ name: String, _ cause: ValidationIssue.Cause, _ node: JSONNode) {
        let _: Int? = refuse(name, cause, node)
    }

    /// The part of a value that PostgreSQL cannot store; nil for nearly all values.
    private func obstacle(in node: JSONNode, isText: Bool = false) -> String? {
        guard isSuspicious || isText else { return nil }
        guard let flags = (try? JSONDocument(Array(node.rawBytes), recordedDepth: 0))?.flags else {
            return nil
        }
        if flags.contains(.nulEscape) { return "U+0000" }
        if flags.contains(.loneSurrogate) { return "half of a surrogate pair" }
        if flags.contains(.deepNesting) { return "more than \(JSONStorable.maximumDepth) levels" }
        return nil
    }
}
