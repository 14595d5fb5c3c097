internal import Core
internal import Ingest
internal import Logging
internal import Postgres
internal import Synchronization

/// Keeps what waits for export within bounds, whether this Weir exports or not: the leader does it for all of them.
///
/// A run waits for a while, and only so many do. When nobody has taken the ends of runs for that long, export is
/// switched off for good: the consumer is removed, since for it the outbox would keep events for 30 days.
final class ExportCare: Sendable {
    let queue: ExportQueue
    let metrics: TracesMetrics
    let logger: Logger

    private struct State {
        /// When the event arrived that should have been taken long ago, and since when it is known.
        var idle: (event: Timestamp, since: Timestamp)?
        /// When the log said last that runs are lost, and how many were since.
        var saidAt: Timestamp?
        var unsaid = 0
    }
    // Guards what the job knows from one time to the next.
    private let state = Mutex(State())

    /// A Weir that starts after days, as its database does, must have the time to take what has come meanwhile.
    private static let grace = Duration.seconds(300)
    private static let pauseOfLog = Duration.seconds(3600)

    init(queue: ExportQueue, metrics: TracesMetrics, logger: Logger) {
        self.queue = queue
        self.metrics = metrics
        self.logger = logger
    }

    var job: MaintenanceJob {
        MaintenanceJob("traces.export", every: .seconds(60)) { [self] connection, now in
            try perform(on: connection, now: now)
        }
    }

    func perform(on connection: Connection, now: Timestamp) throws {
        lose(try queue.giveUp(on: connection), at: now)
        guard let since = try queue.unreadSince(on: connection), since < now - queue.patience else {
            return state.withLock { $0.idle = nil }
        }
        let isOver = state.withLock { state in
            if state.idle?.event != since { state.idle = (since, now) }
            guard let idle = state.idle, now - idle.since >= Self.grace else { return false }
            state.idle = nil
            return true
        }
        guard isOver else { return }
        let lost = try queue.forget(on: connection)
        metrics.gaveUp(runs: lost)
        logger.notice(
            "nobody has exported runs for longer than WEIR_TRACES_GIVE_UP: those that ended meanwhile are not exported when export is switched on again",
            metadata: ["runs": "\(lost)"]
        )
    }

    /// Counts lost runs; the log says so once in an hour.
    private func lose(_ count: Int, at now: Timestamp) {
        guard count > 0 else { return }
        metrics.gaveUp(runs: count)
        let lost: Int? = state.withLock { state in
            state.unsaid += count
            if let said = state.saidAt, now - said < Self.pauseOfLog { return nil }
            defer { (state.saidAt, state.unsaid) = (now, 0) }
            return state.unsaid
        }
        guard let lost else { return }
        logger.warning(
            "runs are not exported: they waited for longer than WEIR_TRACES_GIVE_UP, or more than WEIR_TRACES_MAX_WAITING did",
            metadata: ["runs": "\(lost)"]
        )
    }
}
