/// Names that scrapers accept. Contract noetl §1.5.
enum ExpositionName {
    /// A metric's name: `[a-zA-Z_:][a-zA-Z0-9_:]*`. Other characters become `_`; nil for an empty name.
    static func metric(_ name: String) -> String? {
        repaired(name) { isLetter($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ":") }
    }

    /// A label's name: `[a-zA-Z_][a-zA-Z0-9_]*`, and not reserved by two underscores. Nil for an empty name.
    static func label(_ name: String) -> String? {
        guard let repaired = repaired(name, { isLetter($0) || $0 == UInt8(ascii: "_") }) else { return nil }
        guard repaired.hasPrefix("__") else { return repaired }
        let rest = repaired.drop { $0 == "_" }
        return rest.isEmpty ? "_" : "_\(rest)"
    }

    private static func repaired(_ name: String, _ mayBegin: (UInt8) -> Bool) -> String? {
        guard !name.isEmpty else { return nil }
        var isLegal = true
        for (index, byte) in name.utf8.enumerated() where !(mayBegin(byte) || index > 0 && isDigit(byte)) {
            isLegal = false
            break
        }
        if isLegal { return name }
        var bytes: [UInt8] = []
        for scalar in name.unicodeScalars {
            let byte = scalar.isASCII ? UInt8(scalar.value) : 0
            if isDigit(byte) && bytes.isEmpty { bytes.append(UInt8(ascii: "_")) }
            bytes.append(mayBegin(byte) || isDigit(byte) ? byte : UInt8(ascii: "_"))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") < 26 }
    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
}
