/// The status of an execution in the ledger, and which may follow which. Contract beampipe §5.3.
enum LedgerStatus: String, CaseIterable, Sendable {
    case pending, running
    case awaitingScheduler = "awaiting_scheduler"
    case notSubmitted = "not_submitted"
    case completed, failed, retrying, cancelled

    /// Those that may follow.
    var next: [LedgerStatus] {
        switch self {
        case .pending: [.running, .cancelled, .failed]
        case .running: [.awaitingScheduler, .completed, .notSubmitted, .failed, .cancelled]
        case .awaitingScheduler: [.running, .completed, .failed, .cancelled]
        case .notSubmitted: [.running, .cancelled]
        case .failed: [.retrying, .running, .cancelled]
        case .retrying: [.running, .failed, .cancelled]
        case .completed, .cancelled: []
        }
    }

    /// Whether the execution is over.
    var isTerminal: Bool {
        switch self {
        case .completed, .failed, .cancelled, .notSubmitted: true
        case .pending, .running, .awaitingScheduler, .retrying: false
        }
    }

    /// Whether nothing may follow: a wish for another status is ignored.
    var isFinal: Bool { next.isEmpty }

    /// The statuses that lead to another one, itself included: the direct way, or the one over `running`, which is what
    /// must have happened in between. Nil when there is none.
    func way(to target: LedgerStatus) -> [LedgerStatus]? {
        if next.contains(target) { return [target] }
        guard next.contains(.running), LedgerStatus.running.next.contains(target) else { return nil }
        return [.running, target]
    }

    /// The kind of the outbox event for a change to this status; nil for the one that nothing leads to.
    var outboxKind: String? {
        switch self {
        case .pending: nil
        case .retrying: "execution.retry_requested"
        default: "execution.\(rawValue)"
        }
    }

    /// The statuses of executions that are not over.
    static let active: [LedgerStatus] = allCases.filter { !$0.isTerminal }
}
