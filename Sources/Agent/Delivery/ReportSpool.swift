internal import Dispatch
internal import Glibc
internal import Processes
internal import Synchronization
internal import WeirClient

/// Why a spool can't be used.
package enum SpoolError: Error, Equatable, CustomStringConvertible {
    /// Another agent has it.
    case inUse(String)
    /// The directory can't be written; with the number of the error.
    case unusable(String, code: Int32)

    /// What happened, and what to do.
    package var description: String {
        switch self {
        case .inUse(let directory):
            "another agent has the spool \(directory); name another directory by --spool or WEIR_AGENT_SPOOL"
        case .unusable(let directory, let code):
            "the spool \(directory) can't be written (\(String(cString: strerror(code)))); make the directory "
                + "writable, or name another one by --spool or WEIR_AGENT_SPOOL"
        }
    }
}

/// Reports that wait for the server, on disk: a file each, oldest first. Any thread.
///
/// It is bounded: beyond its limit the oldest reports are deleted. A lock keeps a second agent out.
final class ReportSpool: Sendable {
    private struct Item {
        let number: UInt64
        let bytes: Int
    }

    private struct State {
        var items: [Item] = []
        var bytes = 0
        var next: UInt64 = 1
    }

    /// What became of a report.
    enum Kept: Equatable {
        case whole
        /// It is kept, and this number of older ones was deleted.
        case afterDeleting(Int)
        /// The disk did not take it.
        case not
    }

    let directory: String
    private let limit: Int
    private let lock: Int32
    // Files block: a queue of their own.
    private let files = DispatchQueue(label: "weir.agent.spool")
    // Guards what is known of the files.
    private let state: Mutex<State>

    /// Opens a directory, and makes it if it is missing.
    init(_ directory: String, limit: Int) throws(SpoolError) {
        self.directory = directory
        self.limit = limit
        LineFile.makeDirectory(directory, mode: 0o700)
        lock = open("\(directory)/.lock", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw .unusable(directory, code: errno) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(lock)
            throw code == EWOULDBLOCK ? .inUse(directory) : .unusable(directory, code: code)
        }
        state = Mutex(Self.found(in: directory))
    }

    deinit {
        // A child that is being started may have a copy of the descriptor: closing alone would leave it the lock.
        flock(lock, LOCK_UN)
        close(lock)
    }

    /// What an earlier agent left.
    private static func found(in directory: String) -> State {
        var state = State()
        for name in LineFile.names(in: directory) {
            // It was not finished, and nobody knows of it.
            if name.hasSuffix(".part") { unlink("\(directory)/\(name)") }
            guard name.hasSuffix(suffix), let number = UInt64(name.dropLast(suffix.count)) else { continue }
            var status = stat()
            guard stat("\(directory)/\(name)", &status) == 0 else { continue }
            state.items.append(Item(number: number, bytes: Int(status.st_size)))
            state.bytes += Int(status.st_size)
            state.next = max(state.next, number + 1)
        }
        return state
    }

    /// How many reports wait.
    var count: Int { state.withLock { $0.items.count } }

    /// Keeps a report, durably.
    func append(_ report: [UInt8]) async -> Kept {
        await onFiles { [self] in
            guard report.count <= limit else { return .not }
            let number = state.withLock { $0.next }
            let dropped = makeRoom(for: report.count)
            guard write(report, number) else { return .not }
            state.withLock { state in
                state.items.append(Item(number: number, bytes: report.count))
                state.bytes += report.count
                state.next = number + 1
            }
            return dropped == 0 ? .whole : .afterDeleting(dropped)
        }
    }

    /// The oldest report and its number; nil when none waits, or when it can't be read now. One that is gone or cut is
    /// deleted, and passed over.
    func oldest() async -> (number: UInt64, report: [UInt8])? {
        await onFiles { [self] in
            while let item = state.withLock({ $0.items.first }) {
                if let report = ProcFile.read(path(item.number), limit: item.bytes + 1) {
                    if report.count == item.bytes { return (item.number, report) }
                } else if access(path(item.number), F_OK) == 0 || errno != ENOENT {
                    // Out of descriptors, or of memory: it may be read later.
                    return nil
                }
                delete(item.number)
            }
            return nil
        }
    }

    /// Deletes a report that was delivered.
    func remove(_ number: UInt64) async {
        await onFiles { [self] in delete(number) }
    }

    // MARK: - Files

    /// Digits of one length, so that names sort as numbers do.
    private static let digits = 20
    private static let suffix = ".json"

    private func path(_ number: UInt64) -> String {
        let text = String(number)
        return
            "\(directory)/\(String(repeating: "0", count: max(0, Self.digits - text.count)))\(text)\(Self.suffix)"
    }

    private func write(_ report: [UInt8], _ number: UInt64) -> Bool {
        let part = path(number) + ".part"
        let descriptor = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        let isWritten = LineFile.writeAll(report, descriptor) && fsync(descriptor) == 0
        close(descriptor)
        guard isWritten, rename(part, path(number)) == 0 else {
            unlink(part)
            return false
        }
        return true
    }

    private func makeRoom(for bytes: Int) -> Int {
        var dropped = 0
        while let first = state.withLock({ $0.bytes + bytes > limit ? $0.items.first : nil }) {
            delete(first.number)
            dropped += 1
        }
        return dropped
    }

    private func delete(_ number: UInt64) {
        unlink(path(number))
        state.withLock { state in
            guard let index = state.items.firstIndex(where: { $0.number == number }) else { return }
            state.bytes -= state.items.remove(at: index).bytes
        }
    }

    private func onFiles<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            files.async { continuation.resume(returning: body()) }
        }
    }
}
