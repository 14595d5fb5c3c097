import CLinux
import Dispatch
import Glibc
import Synchronization

/// A command that runs as a child, its output passed through and looked at on the way. The caller's threads only wait.
final class TrackedProcess: Sendable {
    /// How the command ended.
    enum End: Sendable {
        case exited(Int32)
        case killed(signal: Int32)
        /// The command could not be started: 127 when there is none, 126 when it can't be executed.
        case notStarted(code: Int32, why: String)
    }

    private struct State {
        /// The child's id; nil before and after it lives.
        var process: pid_t?
        /// Signals that came before the child was there.
        var early: [Int32] = []
        var forwarded: Set<Int32> = []
        var isTimedOut = false
    }

    // Guards the child's id and what was sent to it.
    private let state = Mutex(State())
    private let output: LineSifter
    private let errors: LineSifter

    /// Makes a process; `directive` gets the lines `::weir …` of both outputs.
    init(directive: @escaping @Sendable (String) -> Void) {
        output = LineSifter(to: STDOUT_FILENO, keepsTail: false, directive)
        errors = LineSifter(to: STDERR_FILENO, keepsTail: true, directive)
    }

    /// The last lines that went to the standard error.
    var tail: String { errors.tail }
    /// Whether the command was killed for taking too long.
    var isTimedOut: Bool { state.withLock { $0.isTimedOut } }
    /// Signals that the command got because this process got them.
    var forwardedSignals: Set<Int32> { state.withLock { $0.forwarded } }

    /// Runs the command to its end; blocks. `timeout` nil lets it run as long as it likes.
    func run(_ command: [String], timeout: Duration?) -> End {
        var (outputEnds, errorEnds): ([Int32], [Int32]) = ([0, 0], [0, 0])
        guard linux_pipe2(&outputEnds, O_CLOEXEC) == 0, linux_pipe2(&errorEnds, O_CLOEXEC) == 0 else {
            return .notStarted(code: 126, why: String(cString: strerror(errno)))
        }
        SignalRelay.start { [weak self] arrival in self?.hand(on: arrival) }
        let outcome = spawn(command, stdout: outputEnds[1], stderr: errorEnds[1])
        close(outputEnds[1])
        close(errorEnds[1])
        let process: pid_t
        do throws(SpawnError) {
            process = try outcome.get()
        } catch {
            close(outputEnds[0])
            close(errorEnds[0])
            let why = String(cString: strerror(error.code))
            return .notStarted(code: error.code == ENOENT ? 127 : 126, why: why)
        }
        begin(process)
        limit(timeout)
        let pumps = DispatchGroup()
        for (sifter, end) in [(output, outputEnds[0]), (errors, errorEnds[0])] {
            DispatchQueue(label: "weir.track.pump").async(group: pumps) { sifter.pump(end) }
        }
        let end = wait(process)
        // A grandchild may hold the pipes open for ever; what the command itself wrote is there already.
        _ = pumps.wait(timeout: .now() + 2)
        return end
    }

    // MARK: - The child

    private struct SpawnError: Error {
        let code: Int32
    }

    private func spawn(_ command: [String], stdout: Int32, stderr: Int32) -> Result<pid_t, SpawnError> {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, stdout, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, stderr, STDERR_FILENO)
        // That this process ignores SIGPIPE must not be the command's business; what `nohup` and shells ignore is.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        sigemptyset(&defaults)
        sigaddset(&defaults, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process = pid_t()
        let code = posix_spawnp(&process, command[0], &actions, &attributes, &words, environ)
        return code == 0 ? .success(process) : .failure(SpawnError(code: code))
    }

    private func wait(_ process: pid_t) -> End {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        state.withLock { $0.process = nil }
        // wait(2): the low seven bits are the signal, the next byte is the exit code.
        let signal = status & 0x7F
        return signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal: signal)
    }

    private func limit(_ timeout: Duration?) {
        guard let timeout else { return }
        let seconds = Double(timeout.components.seconds) + Double(timeout.components.attoseconds) / 1e18
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { [weak self] in
            guard let self, self.send(SIGTERM, becauseOfTime: true) else { return }
            DispatchQueue.global().asyncAfter(deadline: .now() + 10) { [weak self] in
                _ = self?.send(SIGKILL, becauseOfTime: true)
            }
        }
    }

    private func send(_ signal: Int32, becauseOfTime: Bool) -> Bool {
        state.withLock { state in
            guard let process = state.process else { return false }
            state.isTimedOut = state.isTimedOut || becauseOfTime
            return kill(process, signal) == 0
        }
    }

    /// Notes the child, and hands on what came before it.
    private func begin(_ process: pid_t) {
        let early = state.withLock { state in
            state.process = process
            return state.early
        }
        for signal in early { _ = send(signal, becauseOfTime: false) }
    }

    private func hand(on arrival: SignalRelay.Arrival) {
        let isEarly = state.withLock { state in
            state.forwarded.insert(arrival.number)
            guard state.process == nil else { return false }
            state.early.append(arrival.number)
            return true
        }
        // What the terminal sends it sends to the whole group.
        if !isEarly, !arrival.isFromTerminal { _ = send(arrival.number, becauseOfTime: false) }
    }
}
