internal import Core
internal import Postgres

/// What became of an operation: what its client is told.
package enum RunWriteOutcome: Hashable, Sendable {
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
