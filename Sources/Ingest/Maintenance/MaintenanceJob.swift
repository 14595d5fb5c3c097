package import Core
package import Postgres

/// Work on the database that the leader does at intervals: partitions, retention, pruning.
package struct MaintenanceJob: Sendable {
    /// Its name in logs: `nextflow.partitions`.
    package let name: String
    /// The pause between two runs.
    package let interval: Duration
    /// The work, on the connection and queue of the maintenance jobs; `now` is the time when it began.
    package let perform: @Sendable (_ connection: Connection, _ now: Timestamp) throws -> Void

    /// Describes a maintenance job.
    package init(
        _ name: String,
        every interval: Duration,
        perform: @escaping @Sendable (_ connection: Connection, _ now: Timestamp) throws -> Void
    ) {
        self.name = name
        self.interval = interval
        self.perform = perform
    }
}
