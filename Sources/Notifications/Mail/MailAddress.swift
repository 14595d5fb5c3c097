/// An e-mail address, as SMTP takes it without extensions: `ops@example.org`. RFC 5321 §4.1.2.
struct MailAddress: Hashable, Sendable {
    let text: String
    /// What comes after the `@`.
    let domain: String

    /// Reads an address; nil when it is none, or could end the command that it stands in.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count <= 254, let at = bytes.lastIndex(of: UInt8(ascii: "@")) else { return nil }
        let (local, domain) = (bytes[..<at], bytes[(at + 1)...])
        guard (1...64).contains(local.count), local.allSatisfy(Self.isLocal),
            local.first != UInt8(ascii: "."), local.last != UInt8(ascii: ".")
        else { return nil }
        guard !domain.isEmpty, domain.allSatisfy(Self.isDomain) else { return nil }
        let labels = domain.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.allSatisfy({ (1...63).contains($0.count) && $0.first != 45 && $0.last != 45 }) else {
            return nil
        }
        self.text = text
        self.domain = String(decoding: domain, as: UTF8.self)
    }

    private static func isLocal(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || "!#$%&'*+-/=?^_`{|}~.".utf8.contains(byte)
    }

    private static func isDomain(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || byte == 45 || byte == 46 }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }
}
