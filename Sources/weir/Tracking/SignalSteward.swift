import Dispatch
import Glibc
import Processes
import Synchronization

/// Passes this process's signals on to the command, and records their meaning. Any thread.
final class SignalSteward: Sendable {
    private enum Phase {
        /// Signals that come before the command has started wait for it.
        case before([SignalRelay.Arrival])
        case running(pid_t)
        /// It has ended; earlier signals may still be in flight.
        case ending
        case after
    }

    private struct State {
        var phase = Phase.before([])
        /// Signals that the command got from this process, or directly from the terminal.
        var told: Set<Int32> = []
        var isTimedOut = false
        var isInOwnSession = false
    }

    // Guards the command's process id and the signals that it got.
    private let state = Mutex(State())
    private let outputs: CommandOutputs

    init(outputs: CommandOutputs) {
        self.outputs = outputs
    }

    /// Whether the time limit has passed.
    var isTimedOut: Bool { state.withLock { $0.isTimedOut } }

    /// Catches signals from now on.
    func start() {
        SignalRelay.start { [weak self] arrival in self?.take(arrival) }
    }

    /// Records the command's process id, and passes earlier signals on.
    func begin(_ process: pid_t, isInOwnSession: Bool) {
        let early = state.withLock { state in
            defer { state.phase = .running(process) }
            state.isInOwnSession = isInOwnSession
            guard case .before(let early) = state.phase else { return [SignalRelay.Arrival]() }
            return early
        }
        for arrival in early { arrival.send(to: process) }
    }

    /// Records that the command has ended: another process may have its id now.
    func end() {
        state.withLock { $0.phase = .ending }
        SignalRelay.settle()
        state.withLock { $0.phase = .after }
    }

    func noteTimeout() { state.withLock { $0.isTimedOut = true } }

    /// Ctrl-C reached the command as a key.
    func noteInterrupt() { state.withLock { _ = $0.told.insert(SIGINT) } }

    /// Ctrl-C always means cancelled; another stop signal does only if the command did not succeed.
    func isCancelled(_ end: TrackedProcess.End) -> Bool {
        let told = state.withLock { $0.told }
        if told.contains(SIGINT) { return true }
        switch end {
        case .exited(0), .notStarted: return false
        case .exited: return !told.isDisjoint(with: Self.requestsToStop)
        case .killed(let signal): return told.contains(signal)
        }
    }

    private static let requestsToStop: Set<Int32> = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

    private func take(_ arrival: SignalRelay.Arrival) {
        if arrival.number == SIGWINCH { outputs.resize() }
        let process: pid_t? = state.withLock { state in
            switch state.phase {
            case .before(let early):
                state.told.insert(arrival.number)
                state.phase = .before(early + [arrival])
                return nil
            case .running(let process): return process
            case .ending:
                if arrival.isFromKernel { state.told.insert(arrival.number) }
                return nil
            case .after: return nil
            }
        }
        guard let process else { return hurry(arrival) }
        guard concerns(arrival, process) else { return }
        state.withLock { _ = $0.told.insert(arrival.number) }
        if !hasItAlready(arrival) { arrival.send(to: process) }
    }

    /// A signal that the command sent to its whole group is not passed back to it. A resource limit of this process
    /// does not concern the command, except for the size of a file that both write.
    private func concerns(_ arrival: SignalRelay.Arrival, _ process: pid_t) -> Bool {
        guard let sender = arrival.sender else { return arrival.number != SIGXCPU }
        if sender == getpid() { return arrival.number == SIGXFSZ }
        return !ProcessTable.isProcess(sender, below: process)
    }

    /// The terminal sends to the whole group.
    private func hasItAlready(_ arrival: SignalRelay.Arrival) -> Bool {
        arrival.isFromKernel && !state.withLock { $0.isInOwnSession } && arrival.number != SIGXFSZ
    }

    /// The command has ended, and this process was asked to end, too: it no longer waits for a slow reader.
    private func hurry(_ arrival: SignalRelay.Arrival) {
        guard Self.requestsToStop.contains(arrival.number) else { return }
        let hasEnded = state.withLock { if case .after = $0.phase { true } else { false } }
        if hasEnded { outputs.giveUpWaiting() }
    }
}
