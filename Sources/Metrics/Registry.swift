import Synchronization

/// The metrics of one Weir: families registered at start, and collectors called at each scrape.
///
/// Asking twice for the same family gives the same one. A name that is not valid, or registered before with
/// another type, help text or labels, is a mistake in the wiring and traps.
package final class Registry: Sendable {
    /// Adds families to a snapshot at scrape time; must not block, since the scrape waits for it.
    package typealias Collector = @Sendable (inout MetricsSnapshot) -> Void

    private struct State {
        /// By base name, so that names that collide in OpenMetrics only are found too.
        var families: [String: any AnyMetricFamily] = [:]
        var collectors: [Collector] = []
    }

    /// How many label sets a family keeps unless it says otherwise.
    package static let defaultLimit = 1000

    private let state = Mutex(State())

    /// Makes an empty registry.
    package init() {}

    /// A counter without labels.
    package func counter(_ name: String, help: String) -> Counter {
        counterFamily(name, help: help, labels: []).child([])
    }

    /// A gauge without labels.
    package func gauge(_ name: String, help: String) -> Gauge {
        gaugeFamily(name, help: help, labels: []).child([])
    }

    /// A histogram without labels; the bounds ascend.
    package func histogram(
        _ name: String,
        help: String,
        bounds: [Double] = Histogram.latencyBounds
    ) -> Histogram {
        histogramFamily(name, help: help, labels: [], bounds: bounds).child([])
    }

    /// Counters with labels, at most `limit` of them and one for the rest.
    package func counterFamily(
        _ name: String,
        help: String,
        labels: [String],
        limit: Int = defaultLimit
    ) -> MetricFamily<Counter> {
        let descriptor = MetricDescriptor(name: name, help: help, kind: .counter, labels: labels, bounds: [])
        return family(descriptor, limit: limit) { Counter() }
    }

    /// Gauges with labels, at most `limit` of them and one for the rest.
    package func gaugeFamily(
        _ name: String,
        help: String,
        labels: [String],
        limit: Int = defaultLimit
    ) -> MetricFamily<Gauge> {
        let descriptor = MetricDescriptor(name: name, help: help, kind: .gauge, labels: labels, bounds: [])
        return family(descriptor, limit: limit) { Gauge() }
    }

    /// Histograms with labels, at most `limit` of them and one for the rest; the bounds ascend.
    package func histogramFamily(
        _ name: String,
        help: String,
        labels: [String],
        bounds: [Double] = Histogram.latencyBounds,
        limit: Int = defaultLimit
    ) -> MetricFamily<Histogram> {
        let descriptor = MetricDescriptor(
            name: name,
            help: help,
            kind: .histogram,
            labels: labels,
            bounds: bounds
        )
        return family(descriptor, limit: limit) { Histogram(bounds: bounds) }
    }

    /// Registers a collector; collectors are called in the order of their registration, on the scrape's thread.
    package func addCollector(_ collector: @escaping Collector) {
        state.withLock { $0.collectors.append(collector) }
    }

    /// The state of all families, collectors included.
    package func snapshot() -> MetricsSnapshot {
        let (families, collectors) = state.withLock { (Array($0.families.values), $0.collectors) }
        var snapshot = MetricsSnapshot()
        for family in families {
            for (labels, reading) in family.readings() {
                snapshot.add(family.descriptor, labels: labels, reading: reading)
            }
        }
        for collect in collectors { collect(&snapshot) }
        return snapshot
    }

    /// The text of a scrape; `additions` are families that had to be awaited, from the database for example.
    package func exposition(
        as format: ExpositionFormat,
        adding additions: MetricsSnapshot = MetricsSnapshot()
    ) -> [UInt8] {
        var snapshot = snapshot()
        snapshot.merge(additions)
        return Exposition.render(snapshot, as: format)
    }

    private func family<Child: Metric>(
        _ descriptor: MetricDescriptor,
        limit: Int,
        makeChild: @escaping @Sendable () -> Child
    ) -> MetricFamily<Child> {
        if let fault = descriptor.fault { preconditionFailure("BUG: metric \(descriptor.name): \(fault)") }
        return state.withLock { state in
            guard let known = state.families[descriptor.baseName] else {
                let family = MetricFamily(descriptor: descriptor, limit: limit, makeChild: makeChild)
                state.families[descriptor.baseName] = family
                return family
            }
            guard known.descriptor == descriptor, let family = known as? MetricFamily<Child> else {
                preconditionFailure("BUG: metric \(descriptor.name) is registered twice and differently")
            }
            return family
        }
    }
}
