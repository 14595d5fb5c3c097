/// How a pool behaves.
package struct PoolConfiguration: Sendable {
    /// The most connections, opened when needed.
    package var limit: Int
    /// How long a task waits for a free connection before it fails with `poolTimeout`.
    package var acquisitionTimeout: Duration
    /// The settings of every session.
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

/// What a pool is doing at this moment, for readiness and metrics.
package struct PoolStatus: Sendable {
    /// The most connections.
    package var limit: Int
    /// Connections in use, including those that are being opened.
    package var inUse: Int
    /// Idle open connections.
    package var idle: Int
    /// Tasks waiting for a connection.
    package var waiting: Int
    /// Whether the last use of the pool got a connection; nil before the first.
    package var isReachable: Bool?
    /// Why the server is not reachable, or that it has no free connection; nil otherwise.
    package var lastError: PostgresError?
    /// Connections handed out since the start.
    package var acquisitions: UInt64
    /// Timeouts of waiting tasks since the start.
    package var timeouts: UInt64
    /// Attempts to connect that failed since the start.
    package var connectFailures: UInt64
}
