// MARK: - Strings

extension JSONNode {
    /// The decoded string; half a surrogate pair becomes U+FFFD, U+0000 stays. Nil for any other value.
    package var string: String? { decoded(nulAs: [0]) }

    /// The decoded string as PostgreSQL can store it: like `string`, with U+2400 for U+0000.
    package var storableString: String? { decoded(nulAs: JSONNode.symbolForNul) }

    /// Appends the UTF-8 of `string`, nothing for any other value; allocates nothing of its own.
    package func appendString(to text: inout [UInt8]) {
        appendDecoded(to: &text, nulAs: [0])
    }

    /// Appends the UTF-8 of `storableString`, nothing for any other value; allocates nothing of its own.
    package func appendStorableString(to text: inout [UInt8]) {
        appendDecoded(to: &text, nulAs: JSONNode.symbolForNul)
    }

    /// Appends the text between the quotes of a valid string, without escapes.
    static func appendDecoded(_ contents: UnsafeBufferPointer<UInt8>, to text: inout [UInt8]) {
        var decoder = JSONStringDecoder(text: contents, nul: [0])
        decoder.decode(into: &text)
    }

    private static let symbolForNul: [UInt8] = [0xE2, 0x90, 0x80]

    private func decoded(nulAs nul: [UInt8]) -> String? {
        guard kind == .string else { return nil }
        guard tapeNode.isEscaped else {
            return document.bytes.withUnsafeBufferPointer { buffer in
                String(decoding: UnsafeBufferPointer(rebasing: buffer[contents]), as: UTF8.self)
            }
        }
        var text: [UInt8] = []
        text.reserveCapacity(contents.count)
        appendDecoded(to: &text, nulAs: nul)
        return String(decoding: text, as: UTF8.self)
    }

    private var contents: Range<Int> { range.lowerBound + 1..<range.upperBound - 1 }

    private func appendDecoded(to text: inout [UInt8], nulAs nul: [UInt8]) {
        guard kind == .string else { return }
        let contents = contents
        let isEscaped = tapeNode.isEscaped
        document.bytes.withUnsafeBufferPointer { buffer in
            let slice = UnsafeBufferPointer(rebasing: buffer[contents])
            guard isEscaped else {
                text.append(contentsOf: slice)
                return
            }
            var decoder = JSONStringDecoder(text: slice, nul: nul)
            decoder.decode(into: &text)
        }
    }
}

private struct JSONStringDecoder {
    let text: UnsafeBufferPointer<UInt8>
    let nul: [UInt8]
    var position = 0

    init(text: UnsafeBufferPointer<UInt8>, nul: [UInt8]) {
        self.text = text
        self.nul = nul
    }

    mutating func decode(into output: inout [UInt8]) {
        var runStart = 0
        while position < text.count {
            guard text[position] == UInt8(ascii: "\\") else {
                position += 1
                continue
            }
            output.append(contentsOf: UnsafeBufferPointer(rebasing: text[runStart..<position]))
            decodeEscape(into: &output)
            runStart = position
        }
        output.append(contentsOf: UnsafeBufferPointer(rebasing: text[runStart...]))
    }

    private mutating func decodeEscape(into output: inout [UInt8]) {
        let letter = text[position + 1]
        guard letter != UInt8(ascii: "u") else {
            decodeUnicodeEscape(into: &output)
            return
        }
        position += 2
        switch letter {
        case UInt8(ascii: "b"): output.append(0x08)
        case UInt8(ascii: "f"): output.append(0x0C)
        case UInt8(ascii: "n"): output.append(0x0A)
        case UInt8(ascii: "r"): output.append(0x0D)
        case UInt8(ascii: "t"): output.append(0x09)
        default: output.append(letter)
        }
    }

    private mutating func decodeUnicodeEscape(into output: inout [UInt8]) {
        guard let base = text.baseAddress, let unit = JSONEscape.codeUnit(in: base, at: position + 2) else {
            preconditionFailure("BUG: an escape that the scanner let pass has no digits")
        }
        position += 6
        if unit == 0 {
            output.append(contentsOf: nul)
        } else if let scalar = Unicode.Scalar(unit) {
            output.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        } else if let scalar = JSONEscape.pairedScalar(high: unit, in: base, at: position, to: text.count) {
            position += 6
            output.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        } else {
            output.append(contentsOf: UTF8.encodedReplacementCharacter)
        }
    }
}

// MARK: - Numbers and words

extension JSONNode {
    /// The text of a number as it came; nil for any other value.
    package var numberText: String? {
        kind == .number ? String(decoding: rawBytes, as: UTF8.self) : nil
    }

    /// The number as an exact integer, however it is spelt (`100`, `1e2`, `100.0`); nil for fractions, for
    /// what exceeds 64 bits, and for any other value.
    package var int64: Int64? {
        guard let number else { return nil }
        guard number.significantCount > 0 else { return 0 }
        guard number.scale >= 0, number.significantCount + number.scale <= 19 else { return nil }
        var magnitude = number.significand
        for _ in 0..<number.scale { magnitude *= 10 }
        if number.isNegative {
            return magnitude <= Int64.min.magnitude ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil
        }
        return Int64(exactly: magnitude)
    }

    /// The number as the nearest double; nil beyond its range and for any other value.
    package var double: Double? {
        guard let number else { return nil }
        // Up to here both operands are exact, so one operation rounds correctly (Clinger 1990).
        if number.significand <= 1 << 53, number.significantCount <= 19, number.scale.magnitude <= 22 {
            let digits = Double(number.significand)
            let power = JSONNode.powersOfTen[Int(number.scale.magnitude)]
            let magnitude = number.scale < 0 ? digits / power : digits * power
            return number.isNegative ? -magnitude : magnitude
        }
        guard let value = Double(String(decoding: rawBytes, as: UTF8.self)), value.isFinite else {
            return nil
        }
        return value
    }

    /// `true` or `false`; nil for any other value.
    package var bool: Bool? {
        switch kind {
        case .true: true
        case .false: false
        default: nil
        }
    }

    /// Whether the value is `null`.
    package var isNull: Bool { kind == .null }

    /// A string or a number as the weblog's timestamps are read, see `Timestamp(lenient:)`; nil for any other
    /// value.
    package var timestamp: Timestamp? {
        switch kind {
        case .number: double.flatMap { Timestamp(unixNumber: $0) }
        case .string:
            Timestamp(iso8601: document.bytes[contents]) ?? string.flatMap { Timestamp(lenient: $0) }
        default: nil
        }
    }

    private var number: JSONNumber? {
        guard kind == .number else { return nil }
        let range = range
        return document.bytes.withUnsafeBufferPointer { buffer in
            JSONNumber(UnsafeBufferPointer(rebasing: buffer[range]))
        }
    }

    private static let powersOfTen: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
        1e19, 1e20, 1e21, 1e22,
    ]
}
