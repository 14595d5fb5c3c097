package import API
import Crypto

/// A known token: never the secret, only its SHA-256.
package struct AccessToken: Hashable, Sendable {
    /// Its name; appears in logs.
    package let name: String
    /// The SHA-256 of the secret.
    package let hash: TokenHash
    /// What its bearer may do.
    package let scopes: Set<Scope>

    /// A token from a stored hash.
    package init(name: String, hash: TokenHash, scopes: Set<Scope>) {
        self.name = name
        self.hash = hash
        self.scopes = scopes
    }

    /// A token from its secret, which is not kept.
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

    /// Wraps a stored hash; nil unless it has 32 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// Whether both are equal, in a time that does not depend on where they differ.
    func isEqualInConstantTime(to other: TokenHash) -> Bool {
        var difference: UInt8 = 0
        for index in 0..<32 {
            difference |= bytes[index] ^ other.bytes[index]
        }
        return difference == 0
    }
}

/// All tokens at one moment.
package struct TokenTable: Sendable {
    /// In no particular order.
    package let tokens: [AccessToken]
    private let hadTokens: Bool

    /// Makes a table; equal hashes add up their scopes. `hadTokens` is true if there ever were tokens, which may all
    /// be revoked by now.
    package init(_ tokens: [AccessToken], hadTokens: Bool = false) {
        self.tokens = tokens
        self.hadTokens = hadTokens
    }

    /// Whether there are no tokens.
    package var isEmpty: Bool { tokens.isEmpty }

    /// Whether there has never been a token: only then local callers may come without one by default.
    package var isUntouched: Bool { tokens.isEmpty && !hadTokens }

    /// The scopes of any of these secrets; nil when all of them are unknown.
    ///
    /// Every token is compared, even after a match.
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

/// The scopes of a caller, and the name of its token.
package struct TokenGrant: Hashable, Sendable {
    /// The token's name, `anonymous` without one.
    package let name: String
    package let scopes: Set<Scope>
}
