import Logging
import Postgres

/// Who may do what on a running server.
struct ServerAccess: Sendable {
    let policy: AccessPolicy
    let tokens: TokenRegistry
    /// Tokens as the data directory knows them while PostgreSQL is away.
    let mirror: TokenMirror
}

extension WeirServer {
    /// Knows the tokens of settings, mirror and PostgreSQL; refuses to start with an open door.
    func makeAccess(_ directory: DataDirectory, _ database: ServerDatabase) async throws -> ServerAccess {
        let mirror = TokenMirror(path: directory.tokenMirror)
        let policy = AccessPolicy(
            allowsAnonymous: settings.allowsAnonymous,
            allowsAnonymousReads: settings.runsNeedToken
        )
        let tokens = TokenRegistry(fixed: settings.tokens, mirror: mirror, policy: policy, logger: logger)
        // This data directory may be new, and the tokens of an external PostgreSQL old.
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
