/// A cron expression of five fields: minute, hour, day of the month, month, day of the week.
///
/// Lists, ranges, steps, the names of months and days, Sunday as 0 or 7, and `@hourly`, `@daily`, `@midnight`,
/// `@weekly`, `@monthly`, `@yearly`, `@annually`. Where neither the day of the month nor the day of the week begins with
/// `*`, a day matches when one of the two does, as in crontab(5). A value; any thread.
package struct CronExpression: Hashable, Sendable {
    /// As it was written, without blanks around it.
    package let text: String

    let minutes: CronSet
    let hours: CronSet
    let days: CronSet
    let months: CronSet
    let weekdays: CronSet
    /// Whether a day has to match both day fields, since one of them begins with `*`.
    let needsBothDays: Bool
    /// Whether it runs at fixed times of a day: then a change of the clocks neither drops nor doubles one.
    let isAtFixedTimes: Bool

    /// The longest expression, in bytes.
    static let mostBytes = 256

    private static let macros = [
        "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
        "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
    ]

    /// Reads an expression.
    ///
    /// - Throws: a fault that names the field and what is wrong in it.
    package init(_ text: String) throws(ScheduleFault) {
        guard text.utf8.count <= Self.mostBytes else {
            throw ScheduleFault(.cron, "the cron expression is longer than \(Self.mostBytes) bytes")
        }
        let words = text.split { $0 == " " || $0 == "\t" }.map(String.init)
        self.text = words.joined(separator: " ")
        let fields = try Self.fields(words)
        minutes = try CronField.minute.read(fields[0])
        hours = try CronField.hour.read(fields[1])
        days = try CronField.day.read(fields[2])
        months = try CronField.month.read(fields[3])
        weekdays = try CronField.weekday.read(fields[4])
        needsBothDays = fields[2].hasPrefix("*") || fields[4].hasPrefix("*")
        isAtFixedTimes = !fields[0].hasPrefix("*") && !fields[1].hasPrefix("*")
        guard needsBothDays == false || hasADay else {
            throw ScheduleFault(.cron, "no month of '\(self.text)' has such a day: it would never be due")
        }
    }

    private static func fields(_ words: [String]) throws(ScheduleFault) -> [String] {
        guard let first = words.first else { throw ScheduleFault(.cron, "the cron expression is empty") }
        guard first.hasPrefix("@") else {
            guard words.count == 5 else {
                throw ScheduleFault(
                    .cron,
                    "a cron expression has five fields (minute, hour, day of month, month, day of week), "
                        + "this one has \(words.count)"
                )
            }
            return words
        }
        guard words.count == 1, let meaning = macros[first.lowercased()] else {
            let known = macros.keys.sorted().joined(separator: ", ")
            throw ScheduleFault(.cron, "'\(first)' is none of \(known)")
        }
        return meaning.split(separator: " ").map(String.init)
    }

    /// Whether any of its months has any of its days.
    private var hasADay: Bool {
        (1...12).contains { month in
            let length = month == 2 ? 29 : [4, 6, 9, 11].contains(month) ? 30 : 31
            return months.contains(month) && (days.next(from: 1) ?? 32) <= length
        }
    }

    /// Whether a day matches; `weekday` is 0 for Sunday.
    func matches(day: Int, weekday: Int) -> Bool {
        let (isDay, isWeekday) = (days.contains(day), weekdays.contains(weekday))
        return needsBothDays ? isDay && isWeekday : isDay || isWeekday
    }
}

/// Numbers from 0 to 63.
struct CronSet: Hashable, Sendable {
    private var bits: UInt64 = 0

    mutating func insert(_ number: Int) { bits |= 1 << UInt64(number) }

    func contains(_ number: Int) -> Bool { bits & 1 << UInt64(number) != 0 }

    /// The least number that is not less than `start`.
    func next(from start: Int) -> Int? {
        guard start < 64 else { return nil }
        let rest = bits >> UInt64(start)
        return rest == 0 ? nil : start + rest.trailingZeroBitCount
    }
}
