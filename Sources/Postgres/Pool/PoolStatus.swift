/// What a pool is doing at this moment, for readiness and metrics.
package struct PoolStatus: Sendable {
    /// The most connections.
    package var limit: Int
    /// Connections lent out, counting those that are being opened.
    package var inUse: Int
    /// Open connections that nobody uses.
    package var idle: Int
    /// Tasks waiting for a connection.
    package var waiting: Int
    /// Whether the last use of the pool found a connection or could make one; nil before the first.
    package var isReachable: Bool?
    /// Why the server is not reachable, or that it has no free connection for us; nil otherwise.
    package var lastError: PostgresError?
    /// Connections lent out since the start.
    package var acquisitions: UInt64
    /// Tasks that waited in vain since the start.
    package var timeouts: UInt64
    /// Attempts to connect that failed since the start.
    package var connectFailures: UInt64
}
