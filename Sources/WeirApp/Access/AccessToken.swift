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
