package import Core

/// A window of time, by the senders' clocks.
package struct MeasuredWindow: Hashable, Sendable {
    /// Both bounds are inclusive; nil where it is open.
    package let since: Timestamp?
    package let until: Timestamp?

    /// A window with these bounds. Whole hours are read from rollups, what is left at both ends task by task.
    package init(since: Timestamp?, until: Timestamp?) {
        self.since = since
        self.until = until
    }

    /// The window that ends now. One of six hours or more begins at a whole hour, so that it is at most an hour longer,
    /// and is read from rollups alone.
    package init(last duration: Duration, before now: Timestamp) {
        let begin = now - duration
        let hour: Int64 = 3_600_000_000
        let isLong = duration >= .seconds(6 * 3600)
        let excess = isLong ? (begin.microseconds % hour + hour) % hour : 0
        since = Timestamp(microseconds: begin.microseconds - excess)
        until = nil
    }
}

/// How the attempts of tasks ended.
package struct MeasuredTasks: Hashable, Sendable {
    /// Attempts that ended, in whatever way.
    package let completions: Int64
    package let succeeded: Int64
    /// All attempts that failed; those that were retried or ignored, too.
    package let failed: Int64
    /// Those of them that were neither retried nor ignored, as far as Nextflow said so: of an attempt that could not be
    /// submitted it says nothing, and it counts here.
    package let failedForGood: Int64
    /// Failed attempts that the pipeline ignored.
    package let ignored: Int64
    /// Attempts that were killed since their run ended.
    package let aborted: Int64
    /// Nextflow's weblog does not tell of cached tasks; only another source may.
    package let cached: Int64
    /// Attempts that were not the first.
    package let retried: Int64

    /// The failed share of the attempts that succeeded or failed, from 0 to 1; nil without any.
    package var failureRatio: Double? {
        let tried = succeeded + failed
        return tried > 0 ? Double(failed) / Double(tried) : nil
    }
}

/// What a process did in a window.
package struct MeasuredProcess: Hashable, Sendable {
    /// The project (the workflow) of the process's newest task; nil if its run told none.
    package let project: String?
    /// The full name; `<null>` for tasks without one.
    package let process: String
    package let tasks: MeasuredTasks
    /// How many durations the next two are made from: `durationSample` of the newest of each attempt at most.
    package let durations: Int64
    /// Of successful attempts: the time at work, without the time in a queue. Milliseconds; nil without any.
    package let meanMilliseconds: Double?
    package let p95Milliseconds: Double?
}

/// A run that has not ended.
package struct MeasuredRun: Hashable, Sendable {
    /// What is known of it.
    package enum State: String, Sendable {
        /// No task has begun yet.
        case pending
        case running
        /// It has sent nothing for too long.
        case stale
        /// It sent an error a minute ago or more, and nothing since. Old versions of Nextflow send no end then.
        case failed
    }

    package let runID: String
    package let runName: String
    package let project: String?
    package let state: State
    /// When its latest execution began, by its own clock.
    package let startedAt: Timestamp
    package let lastEventAt: Timestamp
    /// Tasks at work, and tasks submitted and not at work; 0 for a run that is stale or failed.
    package let runningTasks: Int64
    package let queuedTasks: Int64
    /// When the task was submitted that has waited longest.
    package let oldestQueuedAt: Timestamp?
    /// All attempts of the run that failed or were aborted; retried ones, too.
    package let failedAttempts: Int64
    /// The 95th percentile of the durations of the last 20 successful runs of the project, in milliseconds; nil without
    /// any among its last 200 runs.
    package let usualMilliseconds: Double?

    /// Whether it is silent for too long.
    package var isStale: Bool { state == .stale }
}

/// The tasks of a project that were submitted and have not started.
package struct MeasuredPending: Hashable, Sendable {
    package let project: String?
    package internal(set) var tasks: Int64
    /// When the one was submitted that has waited longest.
    package internal(set) var oldestSubmittedAt: Timestamp
}

/// What ended in a window.
package struct MeasuredTotals: Hashable, Sendable {
    package let runsSucceeded: Int64
    package let runsFailed: Int64
    /// Runs that were cancelled.
    package let runsAborted: Int64
    package let tasks: MeasuredTasks
}

/// How the runs of a project ended in a window.
package struct MeasuredOutcomes: Hashable, Sendable {
    package let project: String?
    package let runsSucceeded: Int64
    package let runsFailed: Int64
    /// Runs that were cancelled.
    package let runsAborted: Int64
}
