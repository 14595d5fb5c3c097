import Synchronization

/// A number that goes up and down; any thread may set it.
package final class Gauge: Metric {
    private let bits = Atomic<UInt64>(0)

    init() {}

    /// Replaces the value.
    package func set(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    /// Replaces the value.
    package func set(_ value: Int) {
        set(Double(value))
    }

    /// Adds to the value, or takes away from it.
    package func add(_ amount: Double) {
        bits.updateDouble { $0 + amount }
    }

    /// Adds one.
    package func increment() { add(1) }

    /// Takes one away.
    package func decrement() { add(-1) }

    /// The value; zero until it is set.
    package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    /// The state at this moment.
    package var reading: MetricReading { .number(value) }
}
