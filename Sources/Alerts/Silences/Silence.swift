internal import Core

/// Holds back what its matchers match, for a time; with a schedule, during each of its occurrences.
struct Silence: Sendable {
    /// Where it stands, in Alertmanager's words.
    enum State: String, CaseIterable, Sendable {
        case active, pending, expired
    }

    var id: UUID128
    /// All of them must match.
    var matchers: [Matcher]
    var startsAt: Timestamp
    var endsAt: Timestamp
    /// A maintenance window: a cron expression, its time zone, and how long each occurrence lasts.
    var window: Window?
    var createdBy: String
    var comment: String
    var updatedAt: Timestamp

    struct Window: Sendable {
        var schedule: String
        var timeZone: String?
        var lasting: Duration
        /// Nil when this Weir cannot read its schedule: then it never opens.
        var times: MaintenanceWindow?

        /// A stored one.
        init(schedule: String, timeZone: String?, lasting: Duration) {
            self.schedule = schedule
            self.timeZone = timeZone
            self.lasting = lasting
            times = try? MaintenanceWindow.read(schedule: schedule, timeZone: timeZone)
        }

        /// One whose schedule has been read.
        init(schedule: String, timeZone: String?, lasting: Duration, times: MaintenanceWindow) {
            self.schedule = schedule
            self.timeZone = timeZone
            self.lasting = lasting
            self.times = times
        }
    }

    /// Between two windows it waits.
    func state(at now: Timestamp) -> State {
        guard now < endsAt else { return .expired }
        return isActive(at: now) ? .active : .pending
    }

    func isActive(at now: Timestamp) -> Bool {
        guard startsAt <= now, now < endsAt else { return false }
        return window.map { $0.times?.isOpen(now, $0.lasting) ?? false } ?? true
    }

    func matches(_ labels: [String: String]) -> Bool {
        !matchers.isEmpty && matchers.allSatisfy { $0.matches(labels) }
    }

    /// Whether it has the same matchers, in any order.
    func hasMatchers(_ others: [Matcher]) -> Bool {
        matchers.count == others.count
            && matchers.allSatisfy { matcher in others.contains { $0.isSame(as: matcher) } }
            && others.allSatisfy { other in matchers.contains { $0.isSame(as: other) } }
    }
}
