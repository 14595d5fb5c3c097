/// A block of addresses in CIDR notation: `10.0.0.0/8`, `2001:db8::/32`; without a length, one address.
package struct AddressBlock: Hashable, Sendable {
    private let prefix: [UInt8]
    private let length: Int

    /// Reads the notation; bits behind the length are ignored.
    package init?(_ text: String) {
        let halves = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(halves[0])) else { return nil }
        let bits = address.octets.count * 8
        guard halves.count > 1 else {
            (prefix, length) = (address.octets, bits)
            return
        }
        let digits = halves[1].utf8
        guard !digits.isEmpty, digits.allSatisfy(ASCII.isDigit), let length = Int(halves[1]) else {
            return nil
        }
        // The length of a block of IPv4-mapped addresses counts from the 128 bits that were written.
        let written = halves[0].contains(":") ? length - (128 - bits) : length
        guard (0...bits).contains(written) else { return nil }
        (prefix, self.length) = (address.octets, written)
    }

    /// Whether the address lies in the block; never across versions.
    package func contains(_ address: IPAddress) -> Bool {
        guard address.octets.count == prefix.count else { return false }
        let (whole, bits) = length.quotientAndRemainder(dividingBy: 8)
        guard address.octets[..<whole] == prefix[..<whole] else { return false }
        guard bits > 0 else { return true }
        return (address.octets[whole] ^ prefix[whole]) >> UInt8(8 - bits) == 0
    }
}
