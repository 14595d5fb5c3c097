internal import Core
internal import Schedules

/// When the windows of a silence with a schedule open.
struct MaintenanceWindow: Sendable {
    /// What is wrong with a schedule, and in which member of the body.
    struct Fault: Error, Hashable {
        /// `schedule` or `timeZone`.
        let member: String
        /// A sentence without a full stop.
        let message: String
    }

    /// How long a window may last: a minute to a week.
    static let durations = 60...604_800

    /// Whether a window that lasts so long is open at a moment: its beginning belongs to it, its end does not.
    let isOpen: @Sendable (_ moment: Timestamp, _ lasting: Duration) -> Bool

    /// Reads a cron expression and a time zone, UTC without one.
    ///
    /// - Throws: what is wrong with them.
    static func read(schedule: String, timeZone: String?) throws(Fault) -> MaintenanceWindow {
        do throws(ScheduleFault) {
            let times = try Schedule(cron: schedule, timeZone: timeZone ?? "UTC")
            return MaintenanceWindow { times.isActive(at: $0, lasting: $1) }
        } catch {
            throw Fault(
                member: error.part == .timeZone ? "timeZone" : "schedule",
                message: error.message
            )
        }
    }
}
