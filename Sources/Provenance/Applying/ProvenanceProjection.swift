package import Core
package import Ingest
package import Journal
package import Postgres

/// Turns lines with posted events into rows.
package struct ProvenanceProjection: Projection {
    /// The name of the stream.
    static let streamName = "provenance"

    package let stream = ProvenanceProjection.streamName
    package let kinds = [EventLine.kind]
    package let stageCount = 1

    /// Connects the routes and the loader.
    package typealias Board = OutcomeBoard<[ProvenanceEvent], EventOutcome>

    private let board: Board?
    private let metrics: ProvenanceMetrics?
    private let stored: @Sendable () -> Void

    /// Makes the projection; `board` and `metrics` get everything that is loaded live, and `stored` is called after.
    package init(
        board: Board? = nil,
        metrics: ProvenanceMetrics? = nil,
        stored: @escaping @Sendable () -> Void = {}
    ) {
        self.board = board
        self.metrics = metrics
        self.stored = stored
    }

    package func decode(_ line: JournalLine, journal: UUID128) throws(Refusal) -> [EventsElement] {
        guard line.kind == EventLine.kind else {
            throw Refusal(reason: "not a line of provenance events: \(line.kind)")
        }
        let events =
            if let parsed = board?.takeParsed(line.seq) { parsed } else {
                try EventLine.decode(Array(line.body))
            }
        return [EventsElement(seq: line.seq, events: events)]
    }

    package func prepare(_ connection: Connection) throws {
        try EventsApplyStore.prepare(connection)
    }

    package func prepare(_ elements: [EventsElement], on connection: Connection) throws {}

    package func apply(stage: Int, to elements: inout [EventsElement], on connection: Connection) throws {
        let events = elements.flatMap(\.events)
        let areDistinct = Set(events.map(\.id)).count == events.count
        // Nearly always all ids are new.
        if areDistinct, try EventsApplyStore.insertAll(events, on: connection) {
            for index in elements.indices { elements[index].outcome = .stored(earlier: [:]) }
            return
        }
        for index in elements.indices {
            elements[index].outcome = try EventsApplyStore.store(elements[index].events, on: connection)
        }
    }

    package func committed(_ elements: [EventsElement]) {
        var outcomes: [Int64: EventOutcome] = [:]
        for element in elements {
            guard let outcome = element.outcome else { continue }
            outcomes[element.seq] = outcome
            metrics?.loaded(element.events, outcome)
        }
        board?.settle(outcomes)
        stored()
    }
}
