internal import Core
internal import Dispatch
internal import Ingest
internal import Journal
internal import Postgres
internal import Synchronization

/// Notices what does not happen: workers without heartbeats, stages that nobody takes up. Contract pipelogiq §6.4, §7.3.
///
/// It changes no row. It writes lines, as a client would, so that a replay has the same result; and a line applies only
/// if nothing has changed when it is loaded.
final class PipelineSweeps: Sendable {
    /// How many lines one turn writes.
    private static let most = 1000

    private struct Guarded {
        var underWay = 0
        var lastSeq: Int64 = 0
    }

    private let journal: Journal
    private let progress: StreamProgress
    // Guards lines that are written and may not be loaded yet.
    private let guarded = Mutex(Guarded())

    init(journal: Journal, progress: StreamProgress) {
        self.journal = journal
        self.progress = progress
    }

    /// Looks for workers that were last seen more than `limit` ago.
    func lostWorkers(after limit: Duration) -> MaintenanceJob {
        MaintenanceJob("pipelines.workers", every: min(limit / 3, .seconds(15))) { [self] connection, now in
            guard isCaughtUp else { return }
            let rows = try connection.execute(
                Statement(
                    "lost workers of pipelines",
                    """
                    SELECT id, last_seen_at FROM worker_client
                    WHERE last_seen_at < $1 AND state <> 'stopped' AND lost_at IS NULL
                    ORDER BY last_seen_at LIMIT $2
                    """
                ),
                [.timestamp(now - limit), .int(Self.most)]
            )
            for row in rows {
                let report = WorkerReport(
                    workerID: try row.int64("id"),
                    word: .lost(since: try row.timestamp("last_seen_at"))
                )
                append(report.kind, report.line)
            }
        }
    }

    /// Looks for stages that were handed out more than `limit` ago and have not begun.
    func pendingStages(after limit: Duration) -> MaintenanceJob {
        MaintenanceJob("pipelines.pending", every: min(limit / 2, .seconds(150))) { [self] connection, now in
            guard isCaughtUp else { return }
            let rows = try connection.execute(
                Statement(
                    "stages that nobody takes up",
                    """
                    SELECT id, started_at FROM stage
                    WHERE status = 'Pending' AND started_at < $1
                    ORDER BY id LIMIT $2
                    """
                ),
                [.timestamp(now - limit), .int(Self.most)]
            )
            for row in rows {
                var report = StageReport(
                    stageID: try row.int64("id"),
                    application: "",
                    change: .expired(try row.timestamp("started_at"))
                )
                report.isOperator = true
                append(report.kind, report.line)
            }
        }
    }

    private var isCaughtUp: Bool {
        let applied = progress.snapshot.appliedSeq
        return guarded.withLock { $0.underWay == 0 && $0.lastSeq <= applied }
    }

    /// What could not be written is found again next time.
    private func append(_ kind: PipelinesProjection.Kind, _ body: [UInt8]) {
        guarded.withLock { $0.underWay += 1 }
        journal.append(kind: kind.rawValue, body: body, on: .global()) { [self] result in
            guarded.withLock { guarded in
                guarded.underWay -= 1
                if case .success(let position) = result {
                    guarded.lastSeq = max(guarded.lastSeq, position.seq)
                }
            }
        }
    }
}
