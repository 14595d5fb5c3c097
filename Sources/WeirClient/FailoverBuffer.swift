internal import Core
internal import Glibc
internal import Synchronization

/// Records that Weir could not take, in files that the original client reads and writes, too. Contract §3.3.
///
/// `telemetry_<time>.jsonl.active` is written to; full or a day old it becomes `.ready`; replayed it becomes `.synced`.
/// Records that are refused permanently go to a `.rejected` file of the same name.
final class FailoverBuffer: Sendable {
    private static let largest: Int64 = 10 << 20
    private static let oldest = 86_400

    let directory: String
    // Guards the name of the active file.
    private let active = Mutex<String?>(nil)

    init(_ directory: String) {
        self.directory = directory
    }

    /// Writes a record; false when the disk refuses it.
    @discardableResult
    func append(_ record: [UInt8]) -> Bool {
        LineFile.makeDirectory(directory, mode: 0o700)
        return active.withLock { active in
            rotate(&active)
            let path = active ?? newest() ?? "\(directory)/telemetry_\(Self.stamp()).jsonl.active"
            active = path
            return LineFile.append(record, to: path)
        }
    }

    private func newest() -> String? {
        LineFile.names(in: directory).last { $0.hasSuffix(".jsonl.active") }.map { "\(directory)/\($0)" }
    }

    private func rotate(_ active: inout String?) {
        guard let path = active ?? newest() else { return }
        var status = stat()
        guard stat(path, &status) == 0 else {
            active = nil
            return
        }
        let age = time(nil) - status.st_mtim.tv_sec
        guard status.st_size >= Self.largest || age >= Self.oldest else { return }
        _ = close(path)
        active = nil
    }

    /// Makes an active file ready, under its lock.
    private func close(_ path: String) -> String? {
        let ready = String(path.dropLast("active".count)) + "ready"
        return LineFile.withLocked(path) { _ in rename(path, ready) == 0 ? ready : nil } ?? nil
    }

    // MARK: - Replay

    /// Sends all waiting records, a file at a time. `send` gets up to 100 records and returns the places of those that
    /// were refused permanently, or nil when Weir is away.
    func replay(_ send: ([ArraySlice<UInt8>]) async -> [Int]?) async -> ReplayReport {
        var report = ReplayReport()
        guard access(directory, F_OK) == 0 else { return report }
        let lock = open("\(directory)/.replay.lock", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer {
            if lock >= 0 {
                // A child that is being started has a copy of the descriptor until it executes: closing only this one
                // would leave the lock with the child.
                flock(lock, LOCK_UN)
                Glibc.close(lock)
            }
        }
        guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            report.obstacle = lock >= 0 && errno == EWOULDBLOCK ? .anotherReplay : .files
            return report
        }
        active.withLock { $0 = nil }
        for name in LineFile.names(in: directory) where name.hasSuffix(".jsonl.active") {
            if close("\(directory)/\(name)") == nil { report.obstacle = .files }
        }
        for name in LineFile.names(in: directory) where name.hasSuffix(".jsonl.ready") {
            if let obstacle = await replay(file: "\(directory)/\(name)", &report, send) {
                report.obstacle = obstacle
                break
            }
        }
        return report
    }

    private func replay(
        file path: String,
        _ report: inout ReplayReport,
        _ send: ([ArraySlice<UInt8>]) async -> [Int]?
    ) async -> ReplayReport.Obstacle? {
        guard let lines = LineFile.lines(of: path) else { return .files }
        let records = lines.filter { line in
            (try? JSONDocument(Array(line)))?.root["event_id"]?.string != nil
        }
        let stem = String(path.dropLast("ready".count))
        for start in stride(from: 0, to: records.count, by: 100) {
            let batch = Array(records[start..<min(start + 100, records.count)])
            guard let refused = await send(batch) else { return .unavailable }
            for index in refused where !LineFile.append(Array(batch[index]), to: stem + "rejected") {
                return .files
            }
            report.sent += batch.count - refused.count
            report.rejected += refused.count
        }
        return rename(path, stem + "synced") == 0 ? nil : .files
    }

    /// `YYYYMMDD_HHMMSS` in local time, as the original client writes it.
    private static func stamp() -> String {
        var now = time(nil)
        var parts = tm()
        localtime_r(&now, &parts)
        var text = [CChar](repeating: 0, count: 32)
        let count = strftime(&text, text.count, "%Y%m%d_%H%M%S", &parts)
        return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
