internal import Core
internal import Ingest

/// One execution on its way through one line: the rules of the ledger, without SQL. Contract beampipe §5.3, §5.4.
struct ExecutionLedger: Sendable {
    /// Why a change is not made.
    struct Refusal: Error, Hashable {
        let message: String
    }

    /// The line that changes it.
    struct Cause: Hashable, Sendable {
        let at: Timestamp
        /// The id of the request.
        let request: String?
    }

    private(set) var execution: Execution
    /// Outbox events, in order.
    var events: [OutboxEvent] = []
    /// The statuses that it got, in order.
    private(set) var reached: [LedgerStatus] = []
    /// The contradiction that its axes show, be it new or not.
    private(set) var mismatch: Reconciliation.Mismatch?
    let cause: Cause

    init(_ execution: Execution, _ cause: Cause) {
        self.execution = execution
        self.cause = cause
    }

    /// Tells of a new execution.
    mutating func create() {
        tell("execution.created", by: Actor.api) { payload, execution in
            payload.member("archive_name", execution.text(.archiveName))
            payload.member("sources", raw: execution[.sources] ?? Array("[]".utf8))
            payload.member("output_verification_required", execution.needsOutputs)
            payload.member(
                "output_verification_policy",
                raw: execution[.outputVerificationPolicy] ?? Array("null".utf8)
            )
        }
    }

    /// Makes a change.
    ///
    /// A wish for another status of a completed or cancelled execution is ignored, and its other members still apply.
    mutating func apply(_ change: ExecutionChange) throws(Refusal) {
        let before = execution
        let wish = change.status.flatMap { $0 == before.status || before.status.isFinal ? nil : $0 }
        if let wish, !before.status.next.contains(wish) {
            let allowed = before.status.next.map(\.rawValue).joined(separator: ", ")
            throw Refusal(
                message:
                    "An execution that is \(before.status.rawValue) cannot become \(wish.rawValue), only \(allowed)."
            )
        }
        for (column, value) in change.values { execution[column] = value }
        if change.sets(.workflowManifest) { keepRecord(of: before) }
        merge(change.runRecord)
        if let wish { move(to: wish, change) }
        if ExecutionColumn.axes.contains(where: { before[$0] != execution[$0] }) {
            reconcile(decides: change.status == nil, change)
        }
        try finish(before)
    }

    /// Takes what was seen: an observation older than the newest of its axis is kept and changes nothing, and so is any of
    /// an execution that is over.
    mutating func observe(_ seen: ExecutionObservation) throws(Refusal) {
        let before = execution
        guard !before.status.isTerminal else { return }
        let columns: (state: ExecutionColumn, raw: ExecutionColumn?, at: ExecutionColumn)
        switch seen.kind {
        case .scheduler: columns = (.schedulerState, .schedulerRawState, .schedulerObservedAt)
        case .daliugeSession: columns = (.daliugeState, .daliugeRawStatus, .daliugeObservedAt)
        case .output: columns = (.outputState, nil, .outputObservedAt)
        case .daliugeGraph: return
        }
        // A clock that is ahead does not hold the axis: what it says counts as seen a minute after it came.
        let seenAt = min(seen.observedAt, cause.at.adding(seconds: 60))
        if let last = before.time(columns.at) {
            let isOlder = seenAt < last
            let isEarlier = seenAt == last && seen.isBefore(before.text(columns.state) ?? "")
            if isOlder || isEarlier { return }
        }
        execution.set(columns.at, seenAt)
        execution.set(columns.state, seen.state)
        if let raw = columns.raw { execution.set(raw, seen.rawState) }
        if seen.kind == .scheduler { execution.set(.schedulerReason, seen.reason) }
        reconcile(decides: true, ExecutionChange())
        try finish(before)
    }

    // MARK: - Status

    /// Follows what the axes say.
    private mutating func reconcile(decides: Bool, _ change: ExecutionChange) {
        execution.set(.lastReconciledAt, cause.at)
        let isSlurm = execution.text(.schedulerName) == "slurm"
        if isSlurm, execution.axes.scheduler == .succeeded, execution.axes.daliuge.isUnknown {
            execution.set(.daliugeState, DaliugeState.finished.rawValue)
        }
        let verdict = Reconciliation(execution.axes)
        let isOpen = !execution.status.isTerminal
        if decides, isOpen, let target = verdict.status, target != execution.status {
            for status in execution.status.way(to: target) ?? [] {
                move(to: status, change, outcome: verdict.outcome)
            }
        }
        if isOpen || !reached.isEmpty { note(verdict.mismatch) }
    }

    /// Tells of a contradiction that is new. Contract beampipe §11.1, D14.
    private mutating func note(_ mismatch: Reconciliation.Mismatch?) {
        self.mismatch = mismatch
        let isNew = mismatch?.rawValue != execution.text(.mismatchCode)
        execution.set(.mismatchCode, mismatch?.rawValue)
        guard let mismatch, isNew else { return }
        tell("execution.reconciliation_mismatch", by: Actor.reconciler) { payload, execution in
            payload.member("code", mismatch.rawValue)
            payload.member("message", mismatch.message)
            payload.member("requires_operator", mismatch.needsOperator)
            payload.member("previous_control_phase", execution.text(.controlPhase))
            payload.member("scheduler_state", execution.text(.schedulerState))
            payload.member("daliuge_state", execution.text(.daliugeState))
        }
    }

    private mutating func move(
        to status: LedgerStatus,
        _ change: ExecutionChange,
        outcome: TerminalOutcome? = nil
    ) {
        let before = execution.status
        execution.set(.status, status.rawValue)
        reached.append(status)
        if status == .running, execution[.startedAt] == nil { execution.set(.startedAt, cause.at) }
        if status == .retrying { retry(change) }
        let isRecovery = status == .running && (before.isTerminal || before == .retrying)
        if isRecovery || status == .completed, !change.sets(.lastError) { execution[.lastError] = nil }
        if status.isTerminal {
            end(status, change, outcome)
        } else if before.isTerminal, status != .retrying {
            reopen(change)
        }
        tellStatus(from: before, to: status, change.reason)
    }

    private mutating func end(
        _ status: LedgerStatus,
        _ change: ExecutionChange,
        _ outcome: TerminalOutcome?
    ) {
        if execution[.completedAt] == nil { execution.set(.completedAt, cause.at) }
        if !change.sets(.executionPhase) { execution[.executionPhase] = nil }
        if !change.sets(.controlPhase) { execution.set(.controlPhase, ControlPhase.terminal.rawValue) }
        let usual: TerminalOutcome? =
            switch status {
            case .completed: .succeeded
            case .failed: .failed
            case .cancelled: .cancelled
            default: nil
            }
        if !change.sets(.terminalOutcome) { execution.set(.terminalOutcome, (outcome ?? usual)?.rawValue) }
        if outcome == .inconsistent, !change.sets(.failureClass) {
            execution.set(.failureClass, FailureClass.inconsistentState.rawValue)
        }
    }

    /// A new attempt begins with fresh axes: those of the last one would fail it at once.
    private mutating func retry(_ change: ExecutionChange) {
        execution[.retryCount] = Array(String(execution.retryCount + 1).utf8)
        reach("retry_\(execution.retryCount)")
        let output: OutputState = execution.needsOutputs ? .pending : .notStarted
        let fresh: [(ExecutionColumn, String)] = [
            (.submissionState, SubmissionState.notStarted.rawValue),
            (.schedulerState, SchedulerState.notSubmitted.rawValue),
            (.daliugeState, DaliugeState.notCreated.rawValue),
            (.outputState, output.rawValue),
        ]
        for (column, state) in fresh where !change.sets(column) { execution.set(column, state) }
        execution[.mismatchCode] = nil
        reopen(change)
    }

    /// What an end left behind does not hold any more.
    private mutating func reopen(_ change: ExecutionChange) {
        execution[.completedAt] = nil
        if !change.sets(.terminalOutcome) { execution[.terminalOutcome] = nil }
        if !change.sets(.failureClass) { execution[.failureClass] = nil }
        if !change.sets(.controlPhase) { execution.set(.controlPhase, ControlPhase.admitted.rawValue) }
    }

    // MARK: - The end of a change

    private mutating func finish(_ before: Execution) throws(Refusal) {
        let isVerified = execution.axes.output == .verified
        guard execution.status != .completed || !execution.needsOutputs || isVerified else {
            throw Refusal(message: "The execution is not complete before its outputs are verified.")
        }
        if before[.controlPhase] != execution[.controlPhase], let phase = execution.text(.controlPhase) {
            reach(phase)
        }
        if execution.axes.daliuge == .failed, before.axes.daliuge != .failed { addLogsURL() }
        tellSteps(before)
        if isVerified { reach("outputs_verified") }
        if execution != before { execution.set(.updatedAt, cause.at) }
    }

    /// Notes when a phase was reached first.
    private mutating func reach(_ phase: String) {
        var times = execution.tree(.phaseTimestamps) ?? .empty
        guard times[phase] == nil else { return }
        times[phase] = .text(cause.at.iso8601(offset: .plusZero))
        execution[.phaseTimestamps] = times.bytes
    }

    /// Another manifest does not make forget what the run record has: the end of a job stays.
    private mutating func keepRecord(of before: Execution) {
        guard let stored = before.runRecord else { return }
        var manifest = execution.tree(.workflowManifest) ?? .empty
        let news = manifest[RunRecord.member] ?? .empty
        manifest[RunRecord.member] = RunRecord.merged(stored, with: news)
        execution[.workflowManifest] = manifest.bytes
    }

    private mutating func merge(_ news: JSONTree?) {
        guard let news else { return }
        var manifest = execution.tree(.workflowManifest) ?? .empty
        manifest[RunRecord.member] = RunRecord.merged(manifest[RunRecord.member], with: news)
        execution[.workflowManifest] = manifest.bytes
    }

    private mutating func addLogsURL() {
        guard let url = DebugFields(execution).logsURL else { return }
        var manifest = execution.tree(.workflowManifest) ?? .empty
        manifest["dim_logs_url"] = .text(url)
        execution[.workflowManifest] = manifest.bytes
    }
}
