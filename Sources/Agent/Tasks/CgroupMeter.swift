internal import Glibc
internal import Processes

/// Measures a control group of cgroups(7), with all groups below it: the kernel has done the sums.
struct CgroupMeter {
    private let path: String
    private let root: String
    private var total = RisingSum()
    private var system = RisingSum()
    private var read = RisingSum()
    private var written = RisingSum()
    private var usage = ResourceUsage()

    /// Names a group by its path below the hierarchy's root, or as a whole: `/sys/fs/cgroup/x`, or with a controller of
    /// version 1 `/sys/fs/cgroup/memory/x`. Another `root` is for tests.
    init(_ path: String, at root: String = "/sys/fs/cgroup") {
        var parts = path.split(separator: "/").map(String.init)
        let prefix = root.split(separator: "/").map(String.init)
        if path.hasPrefix("/"), parts.starts(with: prefix) {
            parts.removeFirst(prefix.count)
            if let first = parts.first, Self.controllers.contains(first) { parts.removeFirst() }
        }
        self.path = parts.joined(separator: "/")
        self.root = root
    }

    private static let controllers = ["cpu", "cpuacct", "cpu,cpuacct", "memory", "blkio", "pids", "systemd"]

    /// What the group has used; a group that is made anew goes on from there.
    mutating func look() -> ResourceUsage {
        let isUnified = access("\(root)/cgroup.controllers", F_OK) == 0
        guard let sums = isUnified ? unified() : divided() else {
            return absent()
        }
        let whole = total.take(sums.total)
        let inKernel = min(system.take(sums.system), whole)
        usage.userSeconds = Double(whole - inKernel) / 1e6
        usage.systemSeconds = Double(inKernel) / 1e6
        usage.residentBytes = sums.resident
        usage.peakBytes = max(usage.peakBytes, sums.peak ?? 0, sums.resident)
        if let bytes = sums.read { usage.readBytes = read.take(bytes) }
        if let bytes = sums.written { usage.writtenBytes = written.take(bytes) }
        usage.processes = sums.processes
        usage.threads = sums.threads
        return usage
    }

    /// The counters of a group that is made again begin at zero.
    private mutating func absent() -> ResourceUsage {
        _ = total.take(0)
        _ = system.take(0)
        _ = read.take(0)
        _ = written.take(0)
        usage.residentBytes = 0
        usage.processes = 0
        usage.threads = nil
        return usage
    }

    private struct Sums {
        /// In microseconds.
        var total: UInt64 = 0
        var system: UInt64 = 0
        var resident: UInt64 = 0
        var peak: UInt64?
        var read: UInt64?
        var written: UInt64?
        var processes: UInt64 = 0
        var threads: UInt64?
    }

    // MARK: - Version 2

    private func unified() -> Sums? {
        let group = "\(root)/\(path)"
        guard let stat = Self.text("\(group)/cpu.stat") else { return nil }
        var sums = Sums()
        sums.system = Self.number("system_usec", in: stat) ?? 0
        sums.total = sums.system + (Self.number("user_usec", in: stat) ?? 0)
        sums.resident = Self.text("\(group)/memory.stat").flatMap { Self.number("anon", in: $0) } ?? 0
        sums.peak = Self.only("\(group)/memory.peak")
        if let io = Self.text("\(group)/io.stat") {
            sums.read = Self.sum("rbytes=", in: io)
            sums.written = Self.sum("wbytes=", in: io)
        }
        sums.processes = Self.processes(in: group)
        sums.threads = Self.only("\(group)/pids.current")
        return sums
    }

    // MARK: - Version 1

    private func divided() -> Sums? {
        let group = ["cpu,cpuacct", "cpuacct"].map { "\(root)/\($0)/\(path)" }
            .first { access("\($0)/cpuacct.usage", F_OK) == 0 }
        guard let group, let whole = Self.only("\(group)/cpuacct.usage") else { return nil }
        var sums = Sums()
        // The whole is exact, in nanoseconds; system time is in ticks, so that their difference may fall.
        let stat = Self.text("\(group)/cpuacct.stat") ?? ""
        let ticks = Self.number("system", in: stat) ?? 0
        sums.total = whole / 1000
        sums.system = min(UInt64(Double(ticks) / HostReading.ticksPerSecond * 1e6), sums.total)
        let memory = "\(root)/memory/\(path)"
        sums.resident = Self.text("\(memory)/memory.stat").flatMap { Self.number("total_rss", in: $0) } ?? 0
        sums.peak = Self.only("\(memory)/memory.max_usage_in_bytes")
        let blocks = "\(root)/blkio/\(path)/blkio.throttle.io_service_bytes"
        if let io = Self.text("\(blocks)_recursive") ?? Self.text(blocks) {
            sums.read = Self.operations("Read", in: io)
            sums.written = Self.operations("Write", in: io)
        }
        sums.processes = Self.processes(in: group)
        sums.threads = Self.only("\(root)/pids/\(path)/pids.current")
        return sums
    }

    // MARK: - Files

    private static func text(_ path: String) -> String? {
        ProcFile.read(path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The number that is all of a file.
    private static func only(_ path: String) -> UInt64? {
        text(path)?.split(whereSeparator: \.isWhitespace).first.flatMap { UInt64($0) }
    }

    /// The number of a line `name number`.
    private static func number(_ name: String, in text: String) -> UInt64? {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == name { return UInt64(words[1]) }
        }
        return nil
    }

    /// The sum of `8:0 rbytes=1 wbytes=2 …` over all devices.
    private static func sum(_ key: String, in text: String) -> UInt64 {
        var sum: UInt64 = 0
        for word in text.split(whereSeparator: \.isWhitespace) where word.hasPrefix(key) {
            sum += UInt64(word.dropFirst(key.count)) ?? 0
        }
        return sum
    }

    /// The sum of `8:0 Read 1` over all devices.
    private static func operations(_ name: String, in text: String) -> UInt64 {
        var sum: UInt64 = 0
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 3, words[1] == name { sum += UInt64(words[2]) ?? 0 }
        }
        return sum
    }

    /// The processes of a group and of those below it.
    private static func processes(in group: String, depth: Int = 0) -> UInt64 {
        var count = text("\(group)/cgroup.procs").map { UInt64($0.split(separator: "\n").count) } ?? 0
        guard depth < 16, let directory = opendir(group) else { return count }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            guard entry.pointee.d_type == UInt8(DT_DIR) else { continue }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { count += processes(in: "\(group)/\(name)", depth: depth + 1) }
        }
        return count
    }
}
