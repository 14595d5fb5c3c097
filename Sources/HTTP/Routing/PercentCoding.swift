/// Percent-decoding (RFC 3986 §2.1).
package enum PercentCoding {
    /// Replaces `%41` by the octet; a `%` that is not followed by two hexadecimal digits stays literally.
    ///
    /// The octets are read as UTF-8, ill-formed ones become U+FFFD. With `plusIsSpace`, `+` is a space (query
    /// values only, never paths).
    package static func decode(_ bytes: some Collection<UInt8>, plusIsSpace: Bool = false) -> String {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let octet = octet(rest) {
                decoded.append(octet)
                rest = rest.dropFirst(2)
            } else {
                decoded.append(plusIsSpace && byte == UInt8(ascii: "+") ? ASCII.space : byte)
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    private static func octet(_ rest: some Collection<UInt8>) -> UInt8? {
        guard let first = rest.first, let high = ASCII.hexValue(first) else { return nil }
        guard let second = rest.dropFirst().first, let low = ASCII.hexValue(second) else { return nil }
        return high << 4 | low
    }
}
