internal import Core
package import Ingest
internal import Postgres

/// What has to be done for the tables of this feature now and then, by one of all Weirs.
package enum RunsDuties {
    /// Retention of runs (`keep`, nil for ever), and the end of abandoned ones (`stale`, nil for never).
    package static func duties(keep: Duration?, stale: StaleRuns?) -> [Duty] {
        var duties: [Duty] = []
        if let keep {
            duties.append(
                Duty("runs.retention", every: .seconds(60)) { connection, now in
                    // Other duties want their turn, too: what is left goes a minute later.
                    let sweep = RetentionSweep(AgingRuns(), before: now - keep)
                    _ = try sweep.run(on: connection, for: .seconds(30))
                }
            )
        }
        if let stale { duties.append(stale.duty) }
        return duties
    }
}
