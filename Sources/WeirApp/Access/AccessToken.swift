package import API
import Crypto

/// A token that Weir knows: never the secret, only its SHA-256.
package struct AccessToken: Hashable, Sendable {
    /// What people call it; appears in logs.
    package let name: String
    /// The SHA-256 of the secret.
    package let hash: TokenHash
    /// What its bearer may do.
    package let scopes: Set<Scope>

    /// A token read from where hashes are kept.
    package init(name: String, hash: TokenHash, scopes: Set<Scope>) {
        self.name = name
        self.hash = hash
        self.scopes = scopes
    }

    /// A token whose secret is at hand; the secret is not kept.
    package init(name: String, secret: String, scopes: Set<Scope>) {
        self.init(name: name, hash: TokenHash(ofSecret: Array(secret.utf8)), scopes: scopes)
    }
}

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

/// All tokens of a moment.
package struct TokenTable: Sendable {
    /// In no particular order.
    package let tokens: [AccessToken]
    private let hadTokens: Bool

    /// Makes a table; equal hashes add their scopes up. `hadTokens` says that there were tokens once, which may all be
    /// revoked by now.
    package init(_ tokens: [AccessToken], hadTokens: Bool = false) {
        self.tokens = tokens
        self.hadTokens = hadTokens
    }

    /// Whether nobody has a token.
    package var isEmpty: Bool { tokens.isEmpty }

    /// Whether there has never been a token: only then is anybody let in without one who was not invited.
    package var isUntouched: Bool { tokens.isEmpty && !hadTokens }

    /// What the bearer of any of these secrets may do; nil when no token is known by one of them.
    ///
    /// Every token is compared, whether or not one matched before.
    package func grant(for secrets: [[UInt8]]) -> TokenGrant? {
        var names: [String] = []
        var scopes: Set<Scope> = []
        for secret in secrets {
            let hash = TokenHash(ofSecret: secret)
            for token in tokens where token.hash.isEqualInConstantTime(to: hash) {
                names.append(token.name)
                scopes.formUnion(token.scopes)
            }
        }
        return names.first.map { TokenGrant(name: $0, scopes: scopes) }
    }
}

/// What a caller may do, and by which token.
package struct TokenGrant: Hashable, Sendable {
    /// The token's name, `anonymous` without one.
    package let name: String
    package let scopes: Set<Scope>
}
