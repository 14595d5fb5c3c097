internal import Core

/// Holds back what its matchers match, for a time; with a schedule, during each of its occurrences.
struct Silence: Sendable {
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
    }

    func isActive(at now: Timestamp) -> Bool {
        guard startsAt <= now, now < endsAt else { return false }
        return window.map { MaintenanceWindow.isOpen($0, at: now) } ?? true
    }

    func matches(_ labels: [String: String]) -> Bool {
        !matchers.isEmpty && matchers.allSatisfy { $0.matches(labels) }
    }
}
