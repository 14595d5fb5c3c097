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

    private static let forwarded = [SIGINT, SIGTERM, SIGHUP]

    // Guards the child's id (0 before and after it lives) and the signals that were handed on.
    private let state = Mutex<(process: pid_t, signals: Set<Int32>, isTimedOut: Bool)>((0, [], false))
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
    /// Signals that were handed on to the command.
    var forwardedSignals: Set<Int32> { state.withLock { $0.signals } }

    /// Runs the command to its end; blocks. `timeout` nil lets it run as long as it likes.
    func run(_ command: [String], timeout: Duration?) -> End {
        var pipes: [Int32] = [0, 0, 0, 0]
        let isOpen = pipes.withUnsafeMutableBufferPointer { pipes in
            guard let base = pipes.baseAddress else { return false }
            return pipe(base) == 0 && pipe(base + 2) == 0
        }
        guard isOpen else { return .notStarted(code: 126, why: String(cString: strerror(errno))) }
        for end in pipes { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let sources = forwardSignals()
        defer { for source in sources { source.cancel() } }
        let outcome = spawn(command, stdout: pipes[1], stderr: pipes[3])
        close(pipes[1])
        close(pipes[3])
        guard case .success(let process) = outcome else {
            close(pipes[0])
            close(pipes[2])
            guard case .failure(let failure) = outcome else { return .exited(126) }
            return .notStarted(
                code: failure.code == ENOENT ? 127 : 126,
                why: String(cString: strerror(failure.code))
            )
        }
        state.withLock { $0.process = process }
        limit(timeout)
        let pumps = DispatchGroup()
        for (sifter, end) in [(output, pipes[0]), (errors, pipes[2])] {
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
        // What we ignore or block must not be the command's business.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for signal in Self.forwarded + [SIGPIPE] { sigaddset(&defaults, signal) }
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
        state.withLock { $0.process = 0 }
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

    /// Sends a signal to the child, while there is one.
    private func send(_ signal: Int32, becauseOfTime: Bool) -> Bool {
        state.withLock { state in
            guard state.process > 0 else { return false }
            if becauseOfTime { state.isTimedOut = true } else { state.signals.insert(signal) }
            return kill(state.process, signal) == 0
        }
    }

    private func forwardSignals() -> [any DispatchSourceSignal] {
        Self.forwarded.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [weak self] in _ = self?.send(number, becauseOfTime: false) }
            source.resume()
            return source
        }
    }
}

/// Passes bytes on as they come, but for lines that are meant for Weir; remembers the last lines.
final class LineSifter: Sendable {
    private static let mark = Array("::weir ".utf8)
    private static let tailBytes = 4096
    private static let tailLines = 20

    private let target: Int32
    private let keepsTail: Bool
    private let directive: @Sendable (String) -> Void
    // Guards the last bytes that were passed on.
    private let last = Mutex<[UInt8]>([])

    init(to target: Int32, keepsTail: Bool, _ directive: @escaping @Sendable (String) -> Void) {
        self.target = target
        self.keepsTail = keepsTail
        self.directive = directive
    }

    /// The last lines that were passed on, without U+0000.
    var tail: String {
        let bytes = last.withLock { $0 }.filter { $0 != 0 }
        let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
        return lines.suffix(Self.tailLines).joined(separator: "\n")
    }

    /// Reads to the end; blocks.
    func pump(_ source: Int32) {
        defer { close(source) }
        var block = [UInt8](repeating: 0, count: 64 << 10)
        // The beginning of a line that may yet become one for Weir.
        var held: [UInt8] = []
        var isLineStart = true
        while true {
            let count = read(source, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            var passed: [UInt8] = []
            for byte in block[..<count] {
                sift(byte, &held, &isLineStart, &passed)
            }
            pass(passed)
        }
        if held.starts(with: Self.mark) {
            directive(String(decoding: held, as: UTF8.self))
        } else {
            pass(held)
        }
    }

    private func sift(
        _ byte: UInt8,
        _ held: inout [UInt8],
        _ isLineStart: inout Bool,
        _ passed: inout [UInt8]
    ) {
        guard isLineStart || !held.isEmpty else {
            passed.append(byte)
            isLineStart = byte == UInt8(ascii: "\n")
            return
        }
        isLineStart = false
        held.append(byte)
        if held.starts(with: Self.mark), held.count < Self.tailBytes {
            guard byte == UInt8(ascii: "\n") else { return }
            directive(String(decoding: held.dropLast(), as: UTF8.self))
            held = []
            isLineStart = true
        } else if held.count >= Self.mark.count || !Self.mark.starts(with: held) {
            passed.append(contentsOf: held)
            held = []
            isLineStart = byte == UInt8(ascii: "\n")
        }
    }

    private func pass(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(target, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            written += count
        }
        guard keepsTail else { return }
        last.withLock { last in
            last.append(contentsOf: bytes.suffix(Self.tailBytes))
            if last.count > Self.tailBytes { last.removeFirst(last.count - Self.tailBytes) }
        }
    }
}
