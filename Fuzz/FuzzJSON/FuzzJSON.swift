// JSON documents: read, told again, cut and made storable; see scripts/fuzz.

import Core

/// libFuzzer's entry point: the first byte chooses how much of the document is recorded.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = UnsafeBufferPointer(start: start, count: count)
    guard let choice = input.first else { return 0 }
    let bytes = Array(input.dropFirst())
    do {
        let document = try JSONDocument(bytes)
        precondition(PlainGrammar.accepts(bytes), "BUG: what is no JSON was accepted")
        check(document, choice)
    } catch {
        precondition(!PlainGrammar.accepts(bytes), "BUG: JSON was refused")
        precondition((0...bytes.count).contains(error.offset), "BUG: the fault lies outside the text")
        _ = error.description(in: bytes)
    }
    return 0
}

private func check(_ document: JSONDocument, _ choice: UInt8) {
    let told = retell(document.root)
    let shallow = read(document.bytes, recordedDepth: Int(choice & 3), recordsElements: choice & 4 == 0)
    precondition(retell(shallow.root) == told, "BUG: the values depend on what is recorded")
    precondition(shallow.flags == document.flags, "BUG: the flags depend on what is recorded")
    precondition(retell(read(told).root) == told, "BUG: told again it is another document")
    let storable = JSONStorable.rewrite(document)
    let stored = read(storable)
    precondition(stored.isStorable, "BUG: rewritten and still not storable")
    precondition(!storable.contains(10) && !storable.contains(13), "BUG: a line break stayed")
    precondition(!document.isStorable || retell(stored.root) == told, "BUG: rewritten without need")
    for member in document.root.members { cut(member, of: document) }
}

private func read(
    _ bytes: [UInt8],
    recordedDepth: Int = 64,
    recordsElements: Bool = true
) -> JSONDocument {
    do {
        return try JSONDocument(bytes, recordedDepth: recordedDepth, recordsElements: recordsElements)
    } catch {
        preconditionFailure("BUG: what was valid is not any more: \(error)")
    }
}

/// Removes a member, at the top or one level below, and looks at what is left.
private func cut(_ member: JSONMember, of document: JSONDocument) {
    let name = member.key.string ?? ""
    precondition(document.root[name] != nil, "BUG: a member is not found by its name")
    let rest = read(document.bytes(removingMember: [name]))
    let kept = document.root.members.filter { $0.key.string != name }.map { retell($0.value) }
    precondition(rest.root.members.map { retell($0.value) } == kept, "BUG: cut too much or too little")
    guard let inner = member.value.members.first(where: { _ in true })?.key.string else { return }
    let lessInner = read(document.bytes(removingMember: [name, inner]))
    precondition(lessInner.root[name]?[inner] == nil, "BUG: an inner member stayed")
}

// MARK: - The document told again

/// Values as they were understood; numbers as their text, strings decoded.
private func retell(_ node: JSONNode) -> [UInt8] {
    var writer = JSONWriter()
    retell(node, depth: 0, to: &writer)
    return writer.bytes
}

private func retell(_ node: JSONNode, depth: Int, to writer: inout JSONWriter) {
    switch node.kind {
    // Each level below the recorded ones is scanned anew, so that a deep document would take its time.
    case .object where depth > 40, .array where depth > 40:
        var raw = Array(node.rawBytes)
        // Which the rewritten document has as blanks; the values are the same.
        JSONStorable.blankLineBreaks(in: &raw)
        writer.raw(raw)
    case .object:
        writer.object { writer in
            for member in node.members {
                writer.key(member.key.string ?? "")
                retell(member.value, depth: depth + 1, to: &writer)
            }
        }
    case .array:
        writer.array { writer in
            for element in node.elements { retell(element, depth: depth + 1, to: &writer) }
        }
    case .string:
        writer.value(node.string)
        precondition(node.storableString?.utf8.contains(0) == false, "BUG: U+0000 is not storable")
        _ = node.timestamp
    case .number:
        checkNumber(node)
        writer.raw(Array(node.rawBytes))
    case .true, .false, .null:
        precondition((node.bool == nil) == node.isNull, "BUG: neither true nor false nor null")
        writer.raw(Array(node.rawBytes))
    }
}

private func checkNumber(_ node: JSONNode) {
    let text = node.numberText ?? ""
    let double = Double(text)
    precondition(node.double == (double?.isFinite == true ? double : nil), "BUG: another double")
    if text.utf8.allSatisfy({ $0 == 45 || (48...57).contains($0) }) {
        precondition(node.int64 == Int64(text), "BUG: another integer")
    } else if let integer = node.int64, let double, integer.magnitude < 1 << 53 {
        precondition(Double(integer) == double, "BUG: an integer that the text does not say")
    }
    _ = node.timestamp
}

// MARK: - The grammar

/// RFC 8259, one rule after the other, by recursion.
private struct PlainGrammar {
    private var rest: ArraySlice<UInt8>

    static func accepts(_ bytes: [UInt8]) -> Bool {
        var text = bytes[...]
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }
        guard String(validating: text, as: UTF8.self) != nil else { return false }
        var grammar = PlainGrammar(rest: text)
        return grammar.element() && grammar.rest.isEmpty
    }

    private mutating func take(_ text: StaticString) -> Bool {
        let isHere = text.withUTF8Buffer { rest.starts(with: $0) }
        if isHere { rest = rest.dropFirst(text.utf8CodeUnitCount) }
        return isHere
    }

    private mutating func blanks() {
        rest = rest.drop { $0 == 32 || $0 == 9 || $0 == 10 || $0 == 13 }
    }

    private mutating func element() -> Bool {
        blanks()
        defer { blanks() }
        if take("{") { return members() }
        if take("[") { return elements() }
        if rest.first == UInt8(ascii: "\"") { return string() }
        return take("true") || take("false") || take("null") || number()
    }

    private mutating func members() -> Bool {
        blanks()
        if take("}") { return true }
        repeat {
            blanks()
            guard string() else { return false }
            blanks()
            guard take(":"), element() else { return false }
        } while take(",")
        return take("}")
    }

    private mutating func elements() -> Bool {
        blanks()
        if take("]") { return true }
        repeat {
            guard element() else { return false }
        } while take(",")
        return take("]")
    }

    private mutating func string() -> Bool {
        guard take("\"") else { return false }
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return true
            case ..<32: return false
            case UInt8(ascii: "\\"):
                guard let letter = rest.popFirst(), "\"\\/bfnrtu".utf8.contains(letter) else { return false }
                guard letter == UInt8(ascii: "u") else { continue }
                let digits = rest.prefix(4)
                guard digits.count == 4, digits.allSatisfy(Self.isHexadecimal) else { return false }
                rest = rest.dropFirst(4)
            default: continue
            }
        }
        return false
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...70).contains(byte) || (97...102).contains(byte)
    }

    private mutating func digits() -> Bool {
        let count = rest.prefix { (48...57).contains($0) }.count
        rest = rest.dropFirst(count)
        return count > 0
    }

    private mutating func number() -> Bool {
        _ = take("-")
        if !take("0") {
            guard digits() else { return false }
        }
        if take(".") {
            guard digits() else { return false }
        }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            return digits()
        }
        return true
    }
}
