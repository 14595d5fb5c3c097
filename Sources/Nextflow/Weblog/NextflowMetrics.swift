internal import Core
package import Metrics

/// Counters and histograms of the events that this process loads live or refuses; any thread may observe.
///
/// They start at 0 with the process, and a replay does not count: scrapes of several Weirs can be added up.
package final class NextflowMetrics: Sendable {
    private let events: MetricFamily<Counter>
    private let resends: Counter
    private let refusals: MetricFamily<Counter>
    private let finishedRuns: MetricFamily<Counter>
    private let processes: ProcessSeries
    private let calls: MetricFamily<Counter>
    private let unreadableCalls: Counter
    private let runlessCalls: Counter
    private let lostCalls: Counter

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
        finishedRuns = registry.counterFamily(
            "weir_nextflow_runs_finished_total",
            help: "Executions of runs that ended, by state.",
            labels: ["state"]
        )
        // A rate needs a first value.
        for state in RunState.allCases where !state.isOpen { _ = finishedRuns.child(state.rawValue) }
        processes = ProcessSeries(registry: registry)
        calls = registry.counterFamily(
            "weir_tower_calls_total",
            help: "Calls of Nextflow's Tower client loaded, resends included, by call.",
            labels: ["call"]
        )
        for call in TowerCall.allCases { _ = calls.child(call.rawValue) }
        unreadableCalls = registry.counter(
            "weir_tower_unreadable_calls_total",
            help:
                "Calls of Nextflow's Tower client whose body was no JSON; they are kept, and applied as far as they can be read."
        )
        lostCalls = registry.counter(
            "weir_tower_lost_calls_total",
            help:
                "Calls of Nextflow's Tower client that the journal could not take for a minute; they were answered with KO, so that their runs go on."
        )
        runlessCalls = registry.counter(
            "weir_tower_runless_calls_total",
            help:
                "Calls of Nextflow's Tower client for a run without an id, which follow a create that failed."
        )
    }

    /// Counts a committed call, and the completions and ends that it brought.
    func observe(_ element: TowerElement) {
        calls.child(element.message.call.rawValue).increment()
        if element.isResend { resends.increment() }
        for event in element.events { observeRows(event) }
    }

    /// Counts a call that is no JSON.
    func unreadable() { unreadableCalls.increment() }

    /// Counts a call that was given up.
    func lost() { lostCalls.increment() }

    /// Counts a call without a run.
    func runless() { runlessCalls.increment() }

    /// Counts a committed event. A completion is observed once, however often it is sent, and so is the end of a run.
    func observe(_ element: NextflowElement) {
        let name = element.event.event
        events.child(EventName.known.contains(name) ? name : "other").increment()
        if element.isResend { resends.increment() }
        observeRows(element)
    }

    private func observeRows(_ element: NextflowElement) {
        if element.isNewCompletion, let task = element.event.task { processes.observe(task) }
        for state in element.finishedRuns { finishedRuns.child(state.rawValue).increment() }
    }

    /// Counts a refused request; `reason` is one of a few words.
    func refused(_ reason: String) {
        refusals.child(reason).increment()
    }
}
