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
        let whole = bytes.count / 3
        text.reserveCapacity(text.count + (bytes.count + 2) / 3 * 4)
        text += [UInt8](unsafeUninitializedCapacity: whole * 4) { text, count in
            alphabet.withUnsafeBufferPointer { alphabet in
                bytes.withUnsafeBufferPointer { bytes in
                    for group in 0..<whole {
                        let bits =
                            Int(bytes[3 * group]) << 16 | Int(bytes[3 * group + 1]) << 8
                            | Int(bytes[3 * group + 2])
                        text[4 * group] = alphabet[bits >> 18]
                        text[4 * group + 1] = alphabet[bits >> 12 & 63]
                        text[4 * group + 2] = alphabet[bits >> 6 & 63]
                        text[4 * group + 3] = alphabet[bits & 63]
                    }
                }
            }
            count = whole * 4
        }
        let start = whole * 3
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
        var isValid = true
        let bytes = [UInt8](unsafeUninitializedCapacity: digits.count * 3 / 4) { bytes, count in
            isValid = values.withUnsafeBufferPointer { values in
                digits.withUnsafeBufferPointer { decode($0, values, into: bytes) }
            }
            count = isValid ? digits.count * 3 / 4 : 0
        }
        return isValid ? bytes : nil
    }

    /// Fills `bytes`; false for a digit outside the alphabet.
    private static func decode(
        _ digits: UnsafeBufferPointer<UInt8>,
        _ values: UnsafeBufferPointer<UInt8>,
        into bytes: UnsafeMutableBufferPointer<UInt8>
    ) -> Bool {
        func value(_ index: Int) -> UInt8 { values[Int(digits[index])] }
        var (index, place) = (0, 0)
        while index + 4 <= digits.count {
            let (first, second) = (value(index), value(index + 1))
            let (third, fourth) = (value(index + 2), value(index + 3))
            // A value has six bits: the two others are set only in `none`.
            guard (first | second | third | fourth) & 0xC0 == 0 else { return false }
            bytes[place] = first << 2 | second >> 4
            bytes[place + 1] = second << 4 | third >> 2
            bytes[place + 2] = third << 6 | fourth
            index += 4
            place += 3
        }
        let rest = (index..<digits.count).map(value)
        guard rest.allSatisfy({ $0 != none }) else { return false }
        if rest.count >= 2 { bytes[place] = rest[0] << 2 | rest[1] >> 4 }
        if rest.count == 3 { bytes[place + 1] = rest[1] << 4 | rest[2] >> 2 }
        return true
    }
}
