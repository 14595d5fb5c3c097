import Glibc

/// The standard `process_…` metrics of this process, read from `/proc` and libc at each scrape.
package struct ProcessMetrics: Sendable {
    /// When the process began, in seconds since 1970; nil when the system does not tell.
    package let startTime: Double?
    private let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
    private let pageSize = Double(sysconf(Int32(_SC_PAGESIZE)))

    /// Reads what does not change: when the process began.
    package init() {
        let bootTime = ProcessMetrics.contents(of: "/proc/stat").flatMap(ProcessStatus.bootTime)
        let status = ProcessMetrics.contents(of: "/proc/self/stat").flatMap { ProcessStatus(stat: $0) }
        startTime = bootTime.flatMap { boot in
            status.map { boot + Double($0.startTicks) / Double(sysconf(Int32(_SC_CLK_TCK))) }
        }
    }

    /// Adds the metrics; those that the system does not tell are left out.
    package func collect(into snapshot: inout MetricsSnapshot) {
        if let startTime {
            snapshot.gauge(
                "process_start_time_seconds",
                help: "Start time of the process since the Unix epoch in seconds.",
                startTime,
            )
        }
        if let stat = ProcessMetrics.contents(of: "/proc/self/stat"), let status = ProcessStatus(stat: stat) {
            collect(status, into: &snapshot)
        }
        if let open = ProcessMetrics.openDescriptorCount() {
            snapshot.gauge("process_open_fds", help: "Number of open file descriptors.", Double(open))
        }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            snapshot.gauge(
                "process_max_fds",
                help: "Maximum number of open file descriptors.",
                limit.rlim_cur == rlim_t.max ? .infinity : Double(limit.rlim_cur),
            )
        }
    }

    private func collect(_ status: ProcessStatus, into snapshot: inout MetricsSnapshot) {
        snapshot.counter(
            "process_cpu_seconds_total",
            help: "Total user and system CPU time spent in seconds.",
            Double(status.cpuTicks) / ticksPerSecond,
        )
        snapshot.gauge(
            "process_resident_memory_bytes",
            help: "Resident memory size in bytes.",
            Double(status.residentPages) * pageSize,
        )
        snapshot.gauge(
            "process_virtual_memory_bytes",
            help: "Virtual memory size in bytes.",
            Double(status.virtualBytes),
        )
        snapshot.gauge(
            "process_threads",
            help: "Number of operating system threads.",
            Double(status.threads),
        )
    }

    private static func openDescriptorCount() -> Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var entries = 0
        while readdir(directory) != nil { entries += 1 }
        // Without `.`, `..` and the directory itself.
        return max(entries - 3, 0)
    }

    private static func contents(of path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var contents: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { return count == 0 ? contents : nil }
            contents.append(contentsOf: chunk[..<count])
        }
    }
}

/// What `/proc/PID/stat` tells; see proc_pid_stat(5).
struct ProcessStatus: Hashable, Sendable {
    let cpuTicks: UInt64
    let threads: UInt64
    let startTicks: UInt64
    let virtualBytes: UInt64
    let residentPages: UInt64

    /// Nil for text of another shape.
    init?(stat: [UInt8]) {
        // The second field is the command in parentheses; it may hold blanks and parentheses itself.
        guard let parenthesis = stat.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = stat[(parenthesis + 1)...].split { $0 <= UInt8(ascii: " ") }
        // The first of these is field 3 of the manual page.
        func number(_ field: Int) -> UInt64? {
            field - 3 < fields.count ? UInt64(String(decoding: fields[field - 3], as: UTF8.self)) : nil
        }
        guard let user = number(14), let system = number(15), let threads = number(20),
            let start = number(22), let virtual = number(23), let resident = number(24)
        else { return nil }
        cpuTicks = user + system
        self.threads = threads
        startTicks = start
        virtualBytes = virtual
        residentPages = resident
    }

    /// The `btime` of `/proc/stat`: when the system booted, in seconds since 1970.
    static func bootTime(stat: [UInt8]) -> Double? {
        for line in stat.split(separator: UInt8(ascii: "\n")) where line.starts(with: "btime ".utf8) {
            return Double(String(decoding: line.dropFirst("btime ".utf8.count), as: UTF8.self))
        }
        return nil
    }
}
