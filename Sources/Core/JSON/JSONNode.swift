/// A value in a document: the document and an index, so copying it costs a reference count.
package struct JSONNode: Sendable {
    let document: JSONDocument
    let index: Int

    var tapeNode: JSONTapeNode {
        @inline(__always) get { document.nodes[index] }
    }

    /// What the value is.
    package var kind: JSONKind { tapeNode.kind }

    /// The place of the value in the document's bytes; quotes and brackets are part of it.
    package var range: Range<Int> { Int(tapeNode.start)..<Int(tapeNode.end) }

    /// The value's text as it came.
    package var rawBytes: ArraySlice<UInt8> { document.bytes[range] }

    /// The value of a member: the last one of that name, compared after decoding its key.
    ///
    /// Nil for a missing member and for a value that is no object.
    package subscript(key: String) -> JSONNode? {
        let object = expanded
        guard object.kind == .object else { return nil }
        var key = key
        return key.withUTF8 { object.lastMember(named: $0) }
    }

    /// The members of an object in the order of the text, duplicates included; none for any other value.
    package var members: JSONMembers {
        let object = expanded
        return JSONMembers(document: object.document, indices: object.childIndices(of: .object))
    }

    /// The elements of an array; none for any other value.
    package var elements: JSONElements {
        let array = expanded
        return JSONElements(document: array.document, indices: array.childIndices(of: .array))
    }

    /// Calls `body` with the places of each member's key and value, in the order of the text.
    ///
    /// - Returns: the document that the places belong to. Costs no reference count a member, unlike `members`.
    package func forEachMember(_ body: (_ key: JSONPlace, _ value: JSONPlace) -> Void) -> JSONDocument {
        let object = expanded
        let indices = object.childIndices(of: .object)
        var cursor = indices.lowerBound
        while cursor < indices.upperBound {
            body(JSONPlace(index: Int32(cursor)), JSONPlace(index: Int32(cursor + 1)))
            cursor = Int(object.document.nodes[cursor + 1].next)
        }
        return object.document
    }

    /// This value with its children recorded: itself, or for one below the recorded depth a second scan.
    private var expanded: JSONNode {
        guard tapeNode.isOpaque else { return self }
        // The range was validated before, so the scan cannot fail; itself, without children, would be the
        // answer.
        guard let document = try? JSONDocument(document.bytes, range: range) else { return self }
        return document.root
    }

    private func childIndices(of kind: JSONKind) -> Range<Int> {
        tapeNode.kind == kind ? index + 1..<Int(tapeNode.next) : index..<index
    }

    private func lastMember(named name: UnsafeBufferPointer<UInt8>) -> JSONNode? {
        var found: Int?
        var key = index + 1
        let stop = Int(tapeNode.next)
        while key < stop {
            if document.string(at: key, equals: name) { found = key + 1 }
            key = Int(document.nodes[key + 1].next)
        }
        return found.map { JSONNode(document: document, index: $0) }
    }
}

/// The place of a value or a key in its document: four bytes, where a node refers to the document, too.
package struct JSONPlace: Hashable, Sendable {
    let index: Int32
}

extension JSONDocument {
    /// The value or the key at a place of this document.
    package func node(at place: JSONPlace) -> JSONNode { JSONNode(document: self, index: Int(place.index)) }

    /// The kind of the value at a place.
    package func kind(at place: JSONPlace) -> JSONKind { nodes[Int(place.index)].kind }

    /// Whether the string or key at a place has escapes.
    package func isEscaped(at place: JSONPlace) -> Bool { nodes[Int(place.index)].isEscaped }

    /// Where the text of the value or key at a place stands in the document's bytes, quotes included.
    package func range(at place: JSONPlace) -> Range<Int> {
        let node = nodes[Int(place.index)]
        return Int(node.start)..<Int(node.end)
    }
}

/// One member of an object.
package struct JSONMember: Sendable {
    /// The key, a string.
    package let key: JSONNode

    /// The value.
    package var value: JSONNode { JSONNode(document: key.document, index: key.index + 1) }

    /// The key's text between its quotes, escapes as they came.
    package var rawKey: ArraySlice<UInt8> { key.rawBytes.dropFirst().dropLast() }

    /// Whether the key decodes to this name; allocates nothing unless the key has escapes.
    package func isKey(_ name: StaticString) -> Bool {
        name.withUTF8Buffer { key.document.string(at: key.index, equals: $0) }
    }
}

/// The members of an object in the order of the text.
package struct JSONMembers: Sequence, IteratorProtocol, Sendable {
    private let document: JSONDocument
    private var cursor: Int
    private let end: Int

    init(document: JSONDocument, indices: Range<Int>) {
        self.document = document
        cursor = indices.lowerBound
        end = indices.upperBound
    }

    /// The next member.
    package mutating func next() -> JSONMember? {
        guard cursor < end else { return nil }
        let key = JSONNode(document: document, index: cursor)
        cursor = Int(document.nodes[cursor + 1].next)
        return JSONMember(key: key)
    }
}

/// The elements of an array.
package struct JSONElements: Sequence, IteratorProtocol, Sendable {
    private let document: JSONDocument
    private var cursor: Int
    private let end: Int

    init(document: JSONDocument, indices: Range<Int>) {
        self.document = document
        cursor = indices.lowerBound
        end = indices.upperBound
    }

    /// The next element.
    package mutating func next() -> JSONNode? {
        guard cursor < end else { return nil }
        let element = JSONNode(document: document, index: cursor)
        cursor = Int(document.nodes[cursor].next)
        return element
    }
}
