/// What is wrong with a schedule, and where.
///
/// The message names the value that was given and what may be written instead; it holds nothing secret.
package struct ScheduleFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// A part of a schedule.
    package enum Part: String, Sendable {
        /// The cron expression.
        case cron
        /// The name of the time zone.
        case timeZone = "time_zone"
        /// The seconds between two times.
        case period
        /// The seconds of grace.
        case grace
    }

    /// The part that is wrong.
    package let part: Part
    /// What is wrong and what may be written instead, as a sentence without its full stop.
    package let message: String

    init(_ part: Part, _ message: String) {
        self.part = part
        self.message = message
    }

    /// The message.
    package var description: String { message }
}
