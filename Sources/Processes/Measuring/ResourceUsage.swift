/// What a group of processes uses.
package struct ResourceUsage: Sendable, Equatable {
    /// CPU time in user mode, in seconds; never falls.
    package var userSeconds: Double = 0
    /// CPU time in the kernel, in seconds; never falls.
    package var systemSeconds: Double = 0
    /// Memory at this moment, in bytes; what several processes share counts for each.
    package var residentBytes: UInt64 = 0
    /// The most memory at any moment that was looked at, in bytes, and at least the peak of the largest process.
    package var peakBytes: UInt64 = 0
    /// Bytes read from storage; never falls; nil when unknown.
    package var readBytes: UInt64?
    /// Bytes written to storage; never falls; nil when unknown.
    package var writtenBytes: UInt64?
    /// Running processes.
    package var processes: UInt64 = 0
    /// Their threads; nil when unknown.
    package var threads: UInt64?

    /// No use at all.
    package init() {}

    /// User and system time together, in seconds, to the microsecond.
    package var cpuSeconds: Double { ((userSeconds + systemSeconds) * 1e6).rounded() / 1e6 }
}

/// The sum of counters whose owners come and go: it never falls.
///
/// When a process ends, its counters pass to the parent that waited for it, and the sum stays as it is. Those of a
/// process that nobody waited for are lost with it; what was seen of them is kept here.
package struct RisingSum: Sendable {
    private var base: UInt64 = 0
    private var last: UInt64 = 0

    /// Begins at zero.
    package init() {}

    /// Takes the sum over those that are there now, and returns the sum over all that ever were.
    package mutating func take(_ sum: UInt64) -> UInt64 {
        if sum < last { base += last - sum }
        last = sum
        return base + sum
    }
}
