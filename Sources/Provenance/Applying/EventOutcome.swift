internal import Core

/// What became of the events of a line: what their producer is told.
package enum EventOutcome: Sendable {
    /// All are stored, now or before: those that were there already, by their places in the line.
    case stored(earlier: [Int: ProvenanceEvent])
    /// Nothing is stored, since these places have ids that belong to other events.
    case conflict([Int])
}
