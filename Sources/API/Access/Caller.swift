/// Who calls an endpoint that reads keys itself, since they may be in its body.
package struct Caller: Sendable {
    /// The name of the caller's token; nil when the request has none that is known.
    package let name: String?
    /// What the caller may do, with a token or without.
    package let scopes: Set<Scope>
    private let lookUp: @Sendable (String) -> Known?

    /// The bearer of a key.
    package struct Known: Hashable, Sendable {
        /// The name of its token.
        package let name: String
        package let scopes: Set<Scope>

        /// Makes a bearer.
        package init(name: String, scopes: Set<Scope>) {
            self.name = name
            self.scopes = scopes
        }
    }

    /// Makes a caller; `lookUp` knows the bearers of keys.
    package init(name: String?, scopes: Set<Scope>, lookUp: @escaping @Sendable (String) -> Known?) {
        self.name = name
        self.scopes = scopes
        self.lookUp = lookUp
    }

    /// The bearer of a key that was somewhere else than in the usual header fields; nil for an unknown one.
    package func bearer(of key: String) -> Known? { lookUp(key) }
}
