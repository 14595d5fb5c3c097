/// Counts what this process loads live and refuses.
package final class NextflowMetrics: Sendable {
    /// Counts an event that was committed.
    func observe(_ event: NextflowEvent) {}

    /// Counts a request that was refused.
    func refused(_ reason: String) {}
}
