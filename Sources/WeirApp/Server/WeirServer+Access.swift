import Logging
import Postgres

/// Tokens and access policy of a running server.
struct ServerAccess: Sendable {
    let policy: AccessPolicy
    let tokens: TokenRegistry
    /// The mirror of tokens in the data directory, for while PostgreSQL is away.
    let mirror: TokenMirror
}

extension WeirServer {
    /// Reads the tokens of settings, mirror and PostgreSQL; refuses to start if others could send and read without a
    /// token.
    func makeAccess(_ directory: DataDirectory, _ database: ServerDatabase) async throws -> ServerAccess {
        let mirror = TokenMirror(path: directory.tokenMirror)
        let policy = AccessPolicy(
            allowsAnonymous: settings.allowsAnonymous,
            allowsAnonymousReads: settings.runsNeedToken
        )
        let tokens = TokenRegistry(fixed: settings.tokens, mirror: mirror, policy: policy, logger: logger)
        // This data directory may be new, while the tokens of an external PostgreSQL are old.
        if case .external = database.source, tokens.table.isUntouched {
            do {
                try await tokens.reload(database.pool)
            } catch {
                logger.info("PostgreSQL was not asked for tokens at start", metadata: ["error": "\(error)"])
            }
        }
        try policy.check(settings.listen, tokens: tokens.table)
        tokens.warn()
        return ServerAccess(policy: policy, tokens: tokens, mirror: mirror)
    }
}
