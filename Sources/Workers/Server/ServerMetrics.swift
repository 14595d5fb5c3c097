internal import Core
internal import Processes
internal import Synchronization

/// What this server measures of itself and its machine. Contract noetl §4.3.
///
/// Percentages are those of the window between the last two readings, which a task takes: asking costs no time.
final class ServerMetrics: Sendable {
    private struct Guarded {
        var earlier: HostReading?
        var latest: HostReading?
    }

    // Guards the last two readings.
    private let guarded = Mutex(Guarded(earlier: nil, latest: HostReading.now()))

    /// Takes a reading. Called at intervals of a second or more.
    func read() {
        guard let reading = HostReading.now() else { return }
        guarded.withLock { guarded in
            guarded.earlier = guarded.latest
            guarded.latest = reading
        }
    }

    /// The seven metrics of a self-report.
    func metrics(at now: Timestamp, labels: LabelSet) -> [ReportedMetric] {
        let (earlier, latest) = guarded.withLock { ($0.earlier, $0.latest) }
        guard let latest else { return [] }
        let before = earlier ?? latest
        func gauge(_ name: String, _ value: Double, _ unit: String, _ help: String) -> ReportedMetric {
            Self.gauge("noetl_\(name)", value, unit, help, labels: labels)
        }
        let start = latest.processStartTime
        return [
            gauge(
                "system_cpu_usage_percent",
                latest.cpuPercent(since: before),
                "percent",
                "CPU usage percentage"
            ),
            gauge("system_memory_usage_bytes", Double(latest.memoryUsed), "bytes", "Memory usage in bytes"),
            gauge("system_memory_usage_percent", latest.memoryPercent, "percent", "Memory usage percentage"),
            gauge(
                "process_cpu_percent",
                latest.processPercent(since: before),
                "percent",
                "Process CPU usage percentage"
            ),
            gauge(
                "process_memory_rss_bytes",
                Double(latest.residentBytes),
                "bytes",
                "Process RSS memory in bytes"
            ),
            gauge("process_start_time_seconds", start, "seconds", "Process start time since unix epoch"),
            gauge(
                "uptime_seconds",
                max(now.secondsSinceEpoch - start, 0),
                "seconds",
                "Component uptime in seconds"
            ),
        ]
    }

    static func gauge(
        _ name: String,
        _ value: Double,
        _ unit: String,
        _ help: String,
        labels: LabelSet = .none
    ) -> ReportedMetric {
        ReportedMetric(
            identity: MetricIdentity(name: name, type: .gauge, labels: labels, help: help, unit: unit),
            value: value,
            time: .arrival
        )
    }
}
