import CLinux
import Dispatch
import Glibc
import Processes
import Synchronization

/// Connects a command's outputs to those of this process: through pipes, through a terminal, or directly.
final class CommandOutputs: Sendable {
    /// How they are connected.
    enum Style: Sendable {
        /// Through pipes: lines for Weir are taken out, and the last lines of the errors are kept.
        case sifted
        /// The same, through a terminal.
        case terminal
        /// The command inherits this process's descriptors.
        case inherited
    }

    private struct State {
        var pumps: [OutputPump] = []
        var farEnds: [Int32] = []
        var terminal: PseudoTerminal?
        var keyboard: RawTerminal?
        var stop: [Int32] = [-1, -1]
        var hasBegun = false
    }

    private let style: Style
    private let output: LineSifter
    private let errors: LineSifter
    private let pumping = DispatchGroup()
    // Guards the descriptors.
    private let state = Mutex(State())

    init(_ style: Style, _ directive: @escaping @Sendable (String) -> Void) {
        self.style = style
        output = LineSifter(keepsTail: false, directive)
        errors = LineSifter(keepsTail: true, directive)
    }

    /// The last lines of the standard error, or of both outputs if they share a file.
    var tail: String { errors.tail }

    // MARK: - Beginning

    /// Opens the descriptors that the command writes to.
    func open(for spawn: inout Spawn) throws(SpawnError) {
        guard style != .inherited else { return }
        let stop = try Self.pipe()
        state.withLock { $0.stop = stop }
        if style == .terminal { return try openTerminal(for: &spawn, stop[0]) }
        let isOne = Self.isSameFile(STDOUT_FILENO, STDERR_FILENO)
        // Two pipes would change the order of lines that go to the same file.
        let streams =
            isOne
            ? [(errors, [STDOUT_FILENO, STDERR_FILENO])]
            : [(output, [STDOUT_FILENO]), (errors, [STDERR_FILENO])]
        for (sifter, targets) in streams {
            let ends = try Self.pipe()
            for target in targets { spawn.descriptors.append((own: ends[1], child: target)) }
            let pump = OutputPump(from: ends[0], to: targets[0], stop: stop[0], sifter)
            state.withLock { state in
                state.farEnds.append(ends[1])
                state.pumps.append(pump)
            }
        }
    }

    private func openTerminal(for spawn: inout Spawn, _ stop: Int32) throws(SpawnError) {
        let terminal = try PseudoTerminal(model: isatty(STDOUT_FILENO) == 1 ? STDOUT_FILENO : STDIN_FILENO)
        // Keys are passed on only if input and output are the same terminal; other input is not touched.
        let keyboard = isatty(STDOUT_FILENO) == 1 ? RawTerminal(STDIN_FILENO) : nil
        spawn.terminal = terminal.path
        spawn.readsTerminal = keyboard != nil
        let pump = OutputPump(from: terminal.master, to: STDOUT_FILENO, stop: stop, errors)
        state.withLock { state in
            state.terminal = terminal
            state.keyboard = keyboard
            state.pumps = [pump]
        }
    }

    /// Closes this process's copies of the command's descriptors; otherwise its outputs would never end.
    func closeFarEnds() {
        for end in state.withLock({ $0.farEnds }) { close(end) }
    }

    /// Begins to pass output on; `interrupted` is called on Ctrl-C in a terminal that this process made.
    func begin(_ interrupted: @escaping @Sendable () -> Void) {
        let (pumps, terminal, keyboard) = state.withLock { state in
            state.hasBegun = true
            return (state.pumps, state.terminal, state.keyboard)
        }
        for pump in pumps { DispatchQueue(label: "weir.track.pump").async(group: pumping) { pump.run() } }
        guard let terminal, let keyboard else { return }
        keyboard.begin()
        DispatchQueue(label: "weir.track.keys").async {
            Self.passKeys(of: keyboard, to: terminal, interrupted)
        }
    }

    private static func passKeys(
        of keyboard: RawTerminal,
        to terminal: PseudoTerminal,
        _ interrupted: () -> Void
    ) {
        var block = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(STDIN_FILENO, &block, block.count)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EIO, !keyboard.isInFront {
                // This process is in the background, as after `bg`: wait until it is in the foreground again.
                usleep(100_000)
                continue
            }
            guard count > 0 else { return }
            if block[..<count].contains(where: terminal.isInterrupt) { interrupted() }
            var rest = block[..<count]
            while !rest.isEmpty {
                let written = rest.withUnsafeBytes { write(terminal.master, $0.baseAddress, $0.count) }
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { return }
                rest = rest.dropFirst(written)
            }
        }
    }

    // MARK: - Meanwhile

    /// This process's terminal has changed its size.
    func resize() {
        let terminal = state.withLock { $0.terminal }
        terminal?.resize(like: isatty(STDOUT_FILENO) == 1 ? STDOUT_FILENO : STDIN_FILENO)
    }

    /// The command was stopped by a signal, and this process is about to stop.
    func pause() { state.withLock { $0.keyboard }?.end() }

    /// Both continue.
    func resume() {
        state.withLock { $0.keyboard }?.begin()
        resize()
    }

    // MARK: - End

    /// Waits a moment for the command's last output.
    func commandHasEnded() {
        let (pumps, keyboard) = state.withLock { ($0.pumps, $0.keyboard) }
        keyboard?.end()
        for pump in pumps { pump.commandHasEnded() }
        let soon = DispatchTime.now() + 1
        for pump in pumps { _ = pump.waitUntilDrained(soon) }
    }

    /// Lets `finish` return although a slow reader has not read everything.
    func giveUpWaiting() {
        for pump in state.withLock({ $0.pumps }) { pump.giveUpWaiting() }
    }

    /// Waits until the command's output has been read; a separate process passes on what its children still write.
    func finish() {
        let (pumps, stop, hasBegun) = state.withLock { ($0.pumps, $0.stop, $0.hasBegun) }
        guard hasBegun else { return }
        for pump in pumps { _ = pump.waitUntilDrained(.distantFuture) }
        if stop[1] >= 0 { close(stop[1]) }
        // Stopping takes no time, unless Ctrl-S holds the terminal.
        _ = pumping.wait(timeout: .now() + 1)
        for pump in pumps { if let rest = pump.rest { OutputForwarder.leave(rest) } }
    }

    private static func pipe() throws(SpawnError) -> [Int32] {
        var ends: [Int32] = [0, 0]
        guard linux_pipe2(&ends, O_CLOEXEC) == 0 else { throw SpawnError(errorNumber: errno) }
        return ends
    }

    private static func isSameFile(_ one: Int32, _ other: Int32) -> Bool {
        var (first, second) = (stat(), stat())
        return fstat(one, &first) == 0 && fstat(other, &second) == 0 && first.st_dev == second.st_dev
            && first.st_ino == second.st_ino
    }
}
