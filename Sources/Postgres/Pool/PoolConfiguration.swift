/// How a pool behaves.
package struct PoolConfiguration: Sendable {
    /// The most connections, opened when needed.
    package var limit: Int
    /// How long a task waits for a free connection before it fails with `poolTimeout`.
    package var acquisitionTimeout: Duration
    /// What every session is set to.
    package var session: SessionSettings
    /// Prepared statements kept on each connection.
    package var statementCacheCapacity: Int

    /// Creates a configuration; all have defaults that suit a small machine.
    package init(
        limit: Int = 8,
        acquisitionTimeout: Duration = .seconds(5),
        session: SessionSettings = SessionSettings(),
        statementCacheCapacity: Int = 256
    ) {
        self.limit = limit
        self.acquisitionTimeout = acquisitionTimeout
        self.session = session
        self.statementCacheCapacity = statementCacheCapacity
    }
}
