/// Finds out whether a pooler gives one session of the server to several clients.
///
/// Weir needs sessions of its own: for temporary tables, prepared statements, advisory locks and settings.
enum PoolerProbe {
    private static let rounds = 5

    /// Whether two connections share sessions of the server. Call it only where something stands between Weir and the
    /// server: the process id of the handshake is not the one that answers.
    ///
    /// Two sessions of one's own never have the same process, and never change it. A pooler in transaction mode gives
    /// both the server's session that became free last, or another one each time.
    /// - Throws: `PostgresError` from the questions.
    static func sharesSessions(
        _ connection: Connection,
        _ target: ConnectionTarget,
        _ settings: SessionSettings
    ) throws -> Bool {
        // A pooler that has one session for us and keeps it for us is in session mode.
        guard let other = try? Connection.open(target, settings, on: connection.queue) else { return false }
        let (first, second) = (try backend(of: connection), try backend(of: other))
        if first == second { return true }
        for _ in 0..<rounds {
            let (again, otherAgain) = (try backend(of: connection), try backend(of: other))
            if again != first || otherAgain != second || again == otherAgain { return true }
        }
        return false
    }

    private static func backend(of connection: Connection) throws -> Int {
        // Not prepared: a name would stay behind in a session that is somebody else's next.
        try connection.executeOnce("SELECT pg_backend_pid() AS backend")[0].int("backend")
    }
}
