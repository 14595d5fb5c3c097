import Core
import Journal
import Logging
import Postgres
import PostgresCluster

/// Handles a start that finds the private cluster gone: makes a new one, and fills it from the journal.
struct ClusterRebuild: Sendable {
    /// The journal's contents for the new cluster.
    struct Stock: Hashable, Sendable {
        /// The number of kept lines.
        let lines: Int64
        /// The first of them; 1 when none was ever deleted.
        let first: Int64
        /// When the first of them arrived; nil without lines.
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

    /// The contents of the journal. Blocks while it reads the disk.
    func stock() -> Stock {
        let first = journal.firstSeq
        let line = try? journal.reader(after: first - 1).next(maxLines: 1, maxBytes: 1).lines.first
        return Stock(lines: max(0, journal.durableSeq - first + 1), first: first, since: line?.at)
    }

    /// Logs what is lost and what is reloaded.
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

    /// Restores the tokens of a new cluster from their mirror: otherwise Weir would be open to all, or closed for
    /// ever.
    func restoreTokens(_ pool: Pool) async throws {
        let tokens = mirror.read().tokens
        guard !tokens.isEmpty else { return }
        let count = try await pool.withConnection { connection in
            try tokens.count { try TokenStore.insert($0, on: connection) }
        }
        logger.warning("tokens restored from their mirror", metadata: ["count": "\(count)"])
    }
}
