internal import Core
internal import Metrics
internal import Synchronization

/// The series of each process: how long its tasks ran and waited, how well they used their requests, how they ended.
///
/// The first processes have series of their own, the others share the label `other`.
final class ProcessSeries: Sendable {
    private static let processLimit = 100

    /// From a second to three days, finest between one and thirty minutes, where most tasks end.
    private static let seconds: [Double] = [
        1, 5, 15, 30, 60, 90, 120, 180, 240, 300, 450, 600, 750, 900, 1200, 1500, 1800, 2700, 3600, 7200,
        10_800,
        21_600, 43_200, 86_400, 259_200,
    ]

    private static let shares: [Double] = [
        0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5,
    ]

    private let durations: MetricFamily<Histogram>
    private let queueTimes: MetricFamily<Histogram>
    private let memoryEfficiencies: MetricFamily<Histogram>
    private let cpuEfficiencies: MetricFamily<Histogram>
    private let retries: MetricFamily<Counter>
    private let finished: MetricFamily<Counter>
    // Guards the processes with series of their own.
    private let known = Mutex<Set<String>>([])

    /// Registers the families.
    init(registry: Registry) {
        func histograms(_ name: String, _ help: String, _ bounds: [Double]) -> MetricFamily<Histogram> {
            registry.histogramFamily(name, help: help, labels: ["process"], bounds: bounds)
        }
        durations = histograms(
            "weir_nextflow_task_duration_seconds",
            "How long completed tasks ran, by process.",
            Self.seconds
        )
        queueTimes = histograms(
            "weir_nextflow_task_queue_seconds",
            "How long completed tasks had waited between submission and start, by process.",
            Self.seconds
        )
        memoryEfficiencies = histograms(
            "weir_nextflow_task_memory_efficiency_ratio",
            "Peak resident memory of completed tasks as a share of what they requested, by process.",
            Self.shares
        )
        cpuEfficiencies = histograms(
            "weir_nextflow_task_cpu_efficiency_ratio",
            "CPU use of completed tasks as a share of the cores that they requested, by process.",
            Self.shares
        )
        retries = registry.counterFamily(
            "weir_nextflow_task_retries_total",
            help: "Attempts that ended and were not the first of their task, by process.",
            labels: ["process"]
        )
        finished = registry.counterFamily(
            "weir_nextflow_tasks_finished_total",
            help: "Attempts of tasks that ended, by process and status.",
            labels: ["process", "status"]
        )
    }

    /// Observes a completed task.
    func observe(_ task: Trace) {
        let process = label(of: task.process ?? "<null>")
        finished.child(process, TaskStatus.word(task.status)).increment()
        if let attempt = task.attempt, attempt > 1 { retries.child(process).increment() }
        if let milliseconds = task.values.realtimeMilliseconds {
            durations.child(process).observe(milliseconds / 1000)
        }
        if let submit = task.submitAt, let start = task.startAt {
            let waited = Double(start.microseconds - submit.microseconds) / 1000
            if let plausible = Quantity.milliseconds.plausible(waited) {
                queueTimes.child(process).observe(plausible / 1000)
            }
        }
        if let peak = task.values.peakRSS, let requested = task.values.memory, requested > 0 {
            memoryEfficiencies.child(process).observe(peak / requested)
        }
        if let used = task.values.percentCPU, let cores = task.values.cpus, cores > 0 {
            cpuEfficiencies.child(process).observe(used / (100 * cores))
        }
    }

    private func label(of process: String) -> String {
        known.withLock { known in
            if known.contains(process) { return process }
            guard known.count < Self.processLimit else { return "other" }
            known.insert(process)
            return process
        }
    }
}
