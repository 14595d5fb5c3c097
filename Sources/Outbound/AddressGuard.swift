internal import HTTP

/// Addresses to which a request in somebody else's name must not go. RFC 6890.
enum AddressGuard {
    private static let forbidden = blocks([
        // Unspecified, link-local with the metadata services of most clouds, multicast, reserved, broadcast.
        "0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4",
        "::/128", "fe80::/10", "fec0::/10", "ff00::/8",
        // The metadata services of Alibaba Cloud, Azure, and of Amazon over IPv6.
        "100.100.100.200", "168.63.129.16", "fd00:ec2::254",
    ])

    private static let `private` = blocks([
        "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "::1/128", "fc00::/7",
    ])

    // IPv6 addresses with an IPv4 address in them: NAT64 (RFC 6052), 6to4 (RFC 3056), and the compatible ones of old.
    private static let nat64 = blocks(["64:ff9b::/96", "64:ff9b:1::/48"])
    private static let sixToFour = blocks(["2002::/16"])
    private static let compatible = blocks(["::/96"])

    /// Never to be called.
    static func isForbidden(_ address: IPAddress) -> Bool { matches(forbidden, address) }

    /// On this machine or in a network that is not the Internet.
    static func isPrivate(_ address: IPAddress) -> Bool { matches(`private`, address) }

    private static func matches(_ blocks: [AddressBlock], _ address: IPAddress) -> Bool {
        blocks.contains { $0.contains(address) }
            || embedded(in: address).map { inner in blocks.contains { $0.contains(inner) } } ?? false
    }

    private static func embedded(in address: IPAddress) -> IPAddress? {
        let octets = address.octets
        guard octets.count == 16 else { return nil }
        let isTail = (nat64 + compatible).contains { $0.contains(address) }
        let isFront = sixToFour.contains { $0.contains(address) }
        guard isTail || isFront, octets.dropLast().contains(where: { $0 != 0 }) else { return nil }
        let inner = isTail ? octets[12...] : octets[2..<6]
        return IPAddress(inner.map { String($0) }.joined(separator: "."))
    }

    private static func blocks(_ texts: [String]) -> [AddressBlock] { texts.compactMap { AddressBlock($0) } }
}
