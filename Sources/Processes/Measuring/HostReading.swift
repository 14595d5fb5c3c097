internal import Glibc

/// What Linux says of the machine and of this process at a moment. Contract noetl §4.4.
package struct HostReading: Sendable {
    /// The columns of the line `cpu` of `/proc/stat`, in ticks.
    package let cpu: [UInt64]
    /// In bytes.
    package let memoryTotal: UInt64
    /// In bytes; what programs could get without swapping.
    package let memoryAvailable: UInt64
    /// User and system time of this process, in ticks.
    package let processTicks: UInt64
    /// Ticks after the boot.
    package let processStart: UInt64
    /// In seconds since 1970.
    package let bootTime: UInt64
    /// The memory of this process, in bytes.
    package let residentBytes: UInt64
    /// When this was read.
    package let takenAt: ContinuousClock.Instant

    /// The ticks of proc(5).
    package static let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))

    /// Reads `/proc`; nil when it is not Linux's.
    package static func now() -> HostReading? {
        guard let stat = contents(of: "/proc/stat"), let memory = contents(of: "/proc/meminfo"),
            let process = contents(of: "/proc/self/stat"), let pages = contents(of: "/proc/self/statm")
        else { return nil }
        return HostReading(stat: stat, memory: memory, process: process, pages: pages)
    }

    /// Reads the texts of `/proc/stat`, `/proc/meminfo`, `/proc/self/stat` and `/proc/self/statm`.
    package init?(stat: String, memory: String, process: String, pages: String) {
        guard let cpu = Self.numbers(of: "cpu ", in: stat), cpu.count >= 8,
            let boot = Self.numbers(of: "btime ", in: stat)?.first,
            let total = Self.numbers(of: "MemTotal:", in: memory)?.first,
            let available = Self.numbers(of: "MemAvailable:", in: memory)?.first
                ?? Self.numbers(of: "MemFree:", in: memory)?.first
        else { return nil }
        // The name of the program is in parentheses and may have blanks and parentheses of its own.
        guard let end = process.lastIndex(of: ")") else { return nil }
        let fields = process[process.index(after: end)...].split(separator: " ")
        let resident = pages.split(separator: " ").dropFirst().first.flatMap { UInt64($0) }
        guard fields.count > 19, let user = UInt64(fields[11]), let system = UInt64(fields[12]),
            let start = UInt64(fields[19]), let resident
        else { return nil }
        self.cpu = cpu
        memoryTotal = total * 1024
        let free = Self.numbers(of: "MemFree:", in: memory)?.first ?? available
        memoryAvailable = (available > total ? free : available) * 1024
        processTicks = user + system
        processStart = start
        bootTime = boot
        residentBytes = resident * UInt64(sysconf(Int32(_SC_PAGESIZE)))
        takenAt = .now
    }

    private static func numbers(of label: String, in text: String) -> [UInt64]? {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(label) }) else { return nil }
        return line.dropFirst(label.count).split(separator: " ").compactMap { UInt64($0) }
    }

    private static func contents(of path: String) -> String? {
        ProcFile.read(path).map { String(decoding: $0, as: UTF8.self) }
    }
}

// MARK: - Values

extension HostReading {
    /// The share of all processors that were busy since an earlier reading, in percent, with one decimal.
    package func cpuPercent(since earlier: HostReading) -> Double {
        // Guest time is already in user and nice time.
        let deltas = zip(cpu, earlier.cpu).prefix(8).map { now, before in now > before ? now - before : 0 }
        let total = deltas.reduce(0, +)
        guard total > 0 else { return 0 }
        let busy = total - deltas[3] - deltas[4]
        return Self.tenths(100 * Double(busy) / Double(total))
    }

    /// The processor time of this process since an earlier reading, in percent of one processor, with one decimal.
    package func processPercent(since earlier: HostReading) -> Double {
        let seconds =
            Double((takenAt - earlier.takenAt).components.attoseconds) / 1e18
            + Double((takenAt - earlier.takenAt).components.seconds)
        guard seconds > 0, processTicks >= earlier.processTicks else { return 0 }
        return Self.tenths(100 * Double(processTicks - earlier.processTicks) / Self.ticksPerSecond / seconds)
    }

    /// In bytes.
    package var memoryUsed: UInt64 { memoryTotal - min(memoryAvailable, memoryTotal) }

    /// With one decimal.
    package var memoryPercent: Double {
        memoryTotal == 0 ? 0 : Self.tenths(100 * Double(memoryUsed) / Double(memoryTotal))
    }

    /// When this process started, in seconds since 1970.
    package var processStartTime: Double { Double(bootTime) + Double(processStart) / Self.ticksPerSecond }

    private static func tenths(_ value: Double) -> Double { (value * 10).rounded() / 10 }
}
