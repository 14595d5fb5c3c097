internal import Core

/// Something that may change a stage.
enum StageChange: Hashable, Sendable {
    /// A job was handed out.
    case dispatched
    /// A worker says how an attempt ended.
    case result(isSuccess: Bool)
    /// A worker says what the stage is doing.
    case status(StageStatus)
    /// An operator has the stage done again.
    case rerun
    /// An operator leaves the stage out.
    case skip
    /// The attempt that began then was never taken up.
    case expired(Timestamp?)

    /// Where the change came from, in the words of contract pipelogiq §6.4.
    var source: String {
        switch self {
        case .dispatched: "publisher"
        case .result: "result_consumer"
        case .status: "status_consumer"
        case .rerun: "rerun_stage"
        case .skip: "skip_stage"
        case .expired: "pending_watcher"
        }
    }
}

/// What became of a change.
enum StageOutcome: Hashable, Sendable {
    /// The stage has a new status.
    case changed(from: StageStatus, StageState)
    /// The stage has the status already.
    case unchanged
    /// The stage is not in a state in which this counts: a duplicate, or too late.
    case notActive
}

/// The one place that knows how a stage changes. A pure function. Contract pipelogiq §7.3.
enum StageTransition {
    static func apply(_ change: StageChange, to stage: StageState, at time: Timestamp) -> StageOutcome {
        var next = stage
        switch change {
        case .dispatched:
            guard stage.status == .notStarted || stage.status == .retryScheduled else { return .notActive }
            begin(&next, .pending, time)
        case .result(let isSuccess):
            guard stage.status.isActive else { return .notActive }
            finish(&next, isSuccess: isSuccess, time)
        case .status(let status):
            if status == stage.status { return .unchanged }
            guard !stage.status.isOver else { return .notActive }
            set(&next, status, time)
        case .rerun:
            if stage.status == .notStarted { return .unchanged }
            reset(&next)
        case .skip:
            if stage.status == .skipped { return .unchanged }
            set(&next, .skipped, time)
        case .expired(let begun):
            guard stage.status == .pending, stage.startedAt == begun else { return .notActive }
            set(&next, .failed, time)
        }
        return .changed(from: stage.status, next)
    }

    private static func begin(_ stage: inout StageState, _ status: StageStatus, _ time: Timestamp) {
        stage.status = status
        stage.startedAt = time
        stage.finishedAt = nil
        stage.nextRetryAt = nil
    }

    /// A failure is repeated while there are retries left, and an interval for them.
    private static func finish(_ stage: inout StageState, isSuccess: Bool, _ time: Timestamp) {
        stage.finishedAt = time
        if isSuccess {
            stage.status = .completed
        } else if stage.maxRetries > 0, stage.retryInterval > 0, stage.retryAttempt < stage.maxRetries {
            stage.status = .retryScheduled
            stage.retryAttempt += 1
            stage.nextRetryAt = time + .seconds(stage.retryInterval)
        } else {
            stage.status = .failed
        }
    }

    private static func set(_ stage: inout StageState, _ status: StageStatus, _ time: Timestamp) {
        switch status {
        case .notStarted: reset(&stage)
        case .pending, .running:
            // The time of the broker's queue counts, too: an attempt begins when it is handed out.
            if stage.status.isActive { stage.status = status } else { begin(&stage, status, time) }
        case .retryScheduled:
            stage.status = .retryScheduled
            stage.finishedAt = time
            stage.nextRetryAt = time + .seconds(stage.retryInterval)
        case .completed, .failed, .skipped:
            stage.status = status
            stage.finishedAt = time
            stage.nextRetryAt = nil
            if status == .skipped {
                stage.isSkipped = true
            } else {
                stage.startedAt = stage.startedAt ?? time
            }
        }
    }

    private static func reset(_ stage: inout StageState) {
        stage.status = .notStarted
        stage.startedAt = nil
        stage.finishedAt = nil
        stage.nextRetryAt = nil
        stage.retryAttempt = 0
        stage.isSkipped = false
    }
}
