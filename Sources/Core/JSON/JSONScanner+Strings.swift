extension JSONScanner {
    /// Reads the string that begins at the position; true when it has escapes.
    @inline(__always)
    mutating func scanString() throws(JSONError) -> Bool {
        let start = position
        var isEscaped = false
        position += 1
        while true {
            while position + 8 <= end {
                let stops = JSONScanner.stops(
                    in: UnsafeRawPointer(base + position).loadUnaligned(as: UInt64.self)
                )
                if stops != 0 {
                    position += stops.trailingZeroBitCount / 8
                    break
                }
                position += 8
            }
            guard position < end else { throw failure(.unterminatedString, at: start) }
            if base[position] == UInt8(ascii: "\"") {
                position += 1
                return isEscaped
            }
            try scanUncommon(stringStart: start, isEscaped: &isEscaped)
        }
    }

    /// The high bit of the first byte that a plain run of string ends with: quote, backslash, control or
    /// non-ASCII. Borrows may mark later bytes too, so only the lowest mark counts.
    @inline(__always)
    private static func stops(in littleEndianWord: UInt64) -> UInt64 {
        let word = UInt64(littleEndian: littleEndianWord)
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
        let backslashes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
        let controls = word &- (ones &* 0x20)
        return (((quotes &- ones) | (backslashes &- ones) | controls) & ~word | word) & highs
    }

    /// Steps over what is not a plain run: an escape, non-ASCII characters, or a byte near the document's
    /// end.
    @inline(never)
    private mutating func scanUncommon(stringStart: Int, isEscaped: inout Bool) throws(JSONError) {
        let byte = base[position]
        if byte >= 0x80 {
            repeat {
                let length = UTF8Check.sequenceLength(in: base, at: position, to: end)
                guard length > 0 else { throw .invalidUTF8(offset: position) }
                position += length
            } while position < end && base[position] >= 0x80
        } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
            try scanEscape(stringStart: stringStart)
        } else if byte < 0x20 {
            throw failure(.invalidControlCharacter, at: position)
        } else {
            position += 1
        }
    }

    private mutating func scanEscape(stringStart: Int) throws(JSONError) {
        guard position + 1 < end else { throw failure(.unterminatedString, at: stringStart) }
        switch base[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        case UInt8(ascii: "u"):
            // CPython wants one character more than the digits before it reads them.
            guard position + 6 < end, let unit = JSONEscape.codeUnit(in: base, at: position + 2) else {
                throw failure(.invalidUnicodeEscape, at: position + 1)
            }
            noteCodeUnit(unit)
        default:
            throw failure(.invalidEscape, at: position)
        }
    }

    private mutating func noteCodeUnit(_ unit: UInt16) {
        if unit == 0 { flags.insert(.nulEscape) }
        guard UTF16.isSurrogate(unit) else {
            position += 6
            return
        }
        if JSONEscape.pairedScalar(high: unit, in: base, at: position + 6, to: end) != nil {
            position += 12
        } else {
            flags.insert(.loneSurrogate)
            position += 6
        }
    }
}

/// The `\uXXXX` escapes of JSON strings.
enum JSONEscape {
    /// The value of four hexadecimal digits, which must lie within the memory.
    static func codeUnit(in base: UnsafePointer<UInt8>, at offset: Int) -> UInt16? {
        var unit: UInt16 = 0
        for index in offset..<offset + 4 {
            guard let digit = Hex.value(of: base[index]) else { return nil }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }

    /// The scalar of a high surrogate and the low one that must be escaped at `offset`; nil where none
    /// follows.
    static func pairedScalar(
        high: UInt16,
        in base: UnsafePointer<UInt8>,
        at offset: Int,
        to end: Int,
    ) -> Unicode.Scalar? {
        guard UTF16.isLeadSurrogate(high), offset + 6 <= end,
            base[offset] == UInt8(ascii: "\\"), base[offset + 1] == UInt8(ascii: "u"),
            let low = codeUnit(in: base, at: offset + 2), UTF16.isTrailSurrogate(low)
        else { return nil }
        return UTF16.decode(UTF16.EncodedScalar([high, low]))
    }
}

extension UTF16 {
    static func isSurrogate(_ unit: UInt16) -> Bool {
        unit & 0xF800 == 0xD800
    }
}

/// Well-formedness of UTF-8: Unicode 15, table 3-7.
enum UTF8Check {
    /// The offset of the first ill-formed sequence.
    static func firstFault(in base: UnsafePointer<UInt8>, from start: Int, to end: Int) -> Int? {
        var position = start
        while position < end {
            if base[position] < 0x80 {
                position += 1
                continue
            }
            let length = sequenceLength(in: base, at: position, to: end)
            guard length > 0 else { return position }
            position += length
        }
        return nil
    }

    /// The length of the well-formed sequence that begins with a byte of 0x80 or above; zero for none.
    @inline(__always)
    static func sequenceLength(in base: UnsafePointer<UInt8>, at offset: Int, to end: Int) -> Int {
        let lead = base[offset]
        guard lead >= 0xC2, lead <= 0xF4 else { return 0 }
        let length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        guard offset + length <= end else { return 0 }
        let second = base[offset + 1]
        let lowest: UInt8 = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80
        let highest: UInt8 = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF
        guard lowest <= second, second <= highest else { return 0 }
        for index in 2..<max(length, 2) where base[offset + index] & 0xC0 != 0x80 { return 0 }
        return length
    }
}
