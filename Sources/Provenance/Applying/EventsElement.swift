internal import Core

/// The events of one line, on their way to the rows: all of them are stored or none.
package struct EventsElement: Sendable {
    /// The line.
    let seq: Int64
    let events: [ProvenanceEvent]
    /// What became of them; nil before they are applied.
    var outcome: EventOutcome?
}
