internal import Configuration
internal import Core

/// Reads the members of an object as Go's decoder does: null is absent, unknown members are ignored, another type is an
/// error. Texts come in a form that PostgreSQL can store.
struct BodyReader {
    let root: JSONNode

    /// The body is not JSON, or a member of it has another type or is too long.
    struct Mistake: Error, Hashable {
        /// Who asks gets this text.
        let message: String

        init(_ message: String) { self.message = message }
    }

    /// Reads a body: one JSON object.
    init(_ body: [UInt8]) throws(Mistake) {
        guard let root = (try? JSONDocument(body))?.root, root.kind == .object else {
            throw Mistake("invalid payload")
        }
        self.root = root
    }

    init(_ node: JSONNode) throws(Mistake) {
        guard node.kind == .object else { throw Mistake("invalid payload") }
        root = node
    }

    /// The value of a member; nil when it is absent or null.
    func node(_ name: String) -> JSONNode? { root[name].flatMap { $0.isNull ? nil : $0 } }

    /// A text of at most so many characters.
    func text(_ name: String, atMost most: Int = .max) throws(Mistake) -> String? {
        guard let node = node(name) else { return nil }
        guard let text = node.storableString else { throw Mistake("invalid payload: \(name) is no text") }
        guard most == .max || text.unicodeScalars.count <= most else {
            throw Mistake("invalid payload: \(name) is longer than \(most) characters")
        }
        return text
    }

    /// A text that is not blank, trimmed.
    func word(_ name: String, atMost most: Int = 255) throws(Mistake) -> String? {
        guard let text = try text(name, atMost: most)?.trimmed, !text.isEmpty else { return nil }
        return text
    }

    func flag(_ name: String) throws(Mistake) -> Bool? {
        guard let node = node(name) else { return nil }
        guard let flag = node.bool else { throw Mistake("invalid payload: \(name) is not true or false") }
        return flag
    }

    /// A whole number within 32 bits.
    func integer(_ name: String) throws(Mistake) -> Int? {
        guard let node = node(name) else { return nil }
        guard let number = node.int64, Int64(Int32.min)...Int64(Int32.max) ~= number else {
            throw Mistake("invalid payload: \(name) is not a whole number within 32 bits")
        }
        return Int(number)
    }

    /// A number of worker or stage.
    func id(_ name: String) throws(Mistake) -> Int64? {
        guard let node = node(name) else { return nil }
        guard let number = node.int64 else { throw Mistake("invalid payload: \(name) is not a whole number") }
        return number
    }

    /// A finite number.
    func number(_ name: String) throws(Mistake) -> Double? {
        guard let node = node(name) else { return nil }
        guard let number = node.double, number.isFinite else {
            throw Mistake("invalid payload: \(name) is no number")
        }
        return number
    }

    /// The elements of an array.
    func list(_ name: String, atMost most: Int) throws(Mistake) -> [JSONNode] {
        guard let node = node(name) else { return [] }
        guard node.kind == .array else { throw Mistake("invalid payload: \(name) is no list") }
        let elements = Array(node.elements)
        guard elements.count <= most else {
            throw Mistake("invalid payload: \(name) has more than \(most) elements")
        }
        return elements
    }

    func texts(_ name: String, atMost most: Int) throws(Mistake) -> [String] {
        var texts: [String] = []
        for element in try list(name, atMost: most) {
            guard let text = element.storableString else {
                throw Mistake("invalid payload: \(name) has no text")
            }
            texts.append(text)
        }
        return texts
    }

    /// An object or an array as JSON that PostgreSQL can store; nil when it is absent.
    func json(_ name: String, _ kind: JSONKind) throws(Mistake) -> [UInt8]? {
        guard let node = node(name) else { return nil }
        guard node.kind == kind, let document = try? JSONDocument(Array(node.rawBytes)) else {
            throw Mistake("invalid payload: \(name) has another type")
        }
        var bytes = document.isStorable ? Array(node.rawBytes) : JSONStorable.rewrite(document)
        if document.sawLineBreaksOutsideStrings { JSONStorable.blankLineBreaks(in: &bytes) }
        return bytes
    }

    /// A moment.
    func time(_ name: String) throws(Mistake) -> Timestamp? {
        guard let text = try word(name) else { return nil }
        guard let time = Timestamp(lenient: text) else {
            throw Mistake("invalid payload: \(name) is no time")
        }
        return time
    }
}
