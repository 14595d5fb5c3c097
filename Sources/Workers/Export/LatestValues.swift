internal import Core
internal import Synchronization

/// The latest value of every series, in memory: an export never asks PostgreSQL. Contract noetl §1.5.
///
/// A reported series counts against the bound of its component until it has been idle for an hour, a pushed one until
/// its group goes. Any thread.
final class LatestValues: Sendable {
    /// The bounds.
    struct Limits: Sendable {
        /// The most series of a component.
        var seriesOfComponent = 20_000
        /// How long a series is exported after its last sample arrived.
        var window = Duration.seconds(300)
        /// How long a series is remembered after its last sample arrived.
        var idle = Duration.seconds(3600)
    }

    private struct Guarded {
        var table = SeriesTable()
        var droppedSamples = 0
        var prunedAt = Timestamp.epoch
        /// When somebody was told of the bound of a component that had no series.
        var told: [ComponentKey: Timestamp] = [:]
    }

    /// How far ahead of its arrival a sample may be stamped; beyond, the arrival counts.
    private static let ahead = Duration.seconds(60)
    private static let mostTold = 100
    let limits: Limits
    // Guards everything.
    private let guarded = Mutex(Guarded())

    init(_ limits: Limits = Limits()) {
        self.limits = limits
    }

    /// How many series are remembered.
    var seriesCount: Int { guarded.withLock { $0.table.count } }

    /// How many samples were dropped because their component had too many series.
    var droppedSamples: Int { guarded.withLock { $0.droppedSamples } }

    /// How many series a component has.
    func seriesCount(of component: ComponentKey) -> Int {
        guarded.withLock { $0.table.count(of: component) }
    }

    // MARK: - Samples

    /// Makes room for the series of some samples.
    ///
    /// - Returns: the indices of samples whose series are beyond the bound of the component; they are not to be stored.
    func admit(_ samples: [Sample], of component: Component, at now: Timestamp) -> [Int] {
        guarded.withLock { guarded in
            prune(&guarded, at: now)
            var refused: [Int] = []
            for (index, sample) in samples.enumerated()
            where guarded.table.number(of: sample.series.key) == nil {
                if guarded.table.count(of: component.key) < limits.seriesOfComponent {
                    _ = guarded.table.insert(sample.series.key, sample.series, of: component, at: now)
                } else {
                    refused.append(index)
                }
            }
            guarded.droppedSamples += refused.count
            return refused
        }
    }

    /// Takes samples that are durable. An older one that arrives later does not replace a newer one.
    func record(_ samples: [Sample], of component: Component, arrivedAt arrival: Timestamp) {
        let latest = arrival + Self.ahead
        guarded.withLock { guarded in
            for sample in samples {
                let number =
                    guarded.table.number(of: sample.series.key)
                    ?? guarded.table.insert(sample.series.key, sample.series, of: component, at: arrival)
                let at = sample.at > latest ? arrival : sample.at
                guarded.table.take(sample, number, at: at, receivedAt: arrival)
            }
        }
    }

    /// Makes room for series of remote-write; `make` is asked for those that are new here.
    ///
    /// - Returns: the indices of series beyond the bound of the component; their samples are not to be stored.
    func admit(
        _ identities: some Collection<SeriesIdentity>,
        of component: Component,
        at now: Timestamp,
        making make: (Int) -> Series?
    ) -> [Int] {
        guarded.withLock { guarded in
            prune(&guarded, at: now)
            var refused: [Int] = []
            for (index, identity) in identities.enumerated()
            where guarded.table.number(of: identity) == nil {
                if guarded.table.count(of: component.key) < limits.seriesOfComponent {
                    if let series = make(index) {
                        let number = guarded.table.insert(identity.key, series, of: component, at: now)
                        if series.help != nil { guarded.table.describe(number, series, at: now) }
                    }
                } else {
                    refused.append(index)
                }
            }
            return refused
        }
    }

    /// Takes the newest samples of series that `admit` has made room for.
    func record(
        _ samples: some Sequence<(series: SeriesIdentity, at: Timestamp, value: Double)>,
        arrivedAt arrival: Timestamp
    ) {
        let latest = arrival + Self.ahead
        guarded.withLock { guarded in
            for (series, at, value) in samples {
                guard let number = guarded.table.number(of: series) else { continue }
                let at = at > latest ? arrival : at
                guarded.table.take(value, number, at: at, receivedAt: arrival)
            }
        }
    }

    /// Counts samples that are not stored because their component has too many series.
    func countDropped(_ samples: Int, of component: ComponentKey) {
        guarded.withLock { $0.droppedSamples += samples }
    }

    /// Whether somebody is to be told that a component is at its bound: once an hour.
    func shouldTellLimit(of component: ComponentKey, at now: Timestamp) -> Bool {
        guarded.withLock { guarded in
            guarded.told = guarded.told.filter { now - $0.value < .seconds(3600) }
            guard guarded.told[component] == nil else { return false }
            if guarded.table.count(of: component) > 0 { return guarded.table.tell(component, at: now) }
            // Anybody can invent names.
            guard guarded.told.count < Self.mostTold else { return false }
            guarded.told[component] = now
            return true
        }
    }

    /// Forgets idle series, once a minute.
    private func prune(_ guarded: inout Guarded, at now: Timestamp) {
        guard now - guarded.prunedAt > .seconds(60) else { return }
        guarded.prunedAt = now
        let idle = guarded.table.idle(before: now - limits.idle)
        if !idle.isEmpty { guarded.table.remove(idle) }
    }

    // MARK: - Pushed series

    /// A series of a pushed group, which is shown until it is removed.
    struct Pushed: Sendable {
        /// A digest of its group and its series: what is reported as well is another series here.
        let key: UUID128
        let component: Component
        let sample: Sample
    }

    /// Removes series of pushed groups and adds others, or gives them new values.
    func replacePushed(removing removed: Set<UUID128>, adding added: [Pushed]) {
        guarded.withLock { guarded in
            let numbers = removed.compactMap { guarded.table.number(of: $0) }
            if !numbers.isEmpty { guarded.table.remove(numbers) }
            for pushed in added {
                let number =
                    guarded.table.number(of: pushed.key)
                    ?? guarded.table.insert(
                        pushed.key,
                        pushed.sample.series,
                        of: pushed.component,
                        at: .latest
                    )
                guarded.table.take(pushed.sample, number, at: pushed.sample.at, receivedAt: .latest)
            }
        }
    }

    // MARK: - Export

    /// Works on the table; for an export, family by family.
    func withTable<Result>(_ body: (inout SeriesTable) -> Result) -> Result {
        guarded.withLock { body(&$0.table) }
    }
}
