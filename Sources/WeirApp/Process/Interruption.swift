import Dispatch
import Glibc
import Postgres
import PostgresCluster
import Synchronization

/// Handles the signals that end a command: stops what the command has started, then ends by the signal, so that
/// shells and supervisors see it.
///
/// The server uses `StopSignals` instead. Signals belong to the process, so the state is global.
package enum Interruption {
    /// How long the command's own cleanup may take before its child processes are stopped anyway.
    private static let patience = DispatchTimeInterval.seconds(2)
    private static let numbers = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

    private struct Guarded {
        var isWatching = false
        var arrived: Int32?
        var actions: [@Sendable () -> Void] = []
        var cleanups: [@Sendable () -> Void] = []
    }

    // Guards the received signal and the actions for it.
    private static let guarded = Mutex(Guarded())
    private static let queue = DispatchQueue(label: "weir.interruption")
    nonisolated(unsafe) private static let sources = makeSources()  // safe: made once, kept alive
    /// A pipe whose reading end becomes readable after a signal.
    private static let bell: (read: Int32, write: Int32) = {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return (-1, -1) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }()

    private static func makeSources() -> [any DispatchSourceSignal] {
        numbers.filter { !isIgnored($0) }.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { arrive(number) }
            return source
        }
    }

    /// Catches the signals, except ignored ones, as under `nohup`. Idempotent.
    package static func watch() {
        let isFirst = guarded.withLock { guarded in
            defer { guarded.isWatching = true }
            return !guarded.isWatching
        }
        guard isFirst else { return }
        _ = bell
        for source in sources { source.resume() }
    }

    /// Whether a signal was received.
    package static var hasArrived: Bool { guarded.withLock { $0.arrived != nil } }

    /// Runs an action when a signal is received, on a separate queue; at once if one was received already.
    package static func onArrival(_ action: @escaping @Sendable () -> Void) {
        let hasArrived = guarded.withLock { guarded in
            if guarded.arrived == nil { guarded.actions.append(action) }
            return guarded.arrived != nil
        }
        if hasArrived { action() }
    }

    /// Adds a cleanup that must run before the process may end.
    package static func addCleanup(_ cleanup: @escaping @Sendable () -> Void) {
        guarded.withLock { $0.cleanups.append(cleanup) }
    }

    /// Ends the process by the received signal; returns if there was none.
    package static func endIfArrived() {
        guard let number = guarded.withLock({ $0.arrived }) else { return }
        end(by: number)
    }

    /// Waits until standard input has data or has ended; false when a signal came first.
    package static func waitForInput() -> Bool {
        var waiting = [
            pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
            pollfd(fd: bell.read, events: Int16(POLLIN), revents: 0),
        ]
        while poll(&waiting, nfds_t(waiting.count), -1) == -1 {
            guard errno == EINTR else { return true }
        }
        return waiting[1].revents == 0
    }

    // MARK: - Handling a signal

    private static func arrive(_ number: Int32) {
        let (isFirst, mustStop, actions) = guarded.withLock { guarded in
            defer {
                guarded.arrived = guarded.arrived ?? number
                guarded.actions = []
            }
            return (guarded.arrived == nil, !guarded.cleanups.isEmpty, guarded.actions)
        }
        guard isFirst else { end(by: number) }
        if mustStop { StandardStreams.writeError("weir: stopping; a second signal ends it at once") }
        var byte: UInt8 = 1
        _ = write(bell.write, &byte, 1)
        ServerTools.interruptAll()
        for action in actions { action() }
        // On another queue: here, a second signal must end the process at once.
        DispatchQueue.global().asyncAfter(deadline: .now() + patience) {
            for cleanup in guarded.withLock({ $0.cleanups.reversed() }) { cleanup() }
            end(by: number)
        }
    }

    private static func end(by number: Int32) -> Never {
        // SIGQUIT would write a core file of a healthy program.
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        signal(number, SIG_DFL)
        var mask = sigset_t()
        sigemptyset(&mask)
        sigaddset(&mask, number)
        pthread_sigmask(SIG_UNBLOCK, &mask, nil)
        raise(number)
        _exit(128 + number)
    }

    static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        sigaction(number, nil, &action)
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
