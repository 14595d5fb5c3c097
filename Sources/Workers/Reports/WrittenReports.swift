internal import Core
internal import Synchronization

/// Reports that the route has just written to the journal, for the loader: to read a report again takes as long as to
/// store it. What is not here, or no longer, the loader reads from the journal. Any thread; one loader uses it.
final class WrittenReports: Sendable {
    /// A report as its line has it.
    struct Report: Sendable {
        let component: Component
        let report: MetricReport
        /// Of the first samples of its blocks.
        let ids: [Int64]
        /// The indices of metrics that are not stored.
        let dropped: [Int]
        /// Of the body: what it takes in memory grows with it, and with the number of metrics.
        let bytes: Int

        fileprivate var cost: Int { bytes + 128 * report.metrics.count }
    }

    private struct Guarded {
        var reports: [Int64: Report] = [:]
        var cost = 0
        /// The last line that the loader asked for. It asks for an earlier one only within a batch that it decodes on two
        /// threads, and reads from the journal what was not kept for that.
        var asked: Int64 = 0
    }

    /// How much is kept, in bytes, about: a loader that is behind reads from the journal.
    private static let mostBytes = 8 << 20
    // Guards the reports.
    private let guarded = Mutex(Guarded())

    /// Keeps a report until the loader takes it, if there is room.
    func keep(_ report: Report, of line: Int64) {
        guarded.withLock { guarded in
            guard line > guarded.asked else { return }
            if guarded.cost + report.cost > Self.mostBytes { Self.removePassed(&guarded) }
            guard guarded.cost + report.cost <= Self.mostBytes else { return }
            guarded.reports[line] = report
            guarded.cost += report.cost
        }
    }

    /// The report of a line; nil when it has to be read from the journal.
    func take(_ line: Int64) -> Report? {
        guarded.withLock { guarded in
            guarded.asked = max(guarded.asked, line)
            guard let report = guarded.reports.removeValue(forKey: line) else { return nil }
            guarded.cost -= report.cost
            return report
        }
    }

    /// Removes reports that the loader has passed before they were kept.
    private static func removePassed(_ guarded: inout Guarded) {
        let asked = guarded.asked
        guarded.reports = guarded.reports.filter { $0.key > asked }
        guarded.cost = guarded.reports.values.reduce(0) { $0 + $1.cost }
    }
}
