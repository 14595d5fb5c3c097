package import HTTPServer
package import Ingest

/// Decides whether a caller may use a route. Design §6.
package struct AccessPolicy: Sendable {
    /// The outcome.
    package enum Decision: Hashable, Sendable {
        case granted(TokenGrant)
        /// No credentials, or none that are known: 401.
        case unauthorized
        /// The token is known, but does not carry this scope: 403.
        case forbidden(missing: Scope)
    }

    /// Whether `WEIR_ALLOW_ANONYMOUS` is on.
    package let allowsAnonymous: Bool
    /// Whether whoever has no token may read (`WEIR_RUNS_AUTH`).
    package let allowsAnonymousReads: Bool

    /// Makes a policy.
    package init(allowsAnonymous: Bool, allowsAnonymousReads: Bool = false) {
        self.allowsAnonymous = allowsAnonymous
        self.allowsAnonymousReads = allowsAnonymousReads
    }

    /// Decides about one request.
    ///
    /// Where anonymous callers are welcome, unknown credentials count as none: a weblog client that is refused
    /// goes silent for its whole run (contract §6, pitfall 7). `scope` nil is a route for everybody.
    package func decide(
        scope: Scope?,
        secrets: [[UInt8]],
        tokens: TokenTable,
        isLoopbackListener: Bool
    ) -> Decision {
        let anonymous = anonymousScopes(tokens: tokens, isLoopbackListener: isLoopbackListener)
        let known = secrets.isEmpty ? nil : tokens.grant(for: secrets)
        let scopes = known.map { anonymous.union($0.scopes) } ?? anonymous
        let grant = TokenGrant(name: known?.name ?? "anonymous", scopes: scopes)
        guard let scope, !scopes.contains(scope) else { return .granted(grant) }
        return known == nil ? .unauthorized : .forbidden(missing: scope)
    }

    private static let all = Set(Scope.allCases)
    private static let sendAndRead: Set<Scope> = [.ingest, .read]

    private func anonymousScopes(tokens: TokenTable, isLoopbackListener: Bool) -> Set<Scope> {
        // Whoever made a token meant it: from then on only WEIR_ALLOW_ANONYMOUS opens the door, and never to
        // what changes Weir itself.
        if isLoopbackListener, tokens.isEmpty { return Self.all }
        if allowsAnonymous { return Self.sendAndRead }
        return allowsAnonymousReads ? [.read] : []
    }
}

/// Refuses to listen where strangers reach an open door.
package struct UnsafeBindError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The listener that is not loopback.
    package let address: ListenSpecification

    package var description: String {
        """
        refusing to listen on \(address) where others can reach it while nobody needs a token: set WEIR_TOKENS \
        (for example ingest+read=<secret>), or make one with `weir token create`, or say \
        WEIR_ALLOW_ANONYMOUS=true
        """
    }
}

extension AccessPolicy {
    /// Throws for the first listener that is open to others while there is no token.
    package func check(_ listeners: [ListenSpecification], tokens: TokenTable) throws(UnsafeBindError) {
        guard !allowsAnonymous, tokens.isEmpty else { return }
        if let address = listeners.first(where: { !$0.isLoopback }) {
            throw UnsafeBindError(address: address)
        }
    }
}
