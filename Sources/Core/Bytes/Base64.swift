/// Base 64 with the standard alphabet, RFC 4648 §4.
package enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
    )
    /// The value of each byte; `none` for those outside the alphabet.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: none, count: 256)
        for (value, digit) in alphabet.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()
    private static let none: UInt8 = 0xFF

    /// Encodes with padding and without line breaks.
    package static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        append(bytes, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the text of some bytes, with padding and without line breaks.
    package static func append(_ bytes: [UInt8], to text: inout [UInt8]) {
        text.reserveCapacity(text.count + (bytes.count + 2) / 3 * 4)
        let alphabet = alphabet
        var start = 0
        while start + 3 <= bytes.count {
            let bits = UInt32(bytes[start]) << 16 | UInt32(bytes[start + 1]) << 8 | UInt32(bytes[start + 2])
            text.append(alphabet[Int(bits >> 18)])
            text.append(alphabet[Int(bits >> 12 & 63)])
            text.append(alphabet[Int(bits >> 6 & 63)])
            text.append(alphabet[Int(bits & 63)])
            start += 3
        }
        guard start < bytes.count else { return }
        let hasTwo = start + 1 < bytes.count
        let bits = UInt32(bytes[start]) << 16 | (hasTwo ? UInt32(bytes[start + 1]) << 8 : 0)
        text.append(alphabet[Int(bits >> 18)])
        text.append(alphabet[Int(bits >> 12 & 63)])
        text.append(hasTwo ? alphabet[Int(bits >> 6 & 63)] : UInt8(ascii: "="))
        text.append(UInt8(ascii: "="))
    }

    /// Decodes text with complete, partial or no padding.
    ///
    /// Nil for any byte outside the alphabet (blanks too), for text after the padding, and for a length that
    /// no sequence of bytes has. Unused trailing bits are ignored.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        decode(Array(text.utf8))
    }

    /// Decodes text with complete, partial or no padding; see the overload over strings.
    package static func decode(_ text: [UInt8]) -> [UInt8]? {
        decode(text[...])
    }

    /// Decodes text with complete, partial or no padding; see the overload over strings.
    package static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var end = text.endIndex
        while end > text.startIndex, text[end - 1] == UInt8(ascii: "="), text.endIndex - end < 2 { end -= 1 }
        let digits = text[text.startIndex..<end]
        guard digits.count % 4 != 1 else { return nil }
        let values = values
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count * 3 / 4)
        var index = digits.startIndex
        while index + 4 <= end {
            let (first, second) = (values[Int(digits[index])], values[Int(digits[index + 1])])
            let (third, fourth) = (values[Int(digits[index + 2])], values[Int(digits[index + 3])])
            // A value has six bits: the two others are set only in `none`.
            guard (first | second | third | fourth) & 0xC0 == 0 else { return nil }
            bytes.append(first << 2 | second >> 4)
            bytes.append(second << 4 | third >> 2)
            bytes.append(third << 6 | fourth)
            index += 4
        }
        let rest = digits[index..<end].map { values[Int($0)] }
        guard rest.allSatisfy({ $0 != none }) else { return nil }
        if rest.count >= 2 { bytes.append(rest[0] << 2 | rest[1] >> 4) }
        if rest.count == 3 { bytes.append(rest[1] << 4 | rest[2] >> 2) }
        return bytes
    }
}
