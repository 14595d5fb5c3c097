/// `uri-host [ ":" port ]` as in `Host` and absolute-form targets (RFC 9110 §7.2, RFC 3986 §3.2.2).
///
/// User information is refused along the way: `@` is no character of a host (RFC 9110 §4.2.4).
enum Authority {
    static func isValid(_ bytes: some BidirectionalCollection<UInt8>) -> Bool {
        let host: Int
        if bytes.first == UInt8(ascii: "[") {
            let literal = bytes.dropFirst().prefix { $0 != UInt8(ascii: "]") }
            guard !literal.isEmpty, literal.allSatisfy(isAddressLiteral) else { return false }
            host = literal.count + 2
            guard bytes.count >= host else { return false }
        } else {
            let name = bytes.prefix { $0 != UInt8(ascii: ":") }
            guard !name.isEmpty, name.allSatisfy(ASCII.isRegisteredName) else { return false }
            guard escapesAreWhole(name) else { return false }
            host = name.count
        }
        return isPortOrNothing(bytes.dropFirst(host))
    }

    /// RFC 3986 `IP-literal`, zone identifiers included; the address itself is not checked.
    private static func isAddressLiteral(_ byte: UInt8) -> Bool {
        ASCII.isRegisteredName(byte) || byte == UInt8(ascii: ":")
    }

    /// RFC 3986 §2.1: `%` is followed by two hexadecimal digits.
    private static func escapesAreWhole(_ name: some Collection<UInt8>) -> Bool {
        var rest = name[...]
        while let percent = rest.firstIndex(of: UInt8(ascii: "%")) {
            let digits = rest[percent...].dropFirst().prefix(2)
            guard digits.count == 2, digits.allSatisfy({ ASCII.hexValue($0) != nil }) else { return false }
            rest = rest[digits.endIndex...]
        }
        return true
    }

    private static func isPortOrNothing(_ bytes: some Collection<UInt8>) -> Bool {
        guard let colon = bytes.first else { return true }
        let digits = bytes.dropFirst()
        // RFC 3986 §3.2.3 allows an empty port.
        guard colon == UInt8(ascii: ":"), digits.count <= 5 else { return false }
        guard digits.allSatisfy(ASCII.isDigit) else { return false }
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } <= 65_535
    }
}
