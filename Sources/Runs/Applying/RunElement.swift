internal import Core
internal import Postgres

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
    var outcome: RunWriteOutcome?
    /// How the run has ended by it; nil when it has not.
    var finished: RunStatus?

    /// The ping whose run is not known yet; nil for every other operation.
    var ping: Ping? {
        guard case .pinged(let ping) = operation else { return nil }
        return ping
    }
}
