package import API
package import HTTPServer

/// Decides whether a caller may use a route. Design §6.
package struct AccessPolicy: Sendable {
    /// The outcome.
    package enum Decision: Hashable, Sendable {
        case granted(TokenGrant)
        /// No credentials, or unknown ones: 401.
        case unauthorized(Reason)
        /// The token is known, but does not carry this scope: 403.
        case forbidden(missing: Scope)
    }

    /// Why a caller needs a token.
    package enum Reason: Hashable, Sendable {
        /// Tokens exist.
        case tokensExist
        /// There were tokens, and all of them are revoked.
        case tokensExisted
        /// There has never been a token; then only local callers need none, and this caller is not local.
        case notLocal(CallerOrigin)
    }

    /// Whether `WEIR_ALLOW_ANONYMOUS` is on.
    package let allowsAnonymous: Bool
    /// Whether callers without a token may read (`WEIR_RUNS_AUTH`).
    package let allowsAnonymousReads: Bool

    /// Makes a policy.
    package init(allowsAnonymous: Bool, allowsAnonymousReads: Bool = false) {
        self.allowsAnonymous = allowsAnonymous
        self.allowsAnonymousReads = allowsAnonymousReads
    }

    /// Decides about one request.
    ///
    /// Where anonymous callers are allowed, unknown credentials count as none: a weblog client that is refused stays
    /// silent for its whole run (contract §6, pitfall 7). `scope` is nil for a route without a scope. `origin` is
    /// called only where it matters.
    package func decide(
        scope: Scope?,
        secrets: [[UInt8]],
        tokens: TokenTable,
        origin: () -> CallerOrigin
    ) -> Decision {
        let (anonymous, reason) = anonymousScopes(tokens, origin)
        let known = secrets.isEmpty ? nil : tokens.grant(for: secrets)
        let scopes = known.map { anonymous.union($0.scopes) } ?? anonymous
        let grant = TokenGrant(name: known?.name ?? "anonymous", scopes: scopes)
        guard let scope, !scopes.contains(scope) else { return .granted(grant) }
        return known == nil ? .unauthorized(reason) : .forbidden(missing: scope)
    }

    private static let all = Set(Scope.allCases)
    private static let sendAndRead: Set<Scope> = [.ingest, .read]

    private func anonymousScopes(_ tokens: TokenTable, _ origin: () -> CallerOrigin) -> (Set<Scope>, Reason) {
        let reason: Reason
        if tokens.isUntouched {
            let origin = origin()
            if origin == .local { return (Self.all, .notLocal(origin)) }
            reason = .notLocal(origin)
        } else {
            // Once there has been a token, only WEIR_ALLOW_ANONYMOUS allows requests without one, and never those
            // that change Weir itself.
            reason = tokens.isEmpty ? .tokensExisted : .tokensExist
        }
        if allowsAnonymous { return (Self.sendAndRead, reason) }
        return (allowsAnonymousReads ? [.read] : [], reason)
    }
}

/// Refuses to listen on an address that others can reach while requests need no token.
package struct UnsafeBindError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The listener that is not loopback.
    package let address: ListenSpecification

    package var description: String {
        """
        refusing to listen on \(address) where others can reach it while requests need no token: set WEIR_TOKENS \
        (for example ingest+read=<secret>), or make one with `weir token create`, or set \
        WEIR_ALLOW_ANONYMOUS=true
        """
    }
}

extension AccessPolicy {
    /// Throws for the first listener that others can reach while there has never been a token.
    package func check(_ listeners: [ListenSpecification], tokens: TokenTable) throws(UnsafeBindError) {
        guard !allowsAnonymous, tokens.isUntouched else { return }
        if let address = listeners.first(where: { !$0.isLoopback }) {
            throw UnsafeBindError(address: address)
        }
    }

    /// A warning for the operator about tokens and this policy together; nil if there is none.
    package func warning(about tokens: TokenTable) -> String? {
        switch (allowsAnonymous, tokens.isEmpty) {
        case (true, false):
            """
            there are tokens, but WEIR_ALLOW_ANONYMOUS=true lets requests without one send and read all the same; \
            set it to false unless that is meant
            """
        case (false, true) where !tokens.isUntouched:
            """
            all tokens are revoked, so that nobody may send or read: make one with `weir token create`, or let \
            everybody in with WEIR_ALLOW_ANONYMOUS=true
            """
        default: nil
        }
    }
}
