/// The line before a chunk's data (RFC 9112 §7.1.1): a size, and extensions that are checked, counted and ignored.
///
///     chunk-size [ chunk-ext ]
///     chunk-ext = *( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )
///
/// Anything else is refused: a proxy that reads it in another way would find other chunks.
struct ChunkSize {
    /// 2^63 - 1 in hexadecimal; more digits are refused even if they are zeros.
    static let maximumDigits = 16

    let size: Int
    let extensionBytes: Int

    init(parsing line: UnsafeRawBufferPointer) throws(RequestError) {
        let digits = line.prefix { ASCII.hexValue($0) != nil }
        guard !digits.isEmpty, digits.count <= Self.maximumDigits else { throw RequestError(.malformedChunk) }
        var value: UInt64 = 0
        for digit in digits {
            value = value << 4 | UInt64(ASCII.hexValue(digit) ?? 0)
        }
        guard let size = Int(exactly: value) else { throw RequestError(.malformedChunk) }
        let rest = UnsafeRawBufferPointer(rebasing: line[digits.endIndex...])
        if !rest.isEmpty {
            try FieldSection.checkCharacters(rest)
            var extensions = ChunkExtensions(rest)
            guard extensions.areWellFormed() else { throw RequestError(.malformedChunk) }
        }
        self.size = size
        extensionBytes = rest.count
    }
}

/// Parses the bytes after a chunk's size; each byte is read once.
private struct ChunkExtensions {
    private let bytes: UnsafeRawBufferPointer
    private var place = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    mutating func areWellFormed() -> Bool {
        while place < bytes.count {
            skipBlanks()
            guard take(UInt8(ascii: ";")) else { return false }
            skipBlanks()
            guard takeToken() else { return false }
            let end = place
            skipBlanks()
            if take(UInt8(ascii: "=")) {
                skipBlanks()
                guard takeToken() || takeQuotedString() else { return false }
            } else {
                // Blanks belong to the next extension; after the last one there are none.
                place = end
            }
        }
        return true
    }

    private mutating func skipBlanks() {
        while place < bytes.count, ASCII.isBlank(bytes[place]) { place += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard place < bytes.count, bytes[place] == byte else { return false }
        place += 1
        return true
    }

    private mutating func takeToken() -> Bool {
        let start = place
        while place < bytes.count, ASCII.isToken(bytes[place]) { place += 1 }
        return place > start
    }

    /// RFC 9110 §5.6.4; the characters themselves have been checked.
    private mutating func takeQuotedString() -> Bool {
        guard take(UInt8(ascii: "\"")) else { return false }
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            if byte == UInt8(ascii: "\"") { return true }
            if byte == UInt8(ascii: "\\") {
                guard place < bytes.count else { return false }
                place += 1
            }
        }
        return false
    }
}
