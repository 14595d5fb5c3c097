/// What the axes of an execution say together: the first row that fits decides. Contract beampipe §5.4.
struct Reconciliation: Hashable, Sendable {
    /// What is seen of an execution.
    struct Axes: Hashable, Sendable {
        var submission = SubmissionState.notStarted
        var scheduler = SchedulerState.notSubmitted
        var daliuge = DaliugeState.notCreated
        var output = OutputState.notStarted
        /// Whether the outputs have to be verified before the execution is complete.
        var needsOutputs = false
    }

    /// A contradiction between axes.
    enum Mismatch: String, CaseIterable, Sendable {
        case daliugeFailedSchedulerActive = "daliuge_failed_scheduler_active"
        case schedulerFailedDaliugeActive = "scheduler_failed_daliuge_active"
        case schedulerFinishedDaliugeActive = "scheduler_finished_daliuge_active"
        case partialCancellation = "partial_cancellation"
        case submissionOutcomeUncertain = "submission_outcome_uncertain"
        case schedulerFinishedDaliugeUnconfirmed = "scheduler_finished_daliuge_unconfirmed"

        /// Whether a person has to look at it.
        var needsOperator: Bool {
            self == .schedulerFinishedDaliugeActive || self == .partialCancellation
        }

        /// In a sentence.
        var message: String {
            switch self {
            case .daliugeFailedSchedulerActive: "The session has failed, and its job is still active."
            case .schedulerFailedDaliugeActive: "The job has failed, and its session is still active."
            case .schedulerFinishedDaliugeActive: "The job has ended, and its session is still active."
            case .partialCancellation: "One of job and session is cancelled, and the other is still active."
            case .submissionOutcomeUncertain: "Nobody knows whether the job was submitted."
            case .schedulerFinishedDaliugeUnconfirmed:
                "The job has ended, and nothing is known of its session."
            }
        }
    }

    /// The status that follows; nil when the axes say too little.
    let status: LedgerStatus?
    /// How the execution ends by it; nil when it doesn't.
    var outcome: TerminalOutcome?
    var mismatch: Mismatch?

    private init(_ status: LedgerStatus?, _ outcome: TerminalOutcome? = nil, _ mismatch: Mismatch? = nil) {
        self.status = status
        self.outcome = outcome
        self.mismatch = mismatch
    }

    /// Decides.
    init(_ axes: Axes) { self = Self.ends(axes) ?? Self.goesOn(axes) }

    /// Rows 1 to 6.
    private static func ends(_ axes: Axes) -> Reconciliation? {
        let (scheduler, daliuge) = (axes.scheduler, axes.daliuge)
        if axes.output == .failed || axes.submission == .failed { return Self(.failed, .failed) }
        if daliuge == .failed {
            return Self(.failed, .failed, scheduler.isActive ? .daliugeFailedSchedulerActive : nil)
        }
        if scheduler == .failed || scheduler == .timedOut {
            return Self(.failed, .failed, daliuge.isActive ? .schedulerFailedDaliugeActive : nil)
        }
        if scheduler == .succeeded, daliuge.isActive {
            return Self(.failed, .inconsistent, .schedulerFinishedDaliugeActive)
        }
        if scheduler == .cancelled || daliuge == .cancelled {
            let isPartial = scheduler.isActive || daliuge.isActive
            return isPartial
                ? Self(.cancelled, .inconsistent, .partialCancellation) : Self(.cancelled, .cancelled)
        }
        if daliuge == .finished, scheduler == .succeeded || scheduler == .notSubmitted {
            let isWaiting = axes.needsOutputs && axes.output != .verified
            return isWaiting ? Self(.running) : Self(.completed, .succeeded)
        }
        return nil
    }

    /// Rows 7 to 12.
    private static func goesOn(_ axes: Axes) -> Reconciliation {
        let (scheduler, daliuge) = (axes.scheduler, axes.daliuge)
        if axes.submission == .uncertain { return Self(.awaitingScheduler, nil, .submissionOutcomeUncertain) }
        if scheduler == .pending { return Self(.awaitingScheduler) }
        if scheduler == .running || daliuge.isActive { return Self(.running) }
        if scheduler == .succeeded, daliuge.isUnknown {
            return Self(.awaitingScheduler, nil, .schedulerFinishedDaliugeUnconfirmed)
        }
        if scheduler == .unknown { return Self(.awaitingScheduler) }
        return Self(nil)
    }
}
