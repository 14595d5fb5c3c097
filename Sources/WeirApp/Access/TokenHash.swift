import API
import Crypto

/// The SHA-256 of a token's secret.
package struct TokenHash: Hashable, Sendable {
    /// 32 bytes.
    package let bytes: [UInt8]

    /// Hashes a secret.
    package init(ofSecret secret: [UInt8]) {
        bytes = Array(SHA256.hash(data: secret))
    }

    /// Wraps a hash that was stored; nil unless it has 32 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// Whether both are equal, in a time that does not tell where they differ.
    func isEqualInConstantTime(to other: TokenHash) -> Bool {
        var difference: UInt8 = 0
        for index in 0..<32 {
            difference |= bytes[index] ^ other.bytes[index]
        }
        return difference == 0
    }
}
