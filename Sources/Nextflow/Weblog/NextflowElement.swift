internal import Core
internal import Journal

/// An event on its way into rows, with what PostgreSQL decided about it.
package struct NextflowElement: Sendable {
    let event: NextflowEvent
    var telemetryID: Int64 = 0
    var isResend = false
    var isNewCompletion = false
    /// How the executions ended whose end was new to PostgreSQL: noted at the first element of a batch for all of it.
    var finishedRuns: [RunState] = []

    init(_ event: NextflowEvent) {
        self.event = event
    }

    /// The completion that it makes, if it makes one. A row without a task id stands for its line, so a resend
    /// makes none.
    var completionKey: UUID128? {
        guard event.event == EventName.taskCompleted else { return nil }
        if let key = event.taskCompletionKey { return key }
        return isResend
            ? nil : NextflowKeys.completion(run: event.runKey, journal: event.journalID, seq: event.seq)
    }
}
