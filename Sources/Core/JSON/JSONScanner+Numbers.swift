extension JSONScanner {
    /// Reads the longest number at the position, as CPython does: `01` is `0` and then something else.
    @inline(__always)
    mutating func scanNumber() throws(JSONError) {
        let start = position
        var cursor = position
        if base[cursor] == UInt8(ascii: "-") { cursor += 1 }
        guard cursor < end, isDigit(cursor) else { throw failure(.expectingValue, at: start) }
        if base[cursor] == UInt8(ascii: "0") { cursor += 1 } else { cursor = skipDigits(from: cursor) }
        if cursor + 1 < end, base[cursor] == UInt8(ascii: "."), isDigit(cursor + 1) {
            cursor = skipDigits(from: cursor + 1)
        }
        var hasExponent = false
        if cursor + 1 < end, base[cursor] | 0x20 == UInt8(ascii: "e") {
            let isSigned = base[cursor + 1] == UInt8(ascii: "+") || base[cursor + 1] == UInt8(ascii: "-")
            let digits = cursor + (isSigned ? 2 : 1)
            if digits < end, isDigit(digits) {
                cursor = skipDigits(from: digits)
                hasExponent = true
            }
        }
        position = cursor
        // Without an exponent a number must be this long to be extreme.
        if hasExponent || cursor - start > 300 { noteMagnitude(from: start) }
    }

    @inline(__always)
    private func isDigit(_ offset: Int) -> Bool {
        base[offset] &- UInt8(ascii: "0") <= 9
    }

    @inline(__always)
    private func skipDigits(from offset: Int) -> Int {
        var cursor = offset
        while cursor < end, isDigit(cursor) { cursor += 1 }
        return cursor
    }

    @inline(never)
    private mutating func noteMagnitude(from start: Int) {
        let text = UnsafeBufferPointer(start: base + start, count: position - start)
        if JSONNumber(text).isExtreme { flags.insert(.extremeNumber) }
    }
}

/// A JSON number taken apart: its decimal digits and where the point lies.
struct JSONNumber {
    private(set) var isNegative = false
    /// All digits before the exponent, leading zeros too.
    private(set) var digitCount = 0
    /// Digits from the first to the last that is not zero; none for zero.
    private(set) var significantCount = 0
    /// The leading nineteen significant digits as a number; exact where `significantCount` is at most 19.
    private(set) var significand: UInt64 = 0
    /// The power of ten that belongs to the last significant digit.
    private(set) var scale = 0
    /// The written exponent; saturates at ±1,000,000,000.
    private(set) var exponent = 0

    /// Takes a valid number apart.
    init(_ text: UnsafeBufferPointer<UInt8>) {
        var fractionDigits = 0
        var isInFraction = false
        var pendingZeros = 0
        var index = 0
        while index < text.count {
            let byte = text[index]
            index += 1
            if byte == UInt8(ascii: "-") {
                isNegative = true
            } else if byte == UInt8(ascii: ".") {
                isInFraction = true
            } else if byte | 0x20 == UInt8(ascii: "e") {
                exponent = JSONNumber.exponent(in: text[index...])
                break
            } else {
                digitCount += 1
                if isInFraction { fractionDigits += 1 }
                appendDigit(byte &- UInt8(ascii: "0"), pendingZeros: &pendingZeros)
            }
        }
        scale = significantCount == 0 ? exponent : exponent + pendingZeros - fractionDigits
    }

    /// The power of ten of the first significant digit; the written exponent for zero.
    var magnitude: Int {
        significantCount == 0 ? exponent : scale + significantCount - 1
    }

    /// Whether the number lies beyond 1e±308 or has more than 400 digits.
    var isExtreme: Bool {
        if digitCount > 400 || magnitude.magnitude > 308 { return true }
        return magnitude == 308 && significantCount > 0 && !(significantCount == 1 && significand == 1)
    }

    private mutating func appendDigit(_ digit: UInt8, pendingZeros: inout Int) {
        guard digit != 0 else {
            if significantCount > 0 { pendingZeros += 1 }
            return
        }
        while pendingZeros > 0 {
            appendSignificant(0)
            pendingZeros -= 1
        }
        appendSignificant(digit)
    }

    private mutating func appendSignificant(_ digit: UInt8) {
        significantCount += 1
        if significantCount <= 19 { significand = significand * 10 + UInt64(digit) }
    }

    private static func exponent(in text: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
        var value = 0
        for byte in text where byte >= UInt8(ascii: "0") {
            value = min(value * 10 + Int(byte - UInt8(ascii: "0")), 1_000_000_000)
        }
        return text.first == UInt8(ascii: "-") ? -value : value
    }
}
