/// Numbers in texts as Python's `float` reads them. Contract noetl §1.2.
enum PythonFloat {
    /// Blanks around it, a sign, single underscores between digits, `inf`, `infinity` and `nan` in any case are
    /// allowed; hexadecimal digits are not.
    static func value(_ text: String) -> Double? {
        var bytes = Array(text.utf8)
        while let last = bytes.last, isBlank(last) { bytes.removeLast() }
        bytes = Array(bytes.drop(while: isBlank))
        guard !bytes.isEmpty, bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
        let isSigned = bytes[0] == UInt8(ascii: "-") || bytes[0] == UInt8(ascii: "+")
        let word = String(decoding: bytes.dropFirst(isSigned ? 1 : 0), as: UTF8.self).lowercased()
        switch word {
        case "inf", "infinity": return bytes[0] == UInt8(ascii: "-") ? -.infinity : .infinity
        case "nan": return .nan
        default: break
        }
        guard let digits = withoutUnderscores(bytes), digits.allSatisfy(isDecimal) else { return nil }
        return Double(String(decoding: digits, as: UTF8.self))
    }

    private static func withoutUnderscores(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.contains(UInt8(ascii: "_")) else { return bytes }
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "_") {
            guard index > 0, index + 1 < bytes.count, isDigit(bytes[index - 1]), isDigit(bytes[index + 1])
            else {
                return nil
            }
        }
        return bytes.filter { $0 != UInt8(ascii: "_") }
    }

    private static func isDecimal(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e")
            || byte == UInt8(ascii: "+")
            || byte == UInt8(ascii: "-")
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
