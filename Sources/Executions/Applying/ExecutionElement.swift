internal import Core

/// What a line does to an execution.
enum ExecutionOperation: Sendable {
    case create(Execution)
    case change(ExecutionChange)
    case observe(ExecutionObservation)
}

/// What became of a line.
enum ExecutionOutcome: Sendable {
    case created(Execution)
    /// The same request came before.
    case repeated(Execution)
    case changed(Execution)
    case observed(ExecutionObservation, of: Execution)
    case notFound
    /// The rules of the ledger forbid it; nothing is changed.
    case conflict(String)
}

/// An operation of a line, on its way to the rows.
package struct ExecutionElement: Sendable {
    /// The line.
    let seq: Int64
    /// The execution.
    let id: UUID128
    let cause: ExecutionLedger.Cause
    let operation: ExecutionOperation
    /// What became of it; nil before it is applied.
    var outcome: ExecutionOutcome?
    /// The statuses that the execution got, in order.
    var reached: [LedgerStatus] = []
    /// The contradiction that its axes show.
    var mismatch: Reconciliation.Mismatch?
}
