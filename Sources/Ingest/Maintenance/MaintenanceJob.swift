package import Core
package import Postgres

/// Work on the database that one of all Weirs does now and then: partitions, retention, pruning.
package struct MaintenanceJob: Sendable {
    /// A name for logs, `nextflow.partitions`.
    package let name: String
    /// The pause between two performances.
    package let interval: Duration
    /// What is done, on the maintenance jobs' own connection and queue; `now` is the moment it began.
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
