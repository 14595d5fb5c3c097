package import Core
internal import Ingest
package import Postgres

/// What can be measured of Nextflow's runs, tasks and processes, for whoever compares it with a limit.
///
/// Each function is one statement, whose cost grows with processes, hours or open runs and not with the tasks that were
/// ever stored. Ask within `ReadSnapshot.read`, from any thread that owns the connection; a function throws
/// `PostgresError`.
package struct NextflowMeasurements {
    /// How many completions of each process and attempt a duration is computed from: the newest ones.
    package static let durationSample = 200
    /// How many open runs are read: the newest ones.
    package static let runLimit = 1000

    private let connection: Connection
    private let now: Timestamp
    private let staleAfter: RunSilence

    /// Measures at the moment `now`; a running run that is silent for `staleAfter` is stale.
    package init(connection: Connection, now: Timestamp, staleAfter: RunSilence) {
        self.connection = connection
        self.now = now
        self.staleAfter = staleAfter
    }

    /// Every process that completed a task in the window, by its name; without `withDurations` no durations are read.
    package func processes(
        in window: MeasuredWindow,
        withDurations: Bool = true
    ) throws -> [MeasuredProcess] {
        let sample = Parameter.int(withDurations ? Self.durationSample : 0)
        return try connection.execute(Self.processes, window.parameters + [sample]).map { row in
            MeasuredProcess(
                project: try row.optionalText("project_name"),
                process: try row.text("process"),
                tasks: try MeasuredTasks(row),
                durations: try row.optionalInt64("durations") ?? 0,
                meanMilliseconds: try row.optionalDouble("mean_ms"),
                p95Milliseconds: try row.optionalDouble("p95_ms")
            )
        }
    }

    /// The runs that have not ended, the newest first, `runLimit` at most. Runs that were killed stay among them.
    package func openRuns() throws -> [MeasuredRun] {
        let silence = staleAfter.parameter
        let parameters: [Parameter] = [.timestamp(now), silence, .int(Self.runLimit)]
        return try connection.execute(Self.runs, parameters).map { row in
            let queued = try row.int64("queued")
            return MeasuredRun(
                runID: try row.text("run_id"),
                runName: try row.text("run_name"),
                project: try row.optionalText("project_name"),
                state: MeasuredRun.State(rawValue: try row.text("state")) ?? .running,
                startedAt: try row.timestamp("started_at"),
                lastEventAt: try row.timestamp("last_utc"),
                runningTasks: try row.int64("running"),
                queuedTasks: queued,
                oldestQueuedAt: try row.optionalTimestamp("oldest_queued_at"),
                failedAttempts: try row.int64("failed"),
                usualMilliseconds: try row.optionalDouble("usual_ms")
            )
        }
    }

    /// The tasks that wait, by project, made from open runs: projects without any are not among them.
    package static func pendingWork(of runs: [MeasuredRun]) -> [MeasuredPending] {
        var byProject: [String?: MeasuredPending] = [:]
        for run in runs where run.queuedTasks > 0 {
            let oldest = run.oldestQueuedAt ?? run.lastEventAt
            var pending =
                byProject[run.project]
                ?? MeasuredPending(project: run.project, tasks: 0, oldestSubmittedAt: oldest)
            pending.tasks += run.queuedTasks
            pending.oldestSubmittedAt = min(pending.oldestSubmittedAt, oldest)
            byProject[run.project] = pending
        }
        return byProject.values.sorted { ($0.project ?? "") < ($1.project ?? "") }
    }

    /// What ended in the window. A run that began more than 90 days before the window is not counted.
    package func totals(in window: MeasuredWindow) throws -> MeasuredTotals {
        guard let row = try connection.execute(Self.totals, window.parameters).first else {
            preconditionFailure("BUG: an aggregate has one row")
        }
        return MeasuredTotals(
            runsSucceeded: try row.int64("runs_succeeded"),
            runsFailed: try row.int64("runs_failed"),
            runsAborted: try row.int64("runs_aborted"),
            tasks: try MeasuredTasks(row)
        )
    }

    /// How the runs of each project ended in the window. A run that began more than 90 days before it is not counted.
    package func outcomes(in window: MeasuredWindow) throws -> [MeasuredOutcomes] {
        try connection.execute(Self.outcomes, window.parameters).map { row in
            MeasuredOutcomes(
                project: try row.optionalText("project_name"),
                runsSucceeded: try row.int64("runs_succeeded"),
                runsFailed: try row.int64("runs_failed"),
                runsAborted: try row.int64("runs_aborted")
            )
        }
    }

    private static let outcomes = Statement("measured outcomes", file: PackageResources.measured_outcomes_sql)
    private static let processes = Statement(
        "measured processes",
        file: PackageResources.measured_processes_sql
    )
    private static let runs = Statement("measured runs", file: PackageResources.measured_runs_sql)
    private static let totals = Statement("measured totals", file: PackageResources.measured_totals_sql)
}

extension MeasuredWindow {
    fileprivate var parameters: [Parameter] { [.optional(since), .optional(until)] }
}

extension MeasuredTasks {
    fileprivate init(_ row: Row) throws {
        self.init(
            completions: try row.int64("completions"),
            succeeded: try row.int64("succeeded"),
            failed: try row.int64("failed"),
            failedForGood: try row.int64("failed_for_good"),
            ignored: try row.int64("ignored"),
            aborted: try row.int64("aborted"),
            cached: try row.int64("cached"),
            retried: try row.int64("retried")
        )
    }
}
