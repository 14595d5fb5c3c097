internal import Core
internal import Postgres

/// What one element of a line does to one run.
enum RunOperation: Sendable {
    /// The record of a POST, or of an element of a batch.
    case create(NewRun)
    case patch(RunPatch)
    /// What a maintenance job says of a run that nobody ended: it holds only for a run that is still running.
    case closeStale(RunPatch)
    case associate(CommitAssociation)
}

/// A run as it would begin, made before anybody knows whether it does: its row is encoded while the batch before it is
/// being applied.
struct NewRun: Sendable {
    /// What was sent: what is missing says nothing.
    let sent: RunRecord
    /// What was sent, with the defaults for all that was not.
    let record: RunRecord
    /// The row of `record`, among those of its line.
    let rows: BinaryCopyBuffer
    /// Which of them.
    let row: Int
}

/// What became of an operation: what its client is told.
package enum RunOutcome: Hashable, Sendable {
    case created
    /// The event id was there already; its first body stays.
    case duplicate
    case updated
    /// The run has ended by itself meanwhile: nothing is changed.
    case ended
    case associated(runID: String)
    /// No run has this event id.
    case notFound
}

/// An operation of a line, on its way to the rows.
package struct RunElement: Sendable {
    /// The line.
    let seq: Int64
    /// When it had arrived.
    let at: Timestamp
    /// Where in the line's batch the operation stands.
    let place: Int
    /// The key of the run.
    let key: UUID128
    let operation: RunOperation
    /// What became of it; nil before it is applied.
    var outcome: RunOutcome?
    /// How the run has ended by it; nil when it has not.
    var finished: RunStatus?
}
