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
/// It is bounded: beyond its limit the oldest reports are deleted. A lock keeps a second agent out. Reports that the
/// server does not take are set aside, in a directory within it that has the same bound.
final class ReportSpool: Sendable {
    private struct Item {
        let number: UInt64
        let bytes: Int
    }

    private struct Items {
        var all: [Item] = []
        var bytes = 0

        mutating func add(_ item: Item) {
            all.append(item)
            bytes += item.bytes
        }

        /// Returns what is removed; nil when it is not there.
        @discardableResult
        mutating func remove(_ number: UInt64) -> Item? {
            guard let index = all.firstIndex(where: { $0.number == number }) else { return nil }
            let item = all.remove(at: index)
            bytes -= item.bytes
            return item
        }
    }

    private enum Place {
        case waiting, rejected
    }

    private struct State {
        var waiting = Items()
        var rejected = Items()
        /// No report that is set aside has it either: one that is moved back replaces no other.
        var next: UInt64 = 1

        subscript(place: Place) -> Items {
            get { place == .waiting ? waiting : rejected }
            set { if place == .waiting { waiting = newValue } else { rejected = newValue } }
        }
    }

    /// Makes an open file or directory durable; false when that failed.
    typealias Synchronize = @Sendable (_ descriptor: Int32) -> Bool

    /// What became of a report.
    enum Kept: Equatable {
        case whole
        /// It is kept, and this number of older ones was deleted.
        case afterDeleting(Int)
        /// The disk did not take it.
        case not
    }

    /// Where a report is that was set aside, and how many older ones had to be deleted for it.
    struct SetAside: Equatable {
        let path: String
        let deleted: Int
    }

    let directory: String
    /// Where reports are that were set aside.
    let rejectedDirectory: String
    private let limit: Int
    private let synchronize: Synchronize
    private let lock: Int32
    // Files block: a queue of their own.
    private let files = DispatchQueue(label: "weir.agent.spool")
    // Guards what is known of the files.
    private let state: Mutex<State>

    /// Opens a directory, and makes it if it is missing.
    init(
        _ directory: String,
        limit: Int,
        synchronize: @escaping Synchronize = { fsync($0) == 0 }
    ) throws(SpoolError) {
        self.directory = directory
        self.limit = limit
        self.synchronize = synchronize
        rejectedDirectory = "\(directory)/rejected"
        LineFile.makeDirectory(directory, mode: 0o700)
        lock = open("\(directory)/.lock", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw .unusable(directory, code: errno) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(lock)
            throw code == EWOULDBLOCK ? .inUse(directory) : .unusable(directory, code: code)
        }
        state = Mutex(Self.found(in: directory, rejected: rejectedDirectory))
    }

    deinit {
        // A child that is being started may have a copy of the descriptor: closing alone would leave it the lock.
        flock(lock, LOCK_UN)
        close(lock)
    }

    /// What an earlier agent left.
    private static func found(in directory: String, rejected: String) -> State {
        var state = State()
        state.waiting = items(in: directory)
        state.rejected = items(in: rejected)
        state.next = ((state.waiting.all + state.rejected.all).map(\.number).max() ?? 0) + 1
        return state
    }

    private static func items(in directory: String) -> Items {
        var items = Items()
        for name in LineFile.names(in: directory) {
            // It was not finished, and nobody knows of it.
            if name.hasSuffix(".part") { unlink("\(directory)/\(name)") }
            guard name.hasSuffix(suffix), let number = UInt64(name.dropLast(suffix.count)), number < .max / 2
            else { continue }
            var status = stat()
            guard stat("\(directory)/\(name)", &status) == 0 else { continue }
            items.add(Item(number: number, bytes: Int(status.st_size)))
        }
        return items
    }

    /// How many reports wait.
    var count: Int { state.withLock { $0.waiting.all.count } }

    /// The number of the oldest report; nil when none waits.
    var first: UInt64? { state.withLock { $0.waiting.all.first?.number } }

    /// Keeps a report, durably.
    func append(_ report: [UInt8]) async -> Kept {
        await onFiles { [self] in
            guard report.count <= limit else { return .not }
            let dropped = makeRoom(for: report.count, in: .waiting)
            guard let item = write(report, in: directory) else { return .not }
            state.withLock { $0.waiting.add(item) }
            return dropped == 0 ? .whole : .afterDeleting(dropped)
        }
    }

    /// The oldest report that is none of some, and its number; nil when none waits, or when it can't be read now. One
    /// that is gone or cut is deleted, and passed over.
    func oldest(butNot others: Set<UInt64> = []) async -> (number: UInt64, report: [UInt8])? {
        await read { items in items.first { !others.contains($0.number) } }
    }

    /// The newest report, in the same way.
    func newest() async -> (number: UInt64, report: [UInt8])? {
        await read { $0.last }
    }

    private func read(
        _ choose: @escaping @Sendable ([Item]) -> Item?
    ) async -> (number: UInt64, report: [UInt8])? {
        await onFiles { [self] in
            while let item = state.withLock({ choose($0.waiting.all) }) {
                if let report = ProcFile.read(path(item.number), limit: item.bytes + 1) {
                    if report.count == item.bytes { return (item.number, report) }
                } else if access(path(item.number), F_OK) == 0 || errno != ENOENT {
                    // Out of descriptors, or of memory: it may be read later.
                    return nil
                }
                delete(item.number, in: .waiting)
            }
            return nil
        }
    }

    /// Deletes a report that was delivered.
    func remove(_ number: UInt64) async {
        await onFiles { [self] in delete(number, in: .waiting) }
    }

    // MARK: - Setting aside

    /// Sets a waiting report aside; nil when the disk did not take it: then it still waits.
    func setAside(_ number: UInt64) async -> SetAside? {
        await onFiles { [self] in
            guard let bytes = state.withLock({ $0.waiting.all.first { $0.number == number }?.bytes }) else {
                return nil
            }
            let deleted = makeRoom(for: bytes, in: .rejected)
            LineFile.makeDirectory(rejectedDirectory, mode: 0o700)
            let target = path(number, in: rejectedDirectory)
            guard rename(path(number), target) == 0 else { return nil }
            // It is in one of the two, whatever becomes of this.
            _ = synchronizeDirectory(rejectedDirectory) && synchronizeDirectory(directory)
            state.withLock { state in
                if let item = state.waiting.remove(number) { state.rejected.add(item) }
            }
            return SetAside(path: target, deleted: deleted)
        }
    }

    /// Sets a report aside that did not wait; nil when the disk did not take it.
    func setAside(_ report: [UInt8]) async -> SetAside? {
        await onFiles { [self] in
            guard report.count <= limit else { return nil }
            let deleted = makeRoom(for: report.count, in: .rejected)
            LineFile.makeDirectory(rejectedDirectory, mode: 0o700)
            guard let item = write(report, in: rejectedDirectory) else { return nil }
            state.withLock { $0.rejected.add(item) }
            return SetAside(path: path(item.number, in: rejectedDirectory), deleted: deleted)
        }
    }

    // MARK: - Files

    /// Digits of one length, so that names sort as numbers do.
    private static let digits = 20
    private static let suffix = ".json"

    private func path(_ number: UInt64, in folder: String? = nil) -> String {
        let text = String(number)
        let zeros = String(repeating: "0", count: max(0, Self.digits - text.count))
        return "\(folder ?? directory)/\(zeros)\(text)\(Self.suffix)"
    }

    /// Writes a report under the next number; nil when the disk did not take it.
    private func write(_ report: [UInt8], in folder: String) -> Item? {
        let number = state.withLock { $0.next }
        let path = path(number, in: folder)
        let part = path + ".part"
        let descriptor = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
        let isWritten = LineFile.writeAll(report, descriptor) && synchronize(descriptor)
        close(descriptor)
        guard isWritten, rename(part, path) == 0 else {
            unlink(part)
            return nil
        }
        // Without this a power failure may take the name away, and the report with it.
        guard synchronizeDirectory(folder) else {
            unlink(path)
            return nil
        }
        state.withLock { $0.next = number + 1 }
        return Item(number: number, bytes: report.count)
    }

    private func synchronizeDirectory(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return synchronize(descriptor)
    }

    /// Deletes the oldest reports of a place until so many bytes more are within the limit; returns how many.
    private func makeRoom(for bytes: Int, in place: Place) -> Int {
        var dropped = 0
        while let first = state.withLock({ state in
            state[place].bytes + bytes > limit ? state[place].all.first : nil
        }) {
            delete(first.number, in: place)
            dropped += 1
        }
        return dropped
    }

    private func delete(_ number: UInt64, in place: Place) {
        unlink(path(number, in: place == .rejected ? rejectedDirectory : directory))
        state.withLock { _ = $0[place].remove(number) }
    }

    private func onFiles<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            files.async { continuation.resume(returning: body()) }
        }
    }
}
