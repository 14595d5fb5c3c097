internal import Core
internal import Ingest
internal import Postgres

/// Merges events into runs, executions, tasks and completions, whichever client told them, and tells other features.
struct NextflowMerge: Sendable {
    private let outbox: NextflowOutbox
    /// Whether somebody counts the executions that end.
    private let noticesEnds: Bool

    /// Makes a merge; other features are not told of an event that arrived later than `mutedAfter` after it happened.
    init(mutedAfter: Duration, noticesEnds: Bool) {
        outbox = NextflowOutbox(mutedAfter: mutedAfter)
        self.noticesEnds = noticesEnds
    }

    /// Merges events whose ids are consecutive, and notes in them what was new to PostgreSQL.
    func apply(to elements: inout [NextflowElement], on connection: Connection) throws {
        guard let first = elements.first?.telemetryID, let last = elements.last?.telemetryID else { return }
        let isHeard = try outbox.isHeard(elements, on: connection)
        let watched = elements.map(\.event).filter { event in
            isHeard && event.workflow != nil || noticesEnds && event.event == EventName.completed
        }
        try NextflowApplyStore.stage(elements, on: connection)
        try NextflowApplyStore.mergeRuns(from: first, through: last, on: connection)
        let executions = try NextflowExecutions(of: watched.map(\.runKey), on: connection)
        let fresh = try NextflowApplyStore.mergeParts(from: first, through: last, on: connection)
        for index in elements.indices where fresh.contains(elements[index].telemetryID) {
            elements[index].isNewCompletion = true
        }
        let placed = elements.filter { element in
            element.event.isTower && !element.isNewCompletion && element.event.tellsPlace
                && element.completionKey != nil
        }
        try NextflowApplyStore.placeCompletions(placed, on: connection)
        let changes = try executions.changes(on: connection)
        elements[0].finishedRuns = changes.ended.map(\.state)
        if isHeard { try outbox.write(elements, changes, on: connection) }
    }
}
