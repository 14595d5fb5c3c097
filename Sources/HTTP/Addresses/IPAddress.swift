/// An IPv4 or IPv6 address; IPv4-mapped ones (`::ffff:192.0.2.1`) are IPv4, as dual-stack sockets report them.
package struct IPAddress: Hashable, Sendable {
    /// Network byte order: 4 or 16 octets.
    package let octets: [UInt8]

    /// Reads dotted-quad or RFC 4291 §2.2 text; a zone identifier (`%eth0`) is ignored.
    package init?(_ text: String) {
        let bytes = Array(text.utf8.prefix { $0 != UInt8(ascii: "%") })
        guard
            let octets = bytes.contains(UInt8(ascii: ":")) ? Self.version6(bytes) : Self.version4(bytes[...])
        else {
            return nil
        }
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        self.octets = octets.starts(with: mapped) && octets.count == 16 ? Array(octets[12...]) : octets
    }

    /// Whether it is an address of this machine itself: 127.0.0.0/8 (RFC 1122 §3.2.1.3) or ::1 (RFC 4291 §2.5.3).
    package var isLoopback: Bool {
        octets.count == 4 ? octets[0] == 127 : octets.dropLast().allSatisfy { $0 == 0 } && octets.last == 1
    }

    private static func version4(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var octets: [UInt8] = []
        for part in parts {
            // A leading zero means octal to some readers: refused.
            guard let first = part.first, part.count <= 3, part.count == 1 || first != UInt8(ascii: "0")
            else {
                return nil
            }
            guard part.allSatisfy(ASCII.isDigit), let octet = UInt8(String(decoding: part, as: UTF8.self))
            else {
                return nil
            }
            octets.append(octet)
        }
        return octets
    }

    private static func version6(_ text: [UInt8]) -> [UInt8]? {
        let colon = UInt8(ascii: ":")
        let gap = zip(text.indices, text.dropFirst()).first { text[$0] == colon && $1 == colon }?.0
        guard let gap else {
            let octets = groups(text[...], mayEndInQuad: true)
            return octets?.count == 16 ? octets : nil
        }
        guard let front = groups(text[..<gap], mayEndInQuad: false),
            let back = groups(text[(gap + 2)...], mayEndInQuad: true)
        else { return nil }
        // `::` stands for at least one group.
        let missing = 16 - front.count - back.count
        return missing >= 2 ? front + [UInt8](repeating: 0, count: missing) + back : nil
    }

    /// Groups of up to four hexadecimal digits; the last one may be an IPv4 address.
    private static func groups(_ text: ArraySlice<UInt8>, mayEndInQuad: Bool) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        var octets: [UInt8] = []
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count <= 8 else { return nil }
        for (index, part) in parts.enumerated() {
            if mayEndInQuad, index == parts.count - 1, let quad = version4(part) {
                octets += quad
                continue
            }
            guard (1...4).contains(part.count) else { return nil }
            var group: UInt16 = 0
            for byte in part {
                guard let digit = ASCII.hexValue(byte) else { return nil }
                group = group << 4 | UInt16(digit)
            }
            octets += [UInt8(group >> 8), UInt8(group & 0xFF)]
        }
        return octets
    }
}
