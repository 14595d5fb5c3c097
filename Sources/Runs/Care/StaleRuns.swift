internal import Core
internal import Dispatch
package import Ingest
package import Journal
internal import Postgres
internal import Synchronization

/// The status of abandoned runs.
package enum StaleRunStatus: String, CaseIterable, Sendable {
    case cancelled, failure, timeout, partial
}

/// Ends abandoned runs: their process died, or their machine did. Contract §4.2.
///
/// It changes no row. It writes lines, as a client would, so that a replay of the journal has the same result; and a
/// line applies only to a run that is still running when the line is loaded.
package final class StaleRuns: Sendable {
    /// How many runs one turn ends.
    static let batchSize = 1000

    private struct Guarded {
        // The number of lines that are being written.
        var underWay = 0
        // The last written line.
        var lastSeq: Int64 = 0
    }

    private let journal: Journal
    private let progress: StreamProgress
    private let age: Duration
    private let status: StaleRunStatus
    // Guards lines that are written and may not be loaded yet.
    private let guarded = Mutex(Guarded())

    /// Ends runs that were created more than `age` ago, with `status`.
    package init(journal: Journal, progress: StreamProgress, after age: Duration, status: StaleRunStatus) {
        self.journal = journal
        self.progress = progress
        self.age = age
        self.status = status
    }

    /// The maintenance job; while the lines of the previous turn are not loaded yet, it does nothing.
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
                // A run whose line could not be written is found again next time.
                if case .success(let position) = result {
                    guarded.lastSeq = max(guarded.lastSeq, position.seq)
                }
            }
        }
    }

    /// The patch, with the reference's messages.
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
