internal import Core
internal import Postgres

/// An operation on one run, from one element of a line.
enum RunOperation: Sendable {
    /// The record of a POST, or of an element of a batch.
    case create(NewRun)
    case patch(RunPatch)
    /// The maintenance job ends an abandoned run: applies only to a run that is still running.
    case closeStale(RunPatch)
    case associate(CommitAssociation)
}

/// A run as it would be created, made before its event id is looked up: its row is encoded while the previous batch
/// is being applied.
struct NewRun: Sendable {
    /// The members as they were sent; others are absent.
    let sent: RunRecord
    /// The sent members, and the defaults of all others.
    let record: RunRecord
    /// The row of `record`, among those of its line.
    let rows: BinaryCopyBuffer
    /// Its index there.
    let row: Int
}

/// The outcome of an operation, for its client.
package enum RunOutcome: Hashable, Sendable {
    case created
    /// The event id is already stored; its first body stays.
    case duplicate
    case updated
    /// The run has ended meanwhile: nothing is changed.
    case ended
    case associated(runID: String)
    /// No run has this event id.
    case notFound
}

/// An operation of a line on its way to the rows.
package struct RunElement: Sendable {
    /// The line.
    let seq: Int64
    /// When the line arrived.
    let at: Timestamp
    /// The index of the operation in the line's batch.
    let place: Int
    /// The key of the run.
    let key: UUID128
    let operation: RunOperation
    /// Its outcome; nil before it is applied.
    var outcome: RunOutcome?
    /// The status with which it ended the run; nil when it did not.
    var finished: RunStatus?
}
