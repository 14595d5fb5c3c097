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
