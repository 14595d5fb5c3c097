import Core
import Journal
import Logging
import Postgres
import PostgresCluster

/// What is said and done at a start that finds the private cluster gone: a new one is made, and filled from the journal.
struct ClusterRebuild: Sendable {
    /// What the journal has for the new cluster.
    struct Stock: Hashable, Sendable {
        /// Lines that are kept.
        let lines: Int64
        /// The first of them; 1 when nothing was ever deleted.
        let first: Int64
        /// When the first of them arrived; nil when there is none.
        let since: Timestamp?
    }

    private let journal: Journal
    private let mirror: TokenMirror
    private let logger: Logger

    init(_ journal: Journal, _ mirror: TokenMirror, _ logger: Logger) {
        self.journal = journal
        self.mirror = mirror
        self.logger = logger
    }

    /// What the journal keeps. Blocks while it reads the disk.
    func stock() -> Stock {
        let first = journal.firstSeq
        let line = try? journal.reader(after: first - 1).next(maxLines: 1, maxBytes: 1).lines.first
        return Stock(lines: max(0, journal.durableSeq - first + 1), first: first, since: line?.at)
    }

    /// Says what is lost and what comes back.
    func tell(_ cluster: PrivateCluster) {
        let stock = stock()
        logger.error(
            "the private PostgreSQL is gone: making a new one and loading what the journal keeps",
            metadata: [
                "directory": "\(cluster.configuration.directory)",
                "lines": "\(stock.lines)",
                "since": "\(stock.since.map(\.description) ?? "never")",
                "lost": stock.first > 1
                    ? "rows of the \(stock.first - 1) lines before, unless a backup has them: `weir restore`"
                    : "nothing: the journal has every line",
            ]
        )
    }

    /// Gives the tokens back to a new cluster, from their mirror: without them a door would be open, or closed for ever.
    func restoreTokens(_ pool: Pool) async throws {
        let tokens = mirror.read().tokens
        guard !tokens.isEmpty else { return }
        let count = try await pool.withConnection { connection in
            try tokens.count { try TokenStore.insert($0, on: connection) }
        }
        logger.warning("tokens restored from their mirror", metadata: ["count": "\(count)"])
    }
}
