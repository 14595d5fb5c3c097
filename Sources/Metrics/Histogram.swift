import Synchronization

/// Counts observations in buckets with fixed upper bounds; any thread may observe.
package final class Histogram: Metric {
    /// Upper bounds in seconds for what takes between a tenth of a millisecond and ten seconds.
    package static let latencyBounds: [Double] = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    /// Upper bounds for counts and sizes: powers of a factor, from a first one on.
    package static func exponentialBounds(from first: Double, factor: Double, count: Int) -> [Double] {
        var bounds: [Double] = []
        var bound = first
        for _ in 0..<max(count, 0) {
            bounds.append(bound)
            bound *= factor
        }
        return bounds
    }

    private struct State {
        /// One count a bound, and the last for what exceeds them all.
        var counts: [UInt64]
        var sum = 0.0
    }

    private let bounds: [Double]
    // A lock and not atomics: sum and counts of one scrape must belong together.
    private let state: Mutex<State>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: [UInt64](repeating: 0, count: bounds.count + 1)))
    }

    /// Counts one observation; an upper bound belongs to its bucket. Infinite, NaN and negative values are ignored: a
    /// sum is a counter, and one such value would spoil it permanently (OpenMetrics 1.0, Histogram).
    package func observe(_ value: Double) {
        guard value.isFinite, value >= 0 else { return }
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }

    /// Counts one observation in seconds.
    package func observe(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        observe(Double(seconds) + Double(attoseconds) * 1e-18)
    }

    /// The state at this moment.
    package var reading: MetricReading {
        let state = state.withLock { $0 }
        return .histogram(HistogramReading(bounds: bounds, counts: state.counts, sum: state.sum))
    }
}
