package import Core
package import Postgres

/// What executions ask of the other features: features know nothing of each other, so an adapter of the server answers.
package protocol ExecutionSurroundings: Sendable {
    /// The newest provenance events of an execution as JSON objects, the oldest first.
    ///
    /// - Throws: `PostgresError`.
    func events(of execution: UUID128, atMost count: Int, on connection: Connection) throws -> [[UInt8]]

    /// The workers that send heartbeats.
    ///
    /// - Throws: `PostgresError`.
    func workers(at now: Timestamp, on connection: Connection) throws -> [ExecutionWorker]

    /// How many deliveries of alerts were made since a moment, whatever became of them.
    ///
    /// - Throws: `PostgresError`.
    func deliveries(since time: Timestamp, on connection: Connection) throws -> Int64
}

/// A worker as the registry knows it.
package struct ExecutionWorker: Hashable, Sendable {
    /// Its name, the pool's.
    package let pool: String
    /// The age of its last heartbeat.
    package let heartbeatAge: Duration
    /// Whether it has said goodbye.
    package let isStopped: Bool

    /// Describes a worker.
    package init(pool: String, heartbeatAge: Duration, isStopped: Bool) {
        self.pool = pool
        self.heartbeatAge = heartbeatAge
        self.isStopped = isStopped
    }
}
