internal import Core
package import Ingest
internal import Postgres

/// What has to be done for the tables of this feature now and then, by one of all Weirs.
package enum RunsMaintenance {
    /// Retention of runs (`keep`, nil for ever), and the end of abandoned ones (`stale`, nil for never).
    package static func jobs(keep: Duration?, stale: StaleRuns?) -> [MaintenanceJob] {
        var jobs: [MaintenanceJob] = []
        if let keep {
            jobs.append(
                MaintenanceJob("runs.retention", every: .seconds(60)) { connection, now in
                    // Other maintenance jobs want their turn, too: what is left goes a minute later.
                    let sweep = RetentionSweep(AgingRuns(), before: now - keep)
                    _ = try sweep.run(on: connection, for: .seconds(30))
                }
            )
        }
        if let stale { jobs.append(stale.job) }
        return jobs
    }
}
