internal import Core
internal import Processes

/// The metrics of the tasks that an agent measures.
struct TaskMetrics {
    private var meters: [TaskMeter]
    private var before: [Double]
    private var beganAt = ContinuousClock.now

    init(_ selections: [TaskSelection]) {
        meters = selections.map { TaskMeter($0) }
        before = meters.map { _ in 0 }
        look()
        before = meters.map(\.usage.cpuSeconds)
    }

    /// The tasks of which something runs.
    var active: Int { meters.count { $0.isActive } }

    /// Looks at all tasks: what is between two looks is seen only in its traces.
    mutating func look() {
        let table = meters.contains { $0.needsTable } ? ProcessTable.read() : ProcessTable()
        for index in meters.indices { meters[index].look(in: table) }
    }

    /// Looks, and gives the metrics; the percentage is that of the interval since the last call.
    mutating func measure() -> [AgentMetric] {
        look()
        let now = ContinuousClock.now
        let interval = now - beganAt
        let seconds = Double(interval.components.seconds) + Double(interval.components.attoseconds) / 1e18
        var metrics: [AgentMetric] = []
        for (index, meter) in meters.enumerated() {
            let used = meter.usage.cpuSeconds - before[index]
            let percent = seconds > 0 ? (1000 * used / seconds).rounded() / 10 : 0
            metrics += Self.metrics(of: meter.usage, percent: percent, task: meter.selection.name)
            before[index] = meter.usage.cpuSeconds
        }
        beganAt = now
        return metrics
    }

    /// The metrics of one task.
    static func metrics(of usage: ResourceUsage, percent: Double, task: String) -> [AgentMetric] {
        let labels = [PrometheusLabel("task", task)]
        func gauge(_ name: String, _ value: UInt64?, _ unit: String, _ help: String) -> AgentMetric? {
            value.map { .gauge("noetl_task_\(name)", Double($0), unit, help, labels) }
        }
        func counter(_ name: String, _ value: UInt64?, _ unit: String, _ help: String) -> AgentMetric? {
            value.map { .counter("noetl_task_\(name)", Double($0), unit, help, labels) }
        }
        let cpu: [AgentMetric] = [
            .counter(
                "noetl_task_cpu_seconds_total",
                usage.cpuSeconds,
                "seconds",
                "CPU time of the task",
                labels
            ),
            .gauge("noetl_task_cpu_percent", percent, "percent", "CPU usage of the task", labels),
        ]
        let others = [
            gauge("memory_rss_bytes", usage.residentBytes, "bytes", "Memory of the task"),
            gauge("memory_peak_bytes", usage.peakBytes, "bytes", "Peak memory of the task"),
            counter("io_read_bytes_total", usage.readBytes, "bytes", "Bytes that the task read from storage"),
            counter(
                "io_written_bytes_total",
                usage.writtenBytes,
                "bytes",
                "Bytes that the task wrote to storage"
            ),
            gauge("processes", usage.processes, "processes", "Running processes of the task"),
            gauge("threads", usage.threads, "threads", "Threads of the task"),
        ]
        return cpu + others.compactMap { $0 }
    }
}
