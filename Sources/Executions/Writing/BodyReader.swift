internal import API
internal import Core
internal import HTTP

/// Reads the members of a body one by one and collects what is wrong with them.
///
/// A member that is unknown, missing or of the wrong type is 422; a value that is not allowed is 400. Contract beampipe
/// §0.4, §6.1.
struct BodyReader {
    let root: JSONNode
    private let prefix: String
    private(set) var shape: [OperatorFailure.Diagnostic] = []
    private(set) var faults: [OperatorFailure.Diagnostic] = []

    /// Reads an object whose members are all named.
    init(_ root: JSONNode, at prefix: String = "", members: Set<String>) {
        self.root = root
        self.prefix = prefix
        for member in root.members {
            let name = member.key.string ?? ""
            guard !members.contains(name) else { continue }
            shape.append(.init(path(name), "unknown_member", "is not known"))
        }
    }

    /// Ends the reading.
    func finish() throws(OperatorFailure) {
        guard shape.isEmpty else {
            let failure = OperatorFailure.invalid(shape)
            throw OperatorFailure(.unprocessableContent, failure.message, diagnostics: shape)
        }
        guard faults.isEmpty else { throw .invalid(faults) }
    }

    /// Takes over what another reader found.
    mutating func add(_ other: BodyReader) {
        shape += other.shape
        faults += other.faults
    }

    /// Whether a member is there, be it null.
    func has(_ name: String) -> Bool { root[name] != nil }

    /// The value of a member; nil when it is absent or null.
    func node(_ name: String) -> JSONNode? { root[name].flatMap { $0.isNull ? nil : $0 } }

    mutating func text(_ name: String, isRequired: Bool = false, atMost bytes: Int = 1000) -> String? {
        guard let node = present(name, isRequired) else { return nil }
        guard let text = node.string else { return mistyped(name, "a text") }
        guard text.utf8.count <= bytes else {
            return refuse(name, "too_long", "is longer than \(bytes) bytes")
        }
        if isRequired, !text.contains(where: { !$0.isWhitespace }) {
            return refuse(name, "empty", "is empty")
        }
        return text
    }

    mutating func flag(_ name: String) -> Bool? {
        guard let node = present(name, false) else { return nil }
        return node.bool ?? mistyped(name, "true or false")
    }

    mutating func integer(_ name: String) -> Int64? {
        guard let node = present(name, false) else { return nil }
        guard let number = node.int64 else { return mistyped(name, "a whole number") }
        guard number >= 0 else { return refuse(name, "out_of_range", "is negative") }
        return number
    }

    mutating func word(_ name: String, _ words: [String], isRequired: Bool = false) -> String? {
        guard let text = text(name, isRequired: isRequired) else { return nil }
        guard words.contains(text) else {
            return refuse(name, "unknown_word", "is none of \(words.joined(separator: ", "))")
        }
        return text
    }

    mutating func uuid(_ name: String) -> UUID128? {
        guard let text = text(name) else { return nil }
        return UUID128(text) ?? mistyped(name, "a UUID")
    }

    /// A moment in RFC 3339.
    mutating func time(_ name: String) -> Timestamp? {
        guard let text = text(name) else { return nil }
        return Timestamp(lenient: text)
            ?? refuse(name, "not_a_time", "is not a time like 2026-08-22T03:23:43Z")
    }

    /// An object as JSON text.
    mutating func object(_ name: String) -> [UInt8]? {
        guard let node = present(name, false) else { return nil }
        guard node.kind == .object else { return mistyped(name, "an object") }
        return Array(node.rawBytes)
    }

    /// A SHA-256 in hexadecimal digits.
    mutating func digest(_ name: String, isRequired: Bool = false) -> String? {
        guard let text = text(name, isRequired: isRequired) else { return nil }
        let isHex = text.utf8.allSatisfy { $0 &- 0x30 < 10 || ($0 | 0x20) &- 0x61 < 6 }
        guard text.utf8.count == 64, isHex else {
            return refuse(name, "not_a_digest", "is not a SHA-256 of 64 hexadecimal digits")
        }
        return text.lowercased()
    }

    mutating func mistyped<Value>(_ name: String, _ what: String) -> Value? {
        shape.append(.init(path(name), "wrong_type", "is not \(what)"))
        return nil
    }

    mutating func refuse<Value>(_ name: String, _ code: String, _ message: String) -> Value? {
        faults.append(.init(path(name), code, message))
        return nil
    }

    private mutating func present(_ name: String, _ isRequired: Bool) -> JSONNode? {
        if let node = node(name) { return node }
        if isRequired { shape.append(.init(path(name), "missing", "is missing")) }
        return nil
    }

    private func path(_ name: String) -> String { prefix.isEmpty ? name : "\(prefix).\(name)" }
}

extension BodyReader {
    /// The JSON object of a request's body.
    static func document(_ request: Request) throws(OperatorFailure) -> JSONDocument {
        guard request.head.fields["Content-Type"] != nil, request.head.declaresJSON else {
            throw OperatorFailure(
                .unsupportedMediaType,
                "The body is not announced as JSON: send Content-Type: application/json."
            )
        }
        let document: JSONDocument
        do {
            document = try JSONDocument(request.body)
        } catch {
            throw OperatorFailure(
                .badRequest,
                "The body is not JSON: \(error.message) at byte \(error.offset)."
            )
        }
        guard document.isStorable else {
            throw OperatorFailure(.badRequest, "The body has U+0000 or a value that PostgreSQL cannot store.")
        }
        guard document.root.kind == .object else {
            throw OperatorFailure(.unprocessableContent, "The body is not a JSON object.")
        }
        return document
    }

    /// The body for a line of the journal: without byte order mark and line breaks.
    static func line(_ document: JSONDocument) -> [UInt8] {
        var body = Array(document.root.rawBytes)
        if document.sawLineBreaksOutsideStrings { JSONStorable.blankLineBreaks(in: &body) }
        return body
    }
}
