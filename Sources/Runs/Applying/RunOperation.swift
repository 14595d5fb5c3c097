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
    /// What a ping says of the run that it belongs to.
    case ping(PingRun)
    /// A ping, before it is known which run it belongs to.
    case pinged(Ping)
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
    /// What its line says of its trace; nil for most runs.
    var trace: RunTraceClaim?
}
