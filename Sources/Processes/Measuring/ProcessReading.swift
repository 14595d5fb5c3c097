package import Glibc

/// What a process has used so far, children that it waited for included.
package struct ProcessReading: Sendable, Equatable {
    /// CPU time in user mode, in clock ticks.
    package var userTicks: UInt64
    /// CPU time in the kernel, in clock ticks.
    package var systemTicks: UInt64
    /// Memory at this moment, in bytes.
    package var residentBytes: UInt64
    /// The most memory that it had, in bytes; nil where the kernel doesn't say.
    package var peakBytes: UInt64?
    /// Its threads.
    package var threads: UInt64
    /// Bytes read from storage; nil when this process may not know, since it is another user's.
    package var readBytes: UInt64?
    /// Bytes written to storage, or soon to be; nil like `readBytes`.
    package var writtenBytes: UInt64?

    /// Reads proc(5); nil when there is no such process.
    package init?(of process: pid_t, at root: String = "/proc") {
        func text(_ name: String) -> String? {
            ProcFile.read("\(root)/\(process)/\(name)").map { String(decoding: $0, as: UTF8.self) }
        }
        guard let stat = text("stat") else { return nil }
        self.init(stat: stat, status: text("status"), io: text("io"))
    }

    /// Reads the texts of `stat`, `status` and `io`.
    package init?(stat: String, status: String?, io: String?) {
        // The name of the program is in parentheses and may have blanks and parentheses of its own.
        guard let end = stat.lastIndex(of: ")") else { return nil }
        // Field 3 of proc(5) is the first one here.
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 21, let user = UInt64(fields[11]), let system = UInt64(fields[12]),
            let childrenUser = UInt64(fields[13]), let childrenSystem = UInt64(fields[14]),
            let threads = UInt64(fields[17]), let pages = UInt64(fields[21])
        else { return nil }
        userTicks = user + childrenUser
        systemTicks = system + childrenSystem
        self.threads = threads
        residentBytes = pages * UInt64(sysconf(Int32(_SC_PAGESIZE)))
        peakBytes = status.flatMap { Self.number("VmHWM:", in: $0) }.map { $0 * 1024 }
        readBytes = io.flatMap { Self.number("read_bytes:", in: $0) }
        writtenBytes = io.flatMap { Self.number("write_bytes:", in: $0) }
    }

    private static func number(_ label: String, in text: String) -> UInt64? {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(label) }) else { return nil }
        return line.dropFirst(label.count).split(whereSeparator: \.isWhitespace).first.flatMap { UInt64($0) }
    }
}
