import Glibc

/// An instant: microseconds since 1970-01-01T00:00:00Z, without leap seconds.
package struct Timestamp: Hashable, Comparable, Sendable {
    /// Microseconds since 1970 UTC, negative before.
    package var microseconds: Int64

    /// Makes the instant that lies `microseconds` after 1970 UTC.
    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// Makes midnight UTC of a day.
    package init(startOf day: CivilDate) {
        microseconds = Int64(day.daysSinceEpoch) * Timestamp.microsecondsPerDay
    }

    /// The earliest instant that ISO 8601 text can say: 0001-01-01T00:00:00Z.
    package static let earliest = Timestamp(microseconds: -62_135_596_800_000_000)
    /// The latest instant that ISO 8601 text can say: 9999-12-31T23:59:59.999999Z.
    package static let latest = Timestamp(microseconds: 253_402_300_799_999_999)
    /// 1970-01-01T00:00:00Z.
    package static let epoch = Timestamp(microseconds: 0)

    static let microsecondsPerSecond: Int64 = 1_000_000
    static let microsecondsPerHour: Int64 = 3_600_000_000
    static let microsecondsPerDay: Int64 = 86_400_000_000

    /// The system's wall clock; may step backwards.
    package static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(
            microseconds: Int64(time.tv_sec) * microsecondsPerSecond + Int64(time.tv_nsec) / 1000
        )
    }

    /// Earlier instants come first.
    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microseconds < right.microseconds
    }
}

// MARK: - Calendar

extension Timestamp {
    /// The UTC day that contains this instant.
    package var civilDate: CivilDate {
        CivilDate(
            daysSinceEpoch: Int(floored(to: Timestamp.microsecondsPerDay) / Timestamp.microsecondsPerDay)
        )
    }

    /// Midnight UTC of the day that contains this instant.
    package var startOfDay: Timestamp {
        Timestamp(microseconds: floored(to: Timestamp.microsecondsPerDay))
    }

    /// The full UTC hour that contains this instant.
    package var startOfHour: Timestamp {
        Timestamp(microseconds: floored(to: Timestamp.microsecondsPerHour))
    }

    /// The UTC day as `YYYYMMDD`.
    package var yyyymmdd: String { civilDate.yyyymmdd }

    /// Seconds since 1970 UTC, exact to the microsecond between the years 1684 and 2255.
    package var secondsSinceEpoch: Double {
        Double(microseconds) / Double(Timestamp.microsecondsPerSecond)
    }

    private func floored(to unit: Int64) -> Int64 {
        let rest = microseconds % unit
        let truncated = microseconds - rest
        return rest < 0 ? truncated.subtractingReportingOverflow(unit).partialValue : truncated
    }
}

// MARK: - Arithmetic

extension Timestamp {
    /// Moves the instant by whole seconds; saturates at the ends of `Int64`.
    package func adding(seconds: Int) -> Timestamp {
        let (product, overflow) = Int64(seconds).multipliedReportingOverflow(
            by: Timestamp.microsecondsPerSecond
        )
        return adding(microseconds: overflow ? (seconds < 0 ? .min : .max) : product)
    }

    /// Moves the instant by microseconds; saturates at the ends of `Int64`.
    package func adding(microseconds distance: Int64) -> Timestamp {
        let (sum, overflow) = microseconds.addingReportingOverflow(distance)
        return Timestamp(microseconds: overflow ? (distance < 0 ? .min : .max) : sum)
    }

    /// Moves the instant by a duration, cut to whole microseconds.
    package static func + (time: Timestamp, duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        return time.adding(seconds: Int(seconds)).adding(microseconds: attoseconds / 1_000_000_000_000)
    }

    /// Moves the instant back by a duration, cut to whole microseconds.
    package static func - (time: Timestamp, duration: Duration) -> Timestamp {
        time + (.zero - duration)
    }

    /// The duration from `earlier` to `later`.
    package static func - (later: Timestamp, earlier: Timestamp) -> Duration {
        .microseconds(later.microseconds) - .microseconds(earlier.microseconds)
    }
}
