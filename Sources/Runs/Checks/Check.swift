internal import Core
internal import Schedules

/// A check: a job that pings Weir, when it is due, and how it stands.
struct Check: Sendable {
    /// What may be changed.
    struct Settings: Sendable, Hashable {
        var name = ""
        var slug: String?
        var pingKey: String?
        var tags: [String] = []
        var project: String?
        /// In seconds; nil with a cron expression.
        var period: Int? = 86_400
        var cron: String?
        var timeZone: String?
        /// In seconds.
        var grace = 3600
    }

    /// How its pings stand.
    struct Standing: Sendable, Hashable {
        /// Of the last success or failure.
        var lastPingAt: Timestamp?
        var lastKind: String?
        var lastStartAt: Timestamp?
        var lastExit: Int?
    }

    let id: UUID128
    let pingUUID: UUID128
    var settings: Settings
    let createdAt: Timestamp
    let updatedAt: Timestamp
    var pausedAt: Timestamp?
    var watchedFrom: Timestamp?
    var missedAt: Timestamp?
    var missedDue: Timestamp?
    var standing = Standing()
}

/// How a check stands at a moment: computed when it is read, since time alone changes it.
struct CheckState: Hashable {
    /// The word of answers.
    enum Word: String, CaseIterable {
        /// It has never been pinged.
        case new
        /// It is in time.
        case up
        /// It is late, but within its grace time.
        case grace
        /// It is later than its grace time, or its last ping said that the job failed.
        case down
        /// Nobody watches it.
        case paused
    }

    let word: Word
    /// When the next ping is due; nil for a new check.
    let dueAt: Timestamp?
    /// Whether a run has begun and not ended.
    let isRunning: Bool
    /// The time that it has missed; nil while it is in time or within its grace.
    let missed: Timestamp?

    /// How a check stands.
    ///
    /// The next ping is due a period after the last success or failure, or at the first time of the cron expression after
    /// it; a run that has begun has to end within the grace time.
    init(_ check: Check, at now: Timestamp) {
        let (standing, schedule) = (check.standing, check.settings.schedule)
        isRunning = standing.lastStartAt.map { $0 > standing.lastPingAt ?? .earliest } ?? false
        let due = standing.lastPingAt.flatMap { last in
            schedule?.next(after: max(last, check.watchedFrom ?? last))
        }
        dueAt = due
        var begins = due
        if isRunning, let start = standing.lastStartAt, start >= check.watchedFrom ?? start {
            begins = min(due ?? start, start)
        }
        let limit = begins.map { $0.adding(seconds: check.settings.grace) }
        let isMissed = limit.map { now >= $0 } ?? false
        missed = check.pausedAt == nil && isMissed ? begins : nil
        if check.pausedAt != nil {
            word = .paused
        } else if isMissed || standing.lastKind == Ping.Kind.fail.rawValue {
            word = .down
        } else if standing.lastPingAt == nil {
            word = .new
        } else {
            word = due.map { now >= $0 } ?? false ? .grace : .up
        }
    }
}

extension Check.Settings {
    /// The schedule; nil when this machine no longer knows its time zone.
    var schedule: Schedule? {
        if let period { return try? Schedule(every: period, grace: grace) }
        return try? Schedule(cron: cron ?? "", timeZone: timeZone ?? "UTC", grace: grace)
    }
}
