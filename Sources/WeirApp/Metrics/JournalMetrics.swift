import Journal
import Metrics

/// The journal's counters and state.
final class JournalMetrics: Sendable {
    private let lines: Counter
    private let bytes: Counter
    private let batchLines: Histogram
    private let writing: Histogram
    private let syncing: Histogram
    private let refused: MetricFamily<Counter>
    private let failures: Counter
    private let segments: Counter
    private let damage: MetricFamily<Counter>

    init(_ registry: Registry) {
        lines = registry.counter("weir_journal_lines_total", help: "Lines made durable.")
        bytes = registry.counter("weir_journal_bytes_total", help: "Bytes made durable.")
        batchLines = registry.histogram(
            "weir_journal_batch_lines",
            help: "Lines that one fdatasync made durable.",
            bounds: Histogram.exponentialBounds(from: 1, factor: 2, count: 12)
        )
        writing = registry.histogram("weir_journal_write_seconds", help: "Time of one write.")
        syncing = registry.histogram("weir_journal_fsync_seconds", help: "Time of one fdatasync.")
        refused = registry.counterFamily(
            "weir_journal_refused_lines_total",
            help: "Lines that were not accepted.",
            labels: ["reason"]
        )
        failures = registry.counter(
            "weir_journal_failures_total",
            help: "Writes and syncs that failed, whether or not a fresh segment saved the lines."
        )
        segments = registry.counter("weir_journal_segments_begun_total", help: "Segments that were begun.")
        damage = registry.counterFamily(
            "weir_journal_damage_total",
            help: "Places in the journal that could not be read.",
            labels: ["cause"]
        )
    }

    /// The observer that the journal reports to.
    var observer: JournalObserver {
        var observer = JournalObserver()
        observer.committed = { [self] commit in
            lines.increment(by: commit.lines)
            bytes.increment(by: commit.bytes)
            batchLines.observe(Double(commit.lines))
            writing.observe(commit.writing)
            syncing.observe(commit.syncing)
        }
        observer.refused = { [self] error, count in refused.child(error.reason).increment(by: count) }
        observer.failed = { [self] _ in failures.increment() }
        observer.segmentBegun = { [self] in segments.increment() }
        observer.damaged = { [self] report in damage.child(report.cause.rawValue).increment() }
        return observer
    }

    /// Adds the series that are read from the journal at each scrape.
    static func collect(_ journal: Journal, into snapshot: inout MetricsSnapshot) {
        snapshot.gauge(
            "weir_journal_durable_seq",
            help: "Number of the last durable line.",
            Double(journal.durableSeq)
        )
        snapshot.gauge(
            "weir_journal_first_seq",
            help: "Number of the first line that is kept.",
            Double(journal.firstSeq)
        )
        let backlog = journal.backlog
        snapshot.gauge(
            "weir_journal_waiting_lines",
            help: "Lines that wait for the disk.",
            Double(backlog.lines)
        )
        snapshot.gauge(
            "weir_journal_waiting_bytes",
            help: "Bytes that wait for the disk.",
            Double(backlog.bytes)
        )
        snapshot.gauge(
            "weir_journal_disk_bytes",
            help: "Disk space of all segments.",
            Double(journal.diskUsage)
        )
        snapshot.gauge(
            "weir_journal_reserve_held",
            help: "Whether the reserve for a full disk is there (1) or given up (0).",
            journal.isReserveHeld ? 1 : 0
        )
        if let space = try? journal.diskSpace() {
            snapshot.gauge(
                "weir_disk_free_bytes",
                help: "Free space of the journal's disk.",
                Double(space.free)
            )
            snapshot.gauge("weir_disk_size_bytes", help: "Size of the journal's disk.", Double(space.total))
        }
    }
}
