import Core
import Ingest
import Journal
import Metrics
import Synchronization

/// The lag of a stream's loader, in lines and in seconds.
final class StreamLag: Sendable {
    /// The lag at one moment.
    struct Reading: Hashable, Sendable {
        let lines: Int64
        let seconds: Double
    }

    private struct Sample {
        let at: ContinuousClock.Instant
        let durable: Int64
    }

    /// One sample a second for an hour: beyond that a minute more or less does not matter.
    private static let capacity = 3600

    let progress: StreamProgress
    private let durableSeq: @Sendable () -> Int64
    // Guards the samples, oldest first; each has the newest line of its moment.
    private let samples = Mutex<[Sample]>([])

    init(_ progress: StreamProgress, durableSeq: @escaping @Sendable () -> Int64) {
        self.progress = progress
        self.durableSeq = durableSeq
    }

    /// Takes a sample every second until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            take(at: .now)
            try? await Task.sleep(for: .seconds(1))
        }
    }

    /// Takes one sample.
    func take(at now: ContinuousClock.Instant) {
        let durable = durableSeq()
        let applied = progress.snapshot.appliedSeq
        samples.withLock { samples in
            // Samples of applied lines do not help to tell the age of unapplied ones.
            samples.removeFirst(samples.firstIndex { $0.durable > applied } ?? samples.count)
            if durable > applied,
                samples.count < Self.capacity || now - samples[samples.count - 1].at > .seconds(60)
            {
                samples.append(Sample(at: now, durable: durable))
            }
        }
    }

    /// The current lag: the age of the oldest line that is not applied, within a second.
    func reading(at now: ContinuousClock.Instant = .now) -> Reading {
        let applied = progress.snapshot.appliedSeq
        let lines = max(0, durableSeq() - applied)
        guard lines > 0 else { return Reading(lines: 0, seconds: 0) }
        let since = samples.withLock { samples in samples.first { $0.durable > applied }?.at }
        let age = since.map { (now - $0).components.seconds } ?? 0
        return Reading(lines: lines, seconds: Double(max(0, age)))
    }

    /// Whether the loader is running but can't keep up.
    var isFarBehind: Bool {
        let snapshot = progress.snapshot
        return snapshot.state == .running && durableSeq() - snapshot.appliedSeq > Self.farBehind
    }

    /// A few batches: recently written lines are still in memory.
    private static let farBehind: Int64 = 5000

    /// Adds the stream's series.
    func collect(into snapshot: inout MetricsSnapshot) {
        let labels = [("stream", progress.stream)]
        let state = progress.snapshot
        let lag = reading()
        snapshot.gauge(
            "weir_loader_lag_lines",
            help: "Durable lines that are not applied yet.",
            labels: labels,
            Double(lag.lines)
        )
        snapshot.gauge(
            "weir_loader_lag_seconds",
            help: "Age of the oldest line that is not applied.",
            labels: labels,
            lag.seconds
        )
        snapshot.counter(
            "weir_loader_batches_total",
            help: "Transactions that were committed.",
            labels: labels,
            Double(state.batches)
        )
        snapshot.counter(
            "weir_loader_lines_total",
            help: "Lines that were applied.",
            labels: labels,
            Double(state.lines)
        )
        snapshot.counter(
            "weir_loader_dead_letters_total",
            help: "Elements whose data PostgreSQL refused.",
            labels: labels,
            Double(state.deadLetters)
        )
        snapshot.counter(
            "weir_loader_retries_total",
            help: "Attempts that failed and were retried.",
            labels: labels,
            Double(state.retries)
        )
        let (isBackingOff, isStopped) =
            switch state.state {
            case .backingOff: (1.0, 0.0)
            case .stopped: (0.0, 1.0)
            case .waiting, .running: (0.0, 0.0)
            }
        snapshot.gauge(
            "weir_loader_backing_off",
            help: "Whether the loader waits for PostgreSQL.",
            labels: labels,
            isBackingOff
        )
        snapshot.gauge(
            "weir_loader_stopped",
            help: "Whether a bug of Weir or a wrong schema stops the loader.",
            labels: labels,
            isStopped
        )
    }
}
