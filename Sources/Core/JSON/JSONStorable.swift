/// Turns valid JSON into JSON that PostgreSQL's `jsonb` stores.
///
/// U+0000 becomes U+2400, half a surrogate pair U+FFFD, a number beyond 1e±308 or 400 digits a string with
/// its text, and a container within 256 others a string with its raw text.
package enum JSONStorable {
    /// How many containers may lie within each other.
    package static let maximumDepth = 256

    /// The document's value rewritten, without byte order mark and with blanks for line breaks.
    ///
    /// Equal in meaning to the original where nothing needed a change; check `JSONDocument.isStorable` first.
    package static func rewrite(_ document: JSONDocument) -> [UInt8] {
        let range = document.root.range
        var output = document.bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return [] as [UInt8] }
            var rewriter = StorableRewriter(base: base, range: range)
            return rewriter.rewrite()
        }
        blankLineBreaks(in: &output)
        return output
    }

    /// Puts a blank for every line feed and carriage return of a valid document, in place.
    ///
    /// Within strings both must be escaped, so all that are found stand between tokens.
    package static func blankLineBreaks(in bytes: inout [UInt8]) {
        bytes.withUnsafeMutableBufferPointer { buffer in
            for index in buffer.indices
            where buffer[index] == UInt8(ascii: "\n") || buffer[index] == UInt8(ascii: "\r") {
                buffer[index] = UInt8(ascii: " ")
            }
        }
    }
}

/// Copies the text of a valid value and replaces what `jsonb` refuses.
private struct StorableRewriter {
    let base: UnsafePointer<UInt8>
    let end: Int
    var position: Int
    /// Where the run begins that is not yet copied.
    var runStart: Int
    var depth = 0
    var output: [UInt8] = []

    init(base: UnsafePointer<UInt8>, range: Range<Int>) {
        self.base = base
        end = range.upperBound
        position = range.lowerBound
        runStart = range.lowerBound
        output.reserveCapacity(range.count + 64)
    }

    mutating func rewrite() -> [UInt8] {
        while position < end {
            switch base[position] {
            case UInt8(ascii: "\""):
                rewriteString()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                openContainer()
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                position += 1
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                rewriteNumber()
            default:
                position += 1
            }
        }
        replace(from: end, with: "")
        return output
    }

    private mutating func openContainer() {
        guard depth == JSONStorable.maximumDepth else {
            depth += 1
            position += 1
            return
        }
        let start = position
        skipContainer()
        let text = UnsafeBufferPointer(start: base + start, count: position - start)
        replace(from: start, with: "")
        JSONWriter.appendQuoted(text, to: &output)
    }

    private mutating func skipContainer() {
        var open = 0
        repeat {
            switch base[position] {
            case UInt8(ascii: "\""):
                skipString()
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): open += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): open -= 1
            default: break
            }
            position += 1
        } while open > 0
    }

    private mutating func skipString() {
        position += 1
        while base[position] != UInt8(ascii: "\"") {
            position += base[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        position += 1
    }

    private mutating func rewriteString() {
        position += 1
        while base[position] != UInt8(ascii: "\"") {
            if base[position] == UInt8(ascii: "\\") { rewriteEscape() } else { position += 1 }
        }
        position += 1
    }

    private mutating func rewriteEscape() {
        let start = position
        guard base[position + 1] == UInt8(ascii: "u"),
            let unit = JSONEscape.codeUnit(in: base, at: position + 2)
        else {
            position += 2
            return
        }
        position += 6
        if unit == 0 {
            replace(from: start, with: "\\u2400")
        } else if JSONEscape.pairedScalar(high: unit, in: base, at: position, to: end) != nil {
            position += 6
        } else if UTF16.isSurrogate(unit) {
            replace(from: start, with: "\\ufffd")
        }
    }

    private mutating func rewriteNumber() {
        let start = position
        while position < end, isNumberByte(base[position]) { position += 1 }
        let text = UnsafeBufferPointer(start: base + start, count: position - start)
        guard JSONNumber(text).isExtreme else { return }
        replace(from: start, with: "")
        JSONWriter.appendQuoted(text, to: &output)
    }

    private func isNumberByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    /// Copies the run up to `start`, appends the replacement, and begins a new run at the position.
    private mutating func replace(from start: Int, with replacement: String) {
        output.append(contentsOf: UnsafeBufferPointer(start: base + runStart, count: start - runStart))
        output.append(contentsOf: replacement.utf8)
        runStart = position
    }
}
