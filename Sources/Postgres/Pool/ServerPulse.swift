internal import Dispatch
internal import Synchronization

/// Notices a server that keeps its connections open and says nothing, which no error of a socket ever tells.
///
/// A paused machine, a stopped process or a disk that hangs leaves every statement waiting, and the server's own
/// timeouts wait with it. The pulse asks a question of its own every second, on a connection of its own; once one
/// stays without an answer, all that use the pulse learn of it at once.
package final class ServerPulse: Sendable {
    private struct Guarded {
        /// When the question was asked that nothing has answered yet.
        var askedAt: ContinuousClock.Instant?
        var isAsking = false
        var isSilent = false
        var watchers: [UInt64: @Sendable () -> Void] = [:]
        var lastWatcher: UInt64 = 0
    }

    private let connection: DedicatedConnection
    private let patience: Duration
    /// Guards what was asked and who wants to know.
    private let state = Mutex(Guarded())

    /// Makes a pulse that calls a server silent after `patience` without an answer; `run` makes it beat.
    package init(
        _ target: ConnectionTarget,
        _ settings: SessionSettings = SessionSettings(),
        patience: Duration = .seconds(3)
    ) {
        connection = DedicatedConnection(target, settings, label: "weir.postgres.pulse")
        self.patience = patience
    }

    /// Whether the server left a question without an answer for too long, and has not answered since.
    package var isSilent: Bool { state.withLock { $0.isSilent } }

    /// Asks every `interval` until the task is cancelled.
    package func run(every interval: Duration = .seconds(1)) async {
        while !Task.isCancelled {
            beat()
            try? await Task.sleep(for: interval)
        }
        connection.close()
    }

    /// Calls `body` once, on any thread, when the server falls silent; at once when it is.
    func whenSilent(_ body: @escaping @Sendable () -> Void) -> UInt64 {
        let (id, isSilent) = state.withLock { state in
            state.lastWatcher += 1
            if !state.isSilent { state.watchers[state.lastWatcher] = body }
            return (state.lastWatcher, state.isSilent)
        }
        if isSilent { body() }
        return id
    }

    /// Takes a watcher back.
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

    /// On the connection's queue. A quick refusal is an answer too: the pool finds out by itself what it means.
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
