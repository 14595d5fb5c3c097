internal import Dispatch
internal import Synchronization

/// Detects a server that keeps its connections open and does not respond, which no socket error shows.
///
/// A paused machine, a stopped process or a disk that hangs leaves every statement waiting, and the server's own
/// timeouts wait with it. The pulse sends a query every second, on a separate connection; if one gets no response, all
/// users of the pulse are notified at once.
package final class ServerPulse: Sendable {
    private struct Guarded {
        /// When the query was sent that has no response yet.
        var askedAt: ContinuousClock.Instant?
        var isAsking = false
        var isSilent = false
        var watchers: [UInt64: @Sendable () -> Void] = [:]
        var lastWatcher: UInt64 = 0
    }

    private let connection: DedicatedConnection
    private let patience: Duration
    /// Guards the pending query and the watchers.
    private let state = Mutex(Guarded())

    /// Makes a pulse that reports a server as silent after `patience` without a response; `run` starts it.
    package init(
        _ target: ConnectionTarget,
        _ settings: SessionSettings = SessionSettings(),
        patience: Duration = .seconds(3)
    ) {
        connection = DedicatedConnection(target, settings, label: "weir.postgres.pulse")
        self.patience = patience
    }

    /// Whether the server exceeded the timeout of a query, and has not responded since.
    package var isSilent: Bool { state.withLock { $0.isSilent } }

    /// Sends a query every `interval` until the task is cancelled.
    package func run(every interval: Duration = .seconds(1)) async {
        while !Task.isCancelled {
            beat()
            try? await Task.sleep(for: interval)
        }
        connection.close()
    }

    /// Calls `body` once, on any thread, when the server stops responding; at once if it already has.
    func whenSilent(_ body: @escaping @Sendable () -> Void) -> UInt64 {
        let (id, isSilent) = state.withLock { state in
            state.lastWatcher += 1
            if !state.isSilent { state.watchers[state.lastWatcher] = body }
            return (state.lastWatcher, state.isSilent)
        }
        if isSilent { body() }
        return id
    }

    /// Removes a watcher.
    func forget(_ watcher: UInt64) {
        state.withLock { $0.watchers[watcher] = nil }
    }

    private func beat() {
        let now = ContinuousClock.now
        let (mayAsk, watchers) = state.withLock { state in
            let mayAsk = !state.isAsking
            state.isAsking = true
            let askedAt = state.askedAt ?? now
            state.askedAt = askedAt
            guard now - askedAt >= patience else { return (mayAsk, [@Sendable () -> Void]()) }
            state.isSilent = true
            defer { state.watchers = [:] }
            return (mayAsk, Array(state.watchers.values))
        }
        for tell in watchers { tell() }
        if mayAsk { connection.queue.async { self.ask() } }
    }

    /// On the connection's queue. A quick refusal is a response too: the pool handles its cause.
    private func ask() {
        let began = ContinuousClock.now
        let result = Result { try connection.onQueue { _ = try $0.execute("SELECT 1", []) } }
        let isAnswer = (try? result.get()) != nil || ContinuousClock.now - began < patience
        state.withLock { state in
            state.isAsking = false
            guard isAnswer else { return }
            state.askedAt = nil
            state.isSilent = false
        }
    }
}

extension PostgresError {
    static let serverSilent = PostgresError(
        kind: .unreachable,
        message: "the server holds its connections open and does not answer",
        context: "wait for an answer"
    )
}
