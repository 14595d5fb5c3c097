internal import Core
internal import Ingest

/// The names of checks: their ids, ping keys and slugs.
enum CheckKeys {
    /// The id of the check with a secret UUID. Nobody can tell the UUID from it.
    static func id(of uuid: UUID128) -> UUID128 {
        var digest = KeyDigest()
        digest.add("ping check")
        digest.add(uuid)
        return digest.finish()
    }

    /// A ping key as journal lines name it.
    static func digest(of key: String) -> UUID128 {
        var digest = KeyDigest()
        digest.add("ping key")
        digest.add(key)
        return digest.finish()
    }

    /// A new ping key: 32 hexadecimal digits.
    static func mint() -> String { UUID128.random().description.filter { $0 != "-" } }

    /// Whether a text can be a ping key: 16 to 64 letters, digits, `-` and `_`.
    static func isKey(_ text: String) -> Bool {
        16...64 ~= text.utf8.count
            && text.utf8.allSatisfy { 0x61...0x7A ~= $0 | 0x20 || isDigitOrDash($0) }
    }

    /// Whether a text can be a slug: 1 to 100 small letters, digits, `-` and `_`.
    static func isSlug(_ text: String) -> Bool {
        1...100 ~= text.utf8.count && text.utf8.allSatisfy { 0x61...0x7A ~= $0 || isDigitOrDash($0) }
    }

    private static func isDigitOrDash(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }
}
