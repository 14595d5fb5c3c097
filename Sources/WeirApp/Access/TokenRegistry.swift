import Logging
package import Postgres
import Synchronization

/// The tokens that this process knows: those of the settings, and the last read ones of PostgreSQL.
///
/// Reading `table` takes a lock and never waits. While PostgreSQL is away, the mirror in the data directory is used.
package final class TokenRegistry: Sendable {
    /// How often the tokens are read from PostgreSQL, in seconds.
    package static let reloadSeconds = 10

    private let fixed: [AccessToken]
    private let mirror: TokenMirror?
    private let policy: AccessPolicy
    private let logger: Logger
    // Guards the current table, and the tokens of PostgreSQL and of the mirror.
    private let state: Mutex<State>

    private struct State {
        var table: TokenTable
        var stored: [AccessToken]
        var hadTokens: Bool
    }

    /// Starts with the tokens of the settings and of the mirror; `policy` provides the warnings.
    init(fixed: [AccessToken], mirror: TokenMirror?, policy: AccessPolicy, logger: Logger) {
        self.fixed = fixed
        self.mirror = mirror
        self.policy = policy
        self.logger = logger
        let contents = mirror?.read() ?? .absent
        if contents == .unusable {
            logger.warning(
                "the mirror of tokens cannot be read: its tokens are refused until PostgreSQL answers",
                metadata: ["path": "\(mirror?.path ?? "")"]
            )
        }
        let hadTokens = contents != .absent
        state = Mutex(
            State(
                table: TokenTable(fixed + contents.tokens, hadTokens: hadTokens),
                stored: contents.tokens,
                hadTokens: hadTokens
            )
        )
    }

    /// The current tokens.
    package var table: TokenTable {
        state.withLock { $0.table }
    }

    /// Warns where tokens and settings contradict each other.
    func warn() {
        if let warning = policy.warning(about: table) { logger.warning("\(warning)") }
    }

    /// Reads PostgreSQL at intervals until the task is cancelled.
    func run(_ pool: Pool) async {
        while !Task.isCancelled {
            do {
                try await reload(pool)
            } catch {
                logger.debug("tokens not reloaded", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: .seconds(Self.reloadSeconds))
        }
    }

    /// Reads PostgreSQL once. Tokens that once existed are never forgotten: their rows may be deleted, the mirror
    /// stays.
    package func reload(_ pool: Pool) async throws {
        let (stored, hadTokens) = try await pool.withConnection { try TokenStore.fetch(on: $0) }
        let hasChanged = state.withLock { state in
            let isNews = Set(state.stored) != Set(stored) || (hadTokens && !state.hadTokens)
            guard isNews else { return false }
            let hadTokens = hadTokens || state.hadTokens
            state = State(
                table: TokenTable(fixed + stored, hadTokens: hadTokens),
                stored: stored,
                hadTokens: hadTokens
            )
            return true
        }
        guard hasChanged else { return }
        logger.info("tokens changed", metadata: ["count": "\(stored.count)"])
        warn()
        if let mirror, !mirror.write(stored) {
            logger.warning("the mirror of tokens could not be written", metadata: ["path": "\(mirror.path)"])
        }
    }
}
