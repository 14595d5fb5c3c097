internal import Core
package import Metrics

/// Counters and histograms of what this process loads live and refuses; any thread may observe.
///
/// They begin at 0 with the process, and a replay does not count: scrapes of several Weirs are added up.
package final class NextflowMetrics: Sendable {
    /// How many processes have histograms of their own; the rest share the label `other`.
    private static let processLimit = 100

    /// From a second to three days.
    private static let taskBounds: [Double] = [
        1, 5, 15, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 259_200,
    ]

    private let events: MetricFamily<Counter>
    private let resends: Counter
    private let refusals: MetricFamily<Counter>
    private let durations: MetricFamily<Histogram>
    private let queueTimes: MetricFamily<Histogram>
    private let memoryEfficiencies: MetricFamily<Histogram>

    /// Registers the families.
    package init(registry: Registry) {
        events = registry.counterFamily(
            "weir_nextflow_events_total",
            help: "Weblog events loaded, resends included, by name.",
            labels: ["event"]
        )
        resends = registry.counter(
            "weir_nextflow_resends_total",
            help: "Events loaded whose body had arrived within the ten minutes before."
        )
        refusals = registry.counterFamily(
            "weir_nextflow_refused_requests_total",
            help: "Weblog requests refused, by reason.",
            labels: ["reason"]
        )
        durations = registry.histogramFamily(
            "weir_nextflow_task_duration_seconds",
            help: "How long completed tasks ran, by process.",
            labels: ["process"],
            bounds: Self.taskBounds,
            limit: Self.processLimit
        )
        queueTimes = registry.histogramFamily(
            "weir_nextflow_task_queue_seconds",
            help: "How long completed tasks had waited between submission and start, by process.",
            labels: ["process"],
            bounds: Self.taskBounds,
            limit: Self.processLimit
        )
        memoryEfficiencies = registry.histogramFamily(
            "weir_nextflow_task_memory_efficiency_ratio",
            help: "Peak resident memory of completed tasks as a share of what they requested, by process.",
            labels: ["process"],
            bounds: [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5],
            limit: Self.processLimit
        )
    }

    /// Counts an event that was committed. A completion is observed once, however often it is sent.
    func observe(_ element: NextflowElement) {
        let name = element.event.event
        events.child(EventName.known.contains(name) ? name : "other").increment()
        if element.isResend { resends.increment() }
        if element.isNewCompletion { observe(taskOf: element.event) }
    }

    /// Counts a request that was refused; `reason` is one of a few words.
    func refused(_ reason: String) {
        refusals.child(reason).increment()
    }

    private func observe(taskOf event: NextflowEvent) {
        guard let task = event.task else { return }
        let process = task.process ?? "<null>"
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
    }
}
