internal import Processes

/// The eight metrics of a worker pool, in the protocol's order. Contract noetl §4.1.
struct PoolMetrics: Sendable {
    private var before: HostReading?
    /// What `noetl_worker_max_workers` says.
    let maxWorkers: Int

    /// Begins the interval of the first percentages.
    init(maxWorkers: Int, since reading: HostReading? = .now()) {
        self.maxWorkers = maxWorkers
        before = reading
    }

    /// Measures; percentages are those of the interval since the last call. Without `/proc` only the last three remain.
    mutating func measure(
        activeTasks: Int,
        queueSize: Int,
        reading: HostReading? = .now()
    ) -> [AgentMetric] {
        defer { before = reading ?? before }
        return Self.host(reading, since: before) + [
            .gauge(
                "noetl_worker_active_tasks",
                Double(activeTasks),
                "tasks",
                "Number of active worker tasks"
            ),
            .gauge(
                "noetl_worker_max_workers",
                Double(maxWorkers),
                "workers",
                "Maximum configured workers"
            ),
            .gauge("noetl_worker_queue_size", Double(queueSize), "jobs", "Current queue size"),
        ]
    }

    private static func host(_ reading: HostReading?, since before: HostReading?) -> [AgentMetric] {
        guard let reading else { return [] }
        let before = before ?? reading
        return [
            .gauge(
                "noetl_system_cpu_usage_percent",
                reading.cpuPercent(since: before),
                "percent",
                "CPU usage percentage"
            ),
            .gauge(
                "noetl_system_memory_usage_bytes",
                Double(reading.memoryUsed),
                "bytes",
                "Memory usage in bytes"
            ),
            .gauge(
                "noetl_system_memory_usage_percent",
                reading.memoryPercent,
                "percent",
                "Memory usage percentage"
            ),
            .gauge(
                "noetl_process_cpu_percent",
                reading.processPercent(since: before),
                "percent",
                "Process CPU usage percentage"
            ),
            .gauge(
                "noetl_process_memory_rss_bytes",
                Double(reading.residentBytes),
                "bytes",
                "Process RSS memory in bytes"
            ),
        ]
    }
}
