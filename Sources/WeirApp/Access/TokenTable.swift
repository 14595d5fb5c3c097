package import API
import Crypto

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
