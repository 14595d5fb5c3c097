internal import Core
internal import Dispatch
package import Ingest
package import Journal
internal import Postgres
internal import Synchronization

/// What abandoned runs are marked as.
package enum StaleRunStatus: String, CaseIterable, Sendable {
    case cancelled, failure, timeout, partial
}

/// Ends runs that nobody ended: their process died, or their machine did. Contract §4.2.
///
/// It changes no row. It writes lines, as a client would, so that a replay of the journal does the same again; and a
/// line holds only for a run that is still running when it is loaded.
package final class StaleRuns: Sendable {
    /// How many runs one turn ends.
    static let batchSize = 1000

    private struct Guarded {
        // Lines that are being written.
        var underWay = 0
        // The last line that was written.
        var lastSeq: Int64 = 0
    }

    private let journal: Journal
    private let progress: StreamProgress
    private let age: Duration
    private let status: StaleRunStatus
    // Guards what was written and perhaps not loaded yet.
    private let guarded = Mutex(Guarded())

    /// Looks after runs that were created more than `age` ago and are marked as `status` then.
    package init(journal: Journal, progress: StreamProgress, after age: Duration, status: StaleRunStatus) {
        self.journal = journal
        self.progress = progress
        self.age = age
        self.status = status
    }

    /// The maintenance job; a turn whose lines are not loaded yet is waited for.
    package var job: MaintenanceJob {
        MaintenanceJob("runs.stale", every: .seconds(30)) { [self] connection, now in
            guard isCaughtUp else { return }
            let runs = try StaleRunsStore.fetch(
                before: now - age,
                atMost: Self.batchSize,
                on: connection
            )
            for run in runs { append(run, at: now) }
        }
    }

    private var isCaughtUp: Bool {
        let applied = progress.snapshot.appliedSeq
        return guarded.withLock { $0.underWay == 0 && $0.lastSeq <= applied }
    }

    private func append(_ run: StaleRun, at now: Timestamp) {
        guarded.withLock { $0.underWay += 1 }
        journal.append(
            kind: RunsProjection.Kind.stale.rawValue,
            members: RunLine.members(run.eventID),
            body: Self.body(run, status, at: now),
            on: .global()
        ) { [self] result in
            guarded.withLock { guarded in
                guarded.underWay -= 1
                // What could not be written is found again.
                if case .success(let position) = result {
                    guarded.lastSeq = max(guarded.lastSeq, position.seq)
                }
            }
        }
    }

    /// The patch, in the words of the original.
    static func body(_ run: StaleRun, _ status: StaleRunStatus, at now: Timestamp) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { body in
            body.member("status", status.rawValue)
            body.member("end_time", now.iso8601(offset: .plusZero))
            body.member("error_summary", "Stale run cleaned up (created at \(run.createdAt))")
            body.member("output_summary", "Process did not complete - marked as \(status.rawValue)")
        }
        return writer.bytes
    }
}
