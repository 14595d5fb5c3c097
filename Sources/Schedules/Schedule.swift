package import Core

/// When something is due: at a period after the last time, or when a cron expression says so in a time zone; and how
/// long it may be late.
///
/// A value without a clock of its own; any thread.
package struct Schedule: Hashable, Sendable {
    /// When it is due.
    package enum Recurrence: Hashable, Sendable {
        /// This many seconds after the last time.
        case every(seconds: Int)
        /// At the times of a cron expression, on the clocks of a time zone.
        case cron(CronExpression, ZoneRules)
    }

    /// The seconds that a period may have: up to 365 days.
    package static let periods = 1...31_536_000
    /// The seconds that a grace may have: up to 365 days.
    package static let graces = 0...31_536_000

    /// When it is due.
    package let recurrence: Recurrence
    /// How many seconds it may be late.
    package let grace: Int

    /// Makes a schedule with a period.
    ///
    /// - Throws: a fault when a number of seconds is out of its bounds.
    package init(every seconds: Int, grace: Int = 0) throws(ScheduleFault) {
        guard Self.periods.contains(seconds) else {
            throw ScheduleFault(.period, "\(seconds) seconds is not a period: 1 to 31536000 (365 days) is")
        }
        recurrence = .every(seconds: seconds)
        self.grace = try Self.checked(grace)
    }

    /// Makes a schedule with a cron expression in a time zone, whose file is read.
    ///
    /// - Throws: a fault that names the field of the expression, the zone or the grace.
    package init(cron: String, timeZone: String = "UTC", grace: Int = 0) throws(ScheduleFault) {
        let expression = try CronExpression(cron)
        recurrence = .cron(expression, try ZoneRules.named(timeZone))
        self.grace = try Self.checked(grace)
    }

    /// Makes a schedule of what has been read already, without a grace.
    package init(_ cron: CronExpression, in zone: ZoneRules) {
        recurrence = .cron(cron, zone)
        grace = 0
    }

    private static func checked(_ grace: Int) throws(ScheduleFault) -> Int {
        guard graces.contains(grace) else {
            throw ScheduleFault(.grace, "\(grace) seconds is not a grace time: 0 to 31536000 (365 days) is")
        }
        return grace
    }

    /// When it is due next after a moment; nil when its cron expression has no time within 50 years.
    package func next(after moment: Timestamp) -> Timestamp? {
        switch recurrence {
        case .every(let seconds): moment.adding(seconds: seconds)
        case .cron(let cron, let zone): CronTimes(cron, zone).next(after: moment)
        }
    }

    /// When it was due last, at the moment itself or before it; nil for a period, which has no times of its own, and
    /// for a cron expression without a time in the 50 years before.
    package func last(atOrBefore moment: Timestamp) -> Timestamp? {
        switch recurrence {
        case .every: nil
        case .cron(let cron, let zone): CronTimes(cron, zone).last(atOrBefore: moment)
        }
    }

    /// Whether a window that opens at each time of the cron expression and stays open for `duration` is open at a
    /// moment: its beginning belongs to it, its end does not. Always false for a period.
    package func isActive(at moment: Timestamp, lasting duration: Duration) -> Bool {
        guard let opened = last(atOrBefore: moment) else { return false }
        return moment < opened + duration
    }
}
