import Dispatch
import Glibc
import Synchronization
import WeirApp

/// Passes on a command's output as long as it has a reader. Its thread only waits.
final class OutputPump: Sendable {
    /// The state that a stopped pump leaves to its successor.
    struct Rest: Sendable {
        /// The descriptor that the command writes to; open.
        let source: Int32
        /// The descriptor to write to.
        let target: Int32
        /// Bytes that were read and not yet passed on.
        let bytes: [UInt8]
    }

    private struct State {
        var read: Int64 = 0
        var passed: Int64 = 0
        /// How many bytes the command had written when it ended.
        var mark: Int64?
        var isOver = false
        var rest: Rest?
    }

    private enum Wait {
        case input, stop, readerIsGone
    }

    private enum Pass {
        case done
        /// The successor has these bytes to pass on.
        case stopped([UInt8])
        case failed(errno: Int32)
    }

    private let source: Int32
    private let target: Int32
    /// Readable when the pump has to stop.
    private let stop: Int32
    private let sifter: LineSifter?
    private let isTerminal: Bool
    private let tellsOfItsReader: Bool
    // Guards the counts.
    private let state = Mutex(State())
    private let drained = DispatchSemaphore(value: 0)

    /// Makes a pump; without a sifter it passes everything on. It closes `source` when `target` has no reader any more,
    /// and at the end of `source`.
    init(from source: Int32, to target: Int32, stop: Int32, _ sifter: LineSifter?) {
        self.source = source
        self.target = target
        self.stop = stop
        self.sifter = sifter
        isTerminal = isatty(source) == 1
        tellsOfItsReader = [S_IFIFO, S_IFSOCK].contains(Self.kind(of: target))
    }

    /// Notes that the command has ended: its own output is what can be read now.
    func commandHasEnded() {
        state.withLock { state in
            guard !state.isOver else { return }
            var waiting: Int32 = 0
            _ = ioctl(source, UInt(FIONREAD), &waiting)
            state.mark = state.read + Int64(waiting)
        }
        reportIfDrained()
    }

    /// Waits until the command's own output has been passed on; false on a timeout.
    func waitUntilDrained(_ limit: DispatchTime) -> Bool {
        guard drained.wait(timeout: limit) == .success else { return false }
        drained.signal()
        return true
    }

    /// Wakes those who wait for the output.
    func giveUpWaiting() { drained.signal() }

    /// The state of a pump that has stopped while the source is still open.
    var rest: Rest? { state.withLock { $0.rest } }

    // MARK: - The pump

    /// Pumps to the end, or until it is stopped; blocks.
    func run() {
        var block = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            switch waitForInput() {
            case .input: break
            case .stop: return stopped(with: [])
            case .readerIsGone: return end()
            }
            let count = readSome(&block)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { break }
            switch pass(sifter?.sift(block[..<count]) ?? Array(block[..<count])) {
            case .done: break
            case .stopped(let bytes): return stopped(with: bytes)
            case .failed(let cause):
                explain(cause)
                return end()
            }
            state.withLock { $0.passed += Int64(count) }
            reportIfDrained()
        }
        if case .stopped(let bytes) = pass(sifter?.finish() ?? []) { return stopped(with: bytes) }
        end()
    }

    private func readSome(_ block: inout [UInt8]) -> Int {
        state.withLock { state in
            let count = read(source, &block, block.count)
            state.read += Int64(max(0, count))
            return count
        }
    }

    /// Closes the pipe. A command that goes on writing gets SIGPIPE, as without `weir track`.
    private func end() {
        state.withLock { state in
            close(source)
            state.isOver = true
        }
        drained.signal()
    }

    private func stopped(with bytes: [UInt8]) {
        var probe = pollfd(fd: source, events: Int16(POLLIN), revents: 0)
        poll(&probe, 1, 0)
        let rest = bytes + (sifter?.finish() ?? [])
        if rest.isEmpty, probe.revents & Int16(POLLHUP) != 0, probe.revents & Int16(POLLIN) == 0 {
            return end()
        }
        state.withLock { $0.rest = Rest(source: source, target: target, bytes: rest) }
        drained.signal()
    }

    private func reportIfDrained() {
        guard !isTerminal else { return }
        let isDrained = state.withLock { state in
            guard let mark = state.mark else { return false }
            return state.passed >= mark
        }
        if isDrained { drained.signal() }
    }

    /// Waits for input; nothing else is read from the source meanwhile.
    private func waitForInput() -> Wait {
        while true {
            var descriptors = [
                pollfd(fd: source, events: Int16(POLLIN), revents: 0),
                pollfd(fd: stop, events: Int16(POLLIN), revents: 0),
                pollfd(fd: tellsOfItsReader ? target : -1, events: 0, revents: 0),
            ]
            // Bytes within a terminal can't be counted: they count as drained after a pause.
            let count = poll(&descriptors, 3, isTerminal ? 100 : -1)
            if count == 0, state.withLock({ $0.mark }) != nil { drained.signal() }
            guard count > 0 else { continue }
            if descriptors[1].revents != 0 { return .stop }
            if descriptors[2].revents & Int16(POLLERR) != 0 { return .readerIsGone }
            if descriptors[0].revents != 0 { return .input }
        }
    }

    /// Writes bytes as fast as they are read.
    private func pass(_ bytes: [UInt8]) -> Pass {
        var rest = bytes[...]
        while !rest.isEmpty {
            var descriptors = [
                pollfd(fd: target, events: Int16(POLLOUT), revents: 0),
                pollfd(fd: stop, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&descriptors, 2, -1) > 0 else { continue }
            if descriptors[0].revents == 0 { return .stopped(Array(rest)) }
            // A writable pipe has room for this many bytes: the call does not block.
            let part = rest.prefix(Int(PIPE_BUF))
            let count = part.withUnsafeBytes { write(target, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EIO {
                // The terminal is gone. Writing to it fails, but kills no process.
                return .done
            } else if errno != EINTR, errno != EAGAIN {
                return .failed(errno: errno)
            }
        }
        return .done
    }

    /// A full disk must not reach the command as SIGPIPE.
    private func explain(_ cause: Int32) {
        guard cause != EPIPE else { return }
        let why = String(cString: strerror(cause))
        StandardStreams.writeError("weir: the command's output can't be written: \(why)")
    }

    private static func kind(of descriptor: Int32) -> mode_t {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? status.st_mode & S_IFMT : 0
    }
}
