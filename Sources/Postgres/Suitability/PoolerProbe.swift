/// Detects whether a pooler shares one session of the server among several clients.
///
/// Weir needs exclusive sessions for temporary tables, prepared statements, advisory locks and settings.
enum PoolerProbe {
    private static let rounds = 5

    /// Whether two connections share sessions of the server. Call it only if there is something between Weir and the
    /// server: the process id of the handshake differs from that of the backend.
    ///
    /// Two exclusive sessions never have the same process, and never change it. A pooler in transaction mode gives
    /// both the server's session that became free last, or another one each time.
    /// - Throws: `PostgresError` from the queries.
    static func sharesSessions(
        _ connection: Connection,
        _ target: ConnectionTarget,
        _ settings: SessionSettings
    ) throws -> Bool {
        // A pooler that keeps one session for this client is in session mode.
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
        // Not prepared: the name would stay in a session that another client gets next.
        try connection.executeOnce("SELECT pg_backend_pid() AS backend")[0].int("backend")
    }
}
