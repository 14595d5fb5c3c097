internal import Core

/// JSON as Python writes it: a blank after commas and colons, nothing but ASCII. Contract §3.5.
enum PythonText {
    /// Respells JSON text without blanks between its tokens.
    static func json(_ compact: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(compact.count + compact.count / 8)
        var isString = false
        var isEscaped = false
        for scalar in String(decoding: compact, as: UTF8.self).unicodeScalars {
            guard let byte = UInt8(exactly: scalar.value), byte < 0x7F else {
                for unit in String(scalar).utf16 { appendEscape(unit, to: &text) }
                isEscaped = false
                continue
            }
            text.append(byte)
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\"") {
                isString.toggle()
            } else if isString {
                isEscaped = byte == UInt8(ascii: "\\")
            } else if byte == UInt8(ascii: ",") || byte == UInt8(ascii: ":") {
                text.append(UInt8(ascii: " "))
            }
        }
        return text
    }

    private static func appendEscape(_ unit: UInt16, to text: inout [UInt8]) {
        let digits = String(unit, radix: 16)
        text.append(contentsOf: "\\u".utf8)
        text.append(contentsOf: String(repeating: "0", count: 4 - digits.utf8.count).utf8)
        text.append(contentsOf: digits.utf8)
    }
}
