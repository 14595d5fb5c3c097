internal import Core
package import Ingest
package import Journal
internal import Postgres
internal import Synchronization

/// Finds checks that missed their time and its grace, and those that are back, and says so in outbox events.
package final class MissedChecks: Sendable {
    /// A moment, and the last line that was durable then.
    private struct Mark {
        let seq: Int64
        let at: Timestamp
    }

    private let journal: Journal
    private let progress: StreamProgress
    // Guards the mark of the turn before.
    private let mark = Mutex<Mark?>(nil)

    /// Makes the maintenance job; `progress` is that of the stream of runs.
    package init(journal: Journal, progress: StreamProgress) {
        self.journal = journal
        self.progress = progress
    }

    /// The maintenance job. It looks at how checks stood a turn ago, once all that was durable then is loaded: a check is
    /// not missed because PostgreSQL was away.
    package var job: MaintenanceJob {
        MaintenanceJob("runs.checks", every: .seconds(5)) { [self] connection, now in
            let applied = progress.snapshot.appliedSeq
            let next = Mark(seq: journal.durableSeq, at: now)
            let moment: Timestamp? = mark.withLock { mark in
                guard let before = mark else {
                    mark = next
                    return nil
                }
                guard before.seq <= applied else { return nil }
                mark = next
                return before.at
            }
            if let moment { try Self.look(at: moment, on: connection) }
        }
    }

    static func look(at now: Timestamp, on connection: Connection) throws {
        for check in try CheckStore.fetchWatched(on: connection) {
            let missed = CheckState(check, at: now).missed
            guard (missed == nil) != (check.missedAt == nil) else { continue }
            try connection.transaction {
                // A ping may have come since.
                guard let current = try CheckStore.lock(check.id, on: connection) else { return }
                let missed = CheckState(current, at: now).missed
                guard (missed == nil) != (current.missedAt == nil) else { return }
                try report(current, missed: missed, at: now, on: connection)
            }
        }
    }

    /// Opens or closes the alarm of a check, in the transaction of its outbox event.
    static func report(_ check: Check, missed: Timestamp?, at now: Timestamp, on connection: Connection)
        throws
    {
        let isMissed = missed != nil
        guard try CheckStore.setMissed(check.id, at: isMissed ? now : nil, due: missed, on: connection) else {
            return
        }
        var writer = JSONWriter()
        writer.object { detail in
            detail.member("check", check.settings.name)
            detail.member("agent", check.settings.name)
            detail.member("job_type", PingRun.trigger)
            if let project = check.settings.project { detail.member("project", project) }
            detail.member("due_at", (missed ?? check.missedDue)?.iso8601())
            detail.member("last_ping_at", check.standing.lastPingAt?.iso8601())
            detail.member("grace", check.settings.grace)
        }
        let event = OutboxEvent(
            kind: isMissed ? "check.missed" : "check.back",
            subject: check.id.description,
            at: now,
            detail: writer.bytes
        )
        try OutboxStore.insert([event], on: connection)
    }
}
