/// The value of `tracestate`: what vendors carry along with a trace. W3C Trace Context §3.3.
///
/// Weir passes it on and reads nothing of it.
package struct TraceState: Hashable, Sendable {
    /// The header, its members separated by commas and without blanks around them.
    package let header: String

    private static let mostMembers = 32
    // Senders must be able to rely on 512; what is longer is dropped as a whole, never cut.
    private static let mostCharacters = 1024

    /// Reads one or several headers, in their order; nil when there is no member, and when any part is malformed, a key
    /// occurs twice, or there are more than 32.
    package init?(_ headers: [String]) {
        var members: [Substring] = []
        var keys: Set<Substring> = []
        for header in headers {
            for part in header.split(separator: ",", omittingEmptySubsequences: false) {
                let member = trimmed(part)
                if member.isEmpty { continue }
                guard let key = Self.key(of: member), keys.insert(key).inserted else { return nil }
                members.append(member)
            }
        }
        let header = members.joined(separator: ",")
        guard !members.isEmpty, members.count <= Self.mostMembers, header.utf8.count <= Self.mostCharacters
        else { return nil }
        self.header = header
    }

    /// The key of a well-formed member.
    private static func key(of member: Substring) -> Substring? {
        guard let equals = member.firstIndex(of: "=") else { return nil }
        let key = member[..<equals]
        let value = member[member.index(after: equals)...].utf8
        guard (1...256).contains(value.count), value.allSatisfy(isValue) else { return nil }
        let parts = key.split(separator: "@", omittingEmptySubsequences: false)
        switch parts.count {
        case 1: return isName(parts[0], most: 256, digitFirst: false) ? key : nil
        // A multi-tenant key: its tenant may begin with a digit.
        case 2:
            return isName(parts[0], most: 241, digitFirst: true)
                && isName(parts[1], most: 14, digitFirst: false)
                ? key : nil
        default: return nil
        }
    }

    private static func isName(_ name: Substring, most: Int, digitFirst: Bool) -> Bool {
        guard let first = name.utf8.first, name.utf8.count <= most else { return false }
        guard isLetter(first) || digitFirst && isDigit(first) else { return false }
        return name.utf8.allSatisfy { isLetter($0) || isDigit($0) || "_-*/".utf8.contains($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte }
    private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
    private static func isValue(_ byte: UInt8) -> Bool {
        0x20...0x7E ~= byte && byte != UInt8(ascii: ",") && byte != UInt8(ascii: "=")
    }
}
