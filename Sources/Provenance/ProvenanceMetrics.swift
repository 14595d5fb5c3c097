package import Metrics
internal import Synchronization

/// Counters and gauges of provenance events in this process.
package struct ProvenanceMetrics: Sendable {
    /// How many projects have series of their own; the events of all others count as `other`.
    static let namedProjects = 100

    private let events: MetricFamily<Counter>
    private let ingested: MetricFamily<Counter>
    private let projects: KnownProjects
    /// Events of other features that were copied.
    let copied: Counter
    /// Turns of the follower that failed.
    let failures: Counter
    /// Connections that follow the live stream.
    let listeners: Gauge
    private let ended: MetricFamily<Counter>
    /// Listeners that fell so far behind that they read from the database again.
    let fallenBehind: Counter
    /// Events that were sent to listeners.
    let sent: Counter

    /// What a POST came to.
    enum Result: String, CaseIterable {
        case accepted, duplicate, conflict, invalid, forbidden
    }

    /// Why a listener's stream ended.
    enum End: String, CaseIterable {
        /// Its connection was closed, by the client or since it read nothing, or Weir stops.
        case closed
        /// There were as many as there may be.
        case refused
    }

    /// Registers the families.
    package init(registry: Registry) {
        events = registry.counterFamily(
            "weir_provenance_events_total",
            help: "Posted provenance events, by project and what became of them.",
            labels: ["project", "result"]
        )
        ingested = registry.counterFamily(
            "beampipe_events_ingested_total",
            help: "Posted provenance events, by project and what became of them, by the platform's name.",
            labels: ["project_module", "result"]
        )
        copied = registry.counter(
            "weir_provenance_copied_total",
            help: "Events of other features that became provenance events."
        )
        failures = registry.counter(
            "weir_provenance_failures_total",
            help: "Attempts to copy or order provenance events that failed; they are repeated."
        )
        listeners = registry.gauge(
            "weir_provenance_listeners",
            help: "Connections that follow /api/v2/events/stream."
        )
        ended = registry.counterFamily(
            "weir_provenance_listeners_ended_total",
            help: "Connections that followed /api/v2/events/stream and ended, or were refused, by why.",
            labels: ["reason"]
        )
        fallenBehind = registry.counter(
            "weir_provenance_listeners_behind_total",
            help: "How often a listener was too slow for the shared buffer and read from the database."
        )
        sent = registry.counter(
            "weir_provenance_sent_total",
            help: "Events that were sent to listeners."
        )
        projects = KnownProjects(most: Self.namedProjects)
        // A rate needs a first value.
        for end in End.allCases { _ = ended.child(end.rawValue) }
        for result in Result.allCases { count(0, "other", result) }
    }

    /// Counts the events of a line that is committed.
    func loaded(_ events: [ProvenanceEvent], _ outcome: EventOutcome) {
        guard let project = events.first?.project else { return }
        let label = projects.label(project)
        switch outcome {
        case .stored(let earlier):
            count(events.count - earlier.count, label, .accepted)
            count(earlier.count, label, .duplicate)
        case .conflict: count(events.count, label, .conflict)
        }
    }

    /// Counts a request that was refused before it was stored.
    func refused(_ project: String, _ result: Result) {
        count(1, projects.knownLabel(project), result)
    }

    func listenerEnded(_ reason: End) { ended.child(reason.rawValue).increment() }

    private func count(_ number: Int, _ project: String, _ result: Result) {
        events.child(project, result.rawValue).increment(by: number)
        ingested.child(project, result.rawValue).increment(by: number)
    }
}

/// The first projects that had an event stored: clients choose the names. Any thread.
private final class KnownProjects: Sendable {
    private let most: Int
    // Guards the names.
    private let names = Mutex<Set<String>>([])

    init(most: Int) { self.most = most }

    func label(_ project: String) -> String {
        names.withLock { names in
            if names.contains(project) { return project }
            guard names.count < most else { return "other" }
            names.insert(project)
            return project
        }
    }

    func knownLabel(_ project: String) -> String {
        names.withLock { $0.contains(project) ? project : "other" }
    }
}
