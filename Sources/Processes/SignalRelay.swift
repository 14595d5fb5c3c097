internal import CLinux
internal import Dispatch
internal import Glibc
internal import Synchronization

/// The signals that this process gets, as events for its child.
package enum SignalRelay {
    /// A received signal.
    package struct Arrival: Sendable {
        /// Its number.
        package let number: Int32
        /// The process that sent it; nil when the kernel did.
        package let sender: Int32?
        /// The value of sigqueue(3).
        package let value: Int?

        /// Whether the kernel sent it: for a key of the terminal, which every process in the foreground gets, or for
        /// a limit.
        package var isFromKernel: Bool { sender == nil }

        /// Sends the same signal to another process.
        package func send(to process: Int32) {
            if let value {
                var content = sigval()
                content.sival_ptr = UnsafeMutableRawPointer(bitPattern: value)
                _ = sigqueue(process, number, content)
            } else {
                kill(process, number)
            }
        }
    }

    /// All signals that a batch system, a shell, a terminal or a person sends and a process can catch; not those of
    /// faults in this process, and not SIGCHLD.
    private static let handedOn: [Int32] =
        [
            SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU,
            SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU, SIGXFSZ, SIGIO, SIGPWR, SIGSYS, SIGURG, SIGSTKFLT, SIGABRT,
        ] + (34...64)

    /// Catches these signals from now on, except ignored ones, as under `nohup`: they stay ignored. Call it once.
    package static func start(_ receive: @escaping @Sendable (Arrival) -> Void) {
        var ends: [Int32] = [0, 0]
        guard linux_pipe2(&ends, O_CLOEXEC | O_NONBLOCK) == 0 else { return }
        let output = ends[0]
        relayInput = ends[1]
        // With an inherited SIG_IGN, the exit statuses of children would be lost.
        signal(SIGCHLD, SIG_DFL)
        let source = DispatchSource.makeReadSource(fileDescriptor: output, queue: queue)
        let drain = Drain {
            var words = [Int](repeating: 0, count: 4)
            let size = words.count * MemoryLayout<Int>.size
            while read(output, &words, size) == size { receive(arrival(words)) }
        }
        source.setEventHandler {
            drain.run()
            // Keeps the source until this process ends.
            _ = source
        }
        source.resume()
        drains.withLock { $0.append(drain) }
        for number in handedOn where !SignalAction.isIgnored(number) { catchSignal(number) }
    }

    /// Receives all signals that have arrived: a key of the terminal signals the command and this process at once,
    /// and this process may see the end of the command first.
    package static func settle() {
        for _ in 0..<50 where hasPending { usleep(1000) }
        usleep(2000)
        queue.sync { for drain in drains.withLock({ $0 }) { drain.run() } }
    }

    /// Whether a signal is pending.
    private static var hasPending: Bool {
        let status = ProcFile.read("/proc/self/status").map { String(decoding: $0, as: UTF8.self) } ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("ShdPnd:") } ?? ""
        return line.dropFirst("ShdPnd:".count).contains { $0.isHexDigit && $0 != "0" }
    }

    private static let queue = DispatchQueue(label: "weir.signals")
    // Guards the readers of received signals: one for each start.
    private static let drains = Mutex<[Drain]>([])

    private struct Drain: Sendable {
        let run: @Sendable () -> Void
    }

    /// Stops this process as the signal would without a handler; returns when it continues.
    package static func stop(by number: Int32) {
        let before = actByDefault(on: number)
        raise(number)
        if number != SIGSTOP { withUnsafePointer(to: before) { _ = sigaction(number, $0, nil) } }
    }

    /// Ends this process by a signal, without a core file; with `group` its whole process group gets it, as from a
    /// terminal.
    package static func die(by number: Int32, withGroup group: Bool = false) {
        var limit = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
        _ = actByDefault(on: number)
        if group { kill(0, number) }
        raise(number)
    }

    /// Removes the handler of a signal and sends the signal to this very thread: another thread might get it too
    /// late.
    private static func actByDefault(on number: Int32) -> sigaction {
        var (none, before) = (sigaction(), sigaction())
        none.__sigaction_handler.sa_handler = SIG_DFL
        sigaction(number, &none, &before)
        var only = sigset_t()
        sigemptyset(&only)
        sigaddset(&only, number)
        pthread_sigmask(SIG_UNBLOCK, &only, nil)
        return before
    }

    private static func arrival(_ words: [Int]) -> Arrival {
        // Above 0 it is the kernel: SI_KERNEL, a timer, a fault.
        let isQueued = words[1] == -1
        return Arrival(
            number: Int32(words[0]),
            sender: words[1] > 0 ? nil : pid_t(words[2]),
            value: isQueued ? words[3] : nil
        )
    }

    private static func catchSignal(_ number: Int32) {
        var action = sigaction()
        action.sa_flags = SA_SIGINFO | SA_RESTART
        action.__sigaction_handler.sa_sigaction = { number, info, _ in
            // signal(7): only async-signal-safe functions such as write(2) are allowed here.
            withUnsafeTemporaryAllocation(of: Int.self, capacity: 4) { words in
                let before = errno
                words[0] = Int(number)
                words[1] = Int(info?.pointee.si_code ?? 0)
                words[2] = Int(info?.pointee._sifields._kill.si_pid ?? 0)
                words[3] = Int(bitPattern: info?.pointee._sifields._rt.si_sigval.sival_ptr)
                _ = write(relayInput, words.baseAddress, 4 * MemoryLayout<Int>.size)
                errno = before
            }
        }
        sigaction(number, &action, nil)
    }
}

/// Where the handler writes to; set before there is one.
private nonisolated(unsafe) var relayInput: Int32 = -1  // safe: set once, before it is read
