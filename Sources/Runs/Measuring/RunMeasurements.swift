package import Core
package import Postgres

/// What alerts ask of tracked runs: how many ended and how, which are open and for how long, when an agent was heard of.
///
/// Every question is answered by an index or by the counts of runs, over any number of runs: what it costs depends on the
/// window, on the open runs or on the agents. Call it on a connection's own queue; every function throws `PostgresError`.
package struct RunMeasurements {
    /// Runs of one agent and job type that ended in a window.
    package struct Ended: Hashable, Sendable {
        package let agent: String
        package let jobType: String
        /// How many ended, whatever their status.
        package let finished: Int
        /// How many of these failed or timed out.
        package let failed: Int
        /// The 95th percentile of their durations in milliseconds (a value that occurred); nil when none is known.
        package let p95Milliseconds: Int64?
        /// How many attempts their clients reported beyond the first.
        package let retries: Int

        /// The share of runs that did not fail, from 0 to 1; 1 without runs.
        package var successRatio: Double { finished == 0 ? 1 : Double(finished - failed) / Double(finished) }
    }

    /// A run that has begun and not ended.
    package struct Open: Hashable, Sendable {
        package let eventID: String
        package let runID: String
        package let agent: String
        package let jobType: String
        package let project: String?
        /// When it began by its own word, else when it was created.
        package let startedAt: Timestamp
        /// When it was changed last; nil when its text is not a time.
        package let changedAt: Timestamp?
        /// The 95th percentile in milliseconds of the last 20 runs of its agent and job type that succeeded; nil without.
        package let usualMilliseconds: Int64?
        /// From how many runs that is, up to 20.
        package let usualRuns: Int
    }

    /// When an agent was heard of last.
    package struct Last: Hashable, Sendable {
        package let agent: String
        /// When one of its runs began or ended.
        package let at: Timestamp
        /// When one began; nil when none was ever seen running.
        package let startedAt: Timestamp?
        /// When one succeeded; nil when none ever did.
        package let succeededAt: Timestamp?
    }

    private let connection: Connection

    /// Makes measurements on a connection.
    package init(connection: Connection) {
        self.connection = connection
    }

    static let ended = Statement("ended runs", file: PackageResources.ended_runs_sql)
    static let open = Statement("open runs", file: PackageResources.open_runs_sql)
    static let last = Statement("last runs", file: PackageResources.last_runs_sql)

    /// What ended from `start` up to, but not at, `end`, by agent and job type; of one agent or job type if it is given.
    package func ended(
        from start: Timestamp,
        to end: Timestamp,
        agent: String? = nil,
        jobType: String? = nil
    ) throws -> [Ended] {
        let parameters: [Parameter] = [
            .timestamp(start), .timestamp(end), .optional(agent), .optional(jobType),
        ]
        return try connection.execute(Self.ended, parameters).map { row in
            Ended(
                agent: try row.text("agent_name"),
                jobType: try row.text("job_type"),
                finished: try row.int("finished"),
                failed: try row.int("failed"),
                p95Milliseconds: try row.optionalInt64("p95_ms"),
                retries: try row.int("retries")
            )
        }
    }

    /// Open runs, the oldest first, `limit` at most.
    package func open(atMost limit: Int = 10_000) throws -> [Open] {
        try connection.execute(Self.open, [.int(limit)]).map { row in
            Open(
                eventID: try row.text("event_id"),
                runID: try row.text("run_id"),
                agent: try row.text("agent_name"),
                jobType: try row.text("job_type"),
                project: try row.optionalText("project"),
                startedAt: try row.timestamp("started_at"),
                changedAt: try row.optionalText("updated_at").flatMap { RunTimestamp.instant(of: $0) },
                usualMilliseconds: try row.optionalInt64("p95_ms"),
                usualRuns: try row.int("runs")
            )
        }
    }

    /// When each agent was heard of last, or one of them.
    package func lastRuns(of agent: String? = nil) throws -> [Last] {
        try connection.execute(Self.last, [.optional(agent)]).map { row in
            Last(
                agent: try row.text("agent_name"),
                at: try row.timestamp("last_at"),
                startedAt: try row.optionalTimestamp("started_at"),
                succeededAt: try row.optionalTimestamp("succeeded_at")
            )
        }
    }
}
