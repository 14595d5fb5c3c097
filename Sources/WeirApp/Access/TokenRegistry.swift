import Logging
package import Postgres
import Synchronization

/// The tokens that this process knows: those of the settings, and those of PostgreSQL as last seen.
///
/// Reads of `table` cost a lock and never wait. While PostgreSQL is away, the mirror in the data directory serves.
package final class TokenRegistry: Sendable {
    /// How often PostgreSQL is asked for news, in seconds.
    package static let reloadSeconds = 10

    private let fixed: [AccessToken]
    private let mirror: TokenMirror?
    private let logger: Logger
    // Guards the table of this moment and what the mirror holds.
    private let state: Mutex<State>

    private struct State {
        var table: TokenTable
        var stored: [AccessToken]
    }

    /// Begins with the tokens of the settings and of the mirror.
    init(fixed: [AccessToken], mirror: TokenMirror?, logger: Logger) {
        self.fixed = fixed
        self.mirror = mirror
        self.logger = logger
        let stored = mirror?.read() ?? []
        state = Mutex(State(table: TokenTable(fixed + stored), stored: stored))
    }

    /// The tokens of this moment.
    package var table: TokenTable {
        state.withLock { $0.table }
    }

    /// Reads PostgreSQL again and again until the task is cancelled.
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

    /// Reads PostgreSQL once.
    package func reload(_ pool: Pool) async throws {
        let stored = try await pool.withConnection { try TokenStore.fetchValid(on: $0) }
        let hasChanged = state.withLock { state in
            guard Set(state.stored) != Set(stored) else { return false }
            state = State(table: TokenTable(fixed + stored), stored: stored)
            return true
        }
        guard hasChanged else { return }
        logger.info("tokens changed", metadata: ["count": "\(stored.count)"])
        if let mirror, !mirror.write(stored) {
            logger.warning("the mirror of tokens could not be written", metadata: ["path": "\(mirror.path)"])
        }
    }
}
