import Dispatch
import Glibc
import Processes
import Synchronization

/// Hands the signals that this process gets on to the command, and remembers what they meant. Any thread.
final class SignalSteward: Sendable {
    private enum Phase {
        /// Signals that come before the command is there wait for it.
        case before([SignalRelay.Arrival])
        case running(pid_t)
        /// It has ended, and what came before may be on its way.
        case ending
        case after
    }

    private struct State {
        var phase = Phase.before([])
        /// What the command got, or got by itself from the terminal.
        var told: Set<Int32> = []
        var isTimedOut = false
        var isInOwnSession = false
    }

    // Guards the command's id and what it was told.
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

    /// Notes the command, and hands on what came before it.
    func begin(_ process: pid_t, isInOwnSession: Bool) {
        let early = state.withLock { state in
            defer { state.phase = .running(process) }
            state.isInOwnSession = isInOwnSession
            guard case .before(let early) = state.phase else { return [SignalRelay.Arrival]() }
            return early
        }
        for arrival in early { arrival.send(to: process) }
    }

    /// Notes that the command has ended: its process id may be another's now.
    func end() {
        state.withLock { $0.phase = .ending }
        SignalRelay.settle()
        state.withLock { $0.phase = .after }
    }

    func noteTimeout() { state.withLock { $0.isTimedOut = true } }

    /// Ctrl-C went to the command as a key.
    func noteInterrupt() { state.withLock { _ = $0.told.insert(SIGINT) } }

    /// Ctrl-C always cancels; another request to stop does when the command did not end well by itself.
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

    /// What the command does to its whole group is no news for it. A limit of this process is none of the command's,
    /// but for the size of the file that both write.
    private func concerns(_ arrival: SignalRelay.Arrival, _ process: pid_t) -> Bool {
        guard let sender = arrival.sender else { return arrival.number != SIGXCPU }
        if sender == getpid() { return arrival.number == SIGXFSZ }
        return !ProcessTable.isProcess(sender, below: process)
    }

    /// The terminal sends to the whole group.
    private func hasItAlready(_ arrival: SignalRelay.Arrival) -> Bool {
        arrival.isFromKernel && !state.withLock { $0.isInOwnSession } && arrival.number != SIGXFSZ
    }

    /// The command has ended, and somebody wants this process to end, too: nobody waits for a slow reader any more.
    private func hurry(_ arrival: SignalRelay.Arrival) {
        guard Self.requestsToStop.contains(arrival.number) else { return }
        let hasEnded = state.withLock { if case .after = $0.phase { true } else { false } }
        if hasEnded { outputs.giveUpWaiting() }
    }
}
