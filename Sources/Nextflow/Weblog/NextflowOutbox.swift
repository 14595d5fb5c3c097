internal import Core
internal import Ingest
internal import Postgres

/// What a batch tells other features: runs that have begun or ended, and tasks that failed for good.
///
/// Each is told once: a begin and an end by the execution's row, a failure by its completion, and all three by the
/// batch that holds the lock of the run. History is not told: what an import reconstructed, and events that were old
/// when they arrived.
struct NextflowOutbox: Sendable {
    /// Events that arrived later than this after they happened are not told.
    let mutedAfter: Duration

    /// Whether the batch may tell something and a consumer is registered. A batch of tasks that succeed asks nothing.
    func isHeard(_ elements: [NextflowElement], on connection: Connection) throws -> Bool {
        guard elements.contains(where: { isTold($0.event) }) else { return false }
        return try OutboxStore.hasConsumers(on: connection)
    }

    /// Writes the outbox events of a merged batch, in its transaction.
    func write(
        _ elements: [NextflowElement],
        _ changes: NextflowExecutions.Changes,
        on connection: Connection
    ) throws {
        let begins = arrivals(elements, EventName.started)
        let ends = arrivals(elements, EventName.completed)
        let begun = changes.begun.filter { begins[$0] != nil }
        let ended = changes.ended.filter { ends[$0.execution] != nil }
        let failures = elements.filter { $0.isNewCompletion && isTold($0.event) }

        let told = try NextflowApplyStore.fetchTold(begun + ended.map(\.execution), on: connection)
        var events = begun.compactMap { execution in
            told[execution]?.event("nextflow.run_started", at: begins[execution] ?? .epoch, isEnd: false)
        }
        let failedRuns = ended.filter { $0.state == .failed }.map(\.execution)
        for task in try NextflowApplyStore.fetchFailed(failures, failedRuns, on: connection) {
            let arrived = failures.first { $0.completionKey == task.key }?.event.receivedAt
            let ended = failedRuns.first { $0.run == task.run }.flatMap { ends[$0] }
            events.append(task.event(at: arrived ?? ended ?? .epoch))
        }
        events += ended.compactMap { execution, state in
            told[execution]?.event(state.outboxKind, at: ends[execution] ?? .epoch, isEnd: true)
        }
        try OutboxStore.insert(events, on: connection)
    }

    /// When the first event of a name arrived for each execution, without those that are not told.
    private func arrivals(_ elements: [NextflowElement], _ name: String) -> [NextflowExecution: Timestamp] {
        var arrivals: [NextflowExecution: Timestamp] = [:]
        for element in elements where element.event.event == name && isTold(element.event) {
            let event = element.event
            let execution = NextflowExecution(run: event.runKey, start: event.workflow?.start)
            arrivals[execution] = arrivals[execution] ?? event.receivedAt
        }
        return arrivals
    }

    private func isTold(_ event: NextflowEvent) -> Bool {
        guard event.receivedAt - event.utcTime <= mutedAfter else { return false }
        switch event.event {
        case EventName.started, EventName.completed: return event.workflow?.isReconstructed != true
        case EventName.taskCompleted: return event.task?.mayHaveFailedForGood == true
        default: return false
        }
    }
}

extension Trace {
    /// Whether the task has failed, and Nextflow neither retries nor ignores it. An aborted task has not failed: its
    /// run has ended.
    var mayHaveFailedForGood: Bool {
        status == "FAILED" && errorAction != "RETRY" && errorAction != "IGNORE"
    }
}

extension RunState {
    /// The kind of the outbox event for an end in this state.
    fileprivate var outboxKind: String {
        switch self {
        case .succeeded: "nextflow.run_succeeded"
        case .aborted: "nextflow.run_aborted"
        case .failed, .pending, .running, .stale: "nextflow.run_failed"
        }
    }
}
