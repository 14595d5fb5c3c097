import Synchronization

/// A number that only grows while the process lives; any thread may add to it.
package final class Counter: Metric {
    // Whole steps are by far the most frequent and cost one atomic addition; fractions need a loop.
    private let steps = Atomic<UInt64>(0)
    private let fractions = Atomic<UInt64>(0)

    init() {}

    /// Adds whole steps; negative ones are ignored, since a counter never falls.
    package func increment(by amount: Int = 1) {
        guard amount > 0 else { return }
        steps.wrappingAdd(UInt64(amount), ordering: .relaxed)
    }

    /// Adds any amount, for example seconds; what is negative or not finite is ignored.
    package func add(_ amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        fractions.updateDouble { $0 + amount }
    }

    /// What was added so far.
    package var value: Double {
        Double(steps.load(ordering: .relaxed)) + Double(bitPattern: fractions.load(ordering: .relaxed))
    }

    /// The state at this moment.
    package var reading: MetricReading { .number(value) }
}

extension Atomic<UInt64> {
    /// Replaces the double whose bit pattern is stored.
    func updateDouble(_ change: (Double) -> Double) {
        var current = load(ordering: .relaxed)
        while true {
            let changed = change(Double(bitPattern: current)).bitPattern
            let (exchanged, original) = weakCompareExchange(
                expected: current,
                desired: changed,
                ordering: .relaxed
            )
            if exchanged { return }
            current = original
        }
    }
}
