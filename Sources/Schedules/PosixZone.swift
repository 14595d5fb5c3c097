internal import Core

/// The rule of a time zone for all years, in the form of the variable TZ: `CET-1CEST,M3.5.0,M10.5.0/3`. POSIX.1 §8.3, with
/// the wider hours of RFC 9636 §3.3.1.
struct PosixZone: Sendable {
    /// A day and a time of each year.
    struct Moment: Hashable, Sendable {
        enum Day: Hashable, Sendable {
            /// The day 1 to 365, February 29 never counted.
            case julian(Int)
            /// The day 0 to 365, February 29 counted.
            case ordinal(Int)
            /// A day of the week (0 is Sunday) in a week (5 is the last) of a month.
            case weekday(Int, week: Int, month: Int)
        }

        let day: Day
        /// Seconds after local midnight; may be negative.
        let time: Int
    }

    /// The offset of standard time, in seconds east of UTC.
    let standard: Int
    /// The other time, and when it begins and ends; nil without one.
    let summer: (offset: Int, begins: Moment, ends: Moment)?

    /// Reads a rule; nil when it is not of this form.
    init?(_ text: String) {
        var reader = PosixZoneReader(text)
        guard reader.skipName(), let west = reader.time(mostHours: 24) else { return nil }
        standard = -west
        guard !reader.isAtEnd else {
            summer = nil
            return
        }
        guard reader.skipName() else { return nil }
        var offset = standard + 3600
        if !reader.isAt(",") {
            guard let west = reader.time(mostHours: 24) else { return nil }
            offset = -west
        }
        guard reader.take(","), let begins = reader.moment(), reader.take(","), let ends = reader.moment(),
            reader.isAtEnd
        else { return nil }
        summer = (offset, begins, ends)
    }

    /// The changes of the year of a second and of those beside it, in order; nil when there are none.
    func changes(around second: Int) -> [ZoneFile.Change]? {
        guard let summer else { return nil }
        let year = CivilDate(daysSinceEpoch: floorDivide(second, 86_400)).year
        let changes = (year - 1...year + 1).flatMap { year in
            [
                ZoneFile.Change(at: summer.begins.local(in: year) - standard, offset: summer.offset),
                ZoneFile.Change(at: summer.ends.local(in: year) - summer.offset, offset: standard),
            ]
        }
        return changes.sorted { $0.at < $1.at }
    }
}

extension PosixZone.Moment {
    /// Seconds since 1970 on the local clock.
    fileprivate func local(in year: Int) -> Int {
        let newYear = CivilDate(year: year, month: 1, day: 1).daysSinceEpoch
        let days: Int
        switch day {
        case .ordinal(let day): days = newYear + day
        case .julian(let day):
            let isLeap = CivilDate(year: year, month: 2, day: 29).isValid
            days = newYear + day - 1 + (isLeap && day >= 60 ? 1 : 0)
        case .weekday(let weekday, let week, let month):
            let first = CivilDate(year: year, month: month, day: 1).daysSinceEpoch
            let next = CivilDate(year: month == 12 ? year + 1 : year, month: month % 12 + 1, day: 1)
                .daysSinceEpoch
            // 1970-01-01 was a Thursday.
            let ahead = (weekday - (first + 4) % 7 + 14) % 7
            var day = first + ahead + 7 * (week - 1)
            if day >= next { day -= 7 }
            days = day
        }
        return days * 86_400 + time
    }
}

/// Reads the parts of a rule.
private struct PosixZoneReader {
    private var rest: Substring.UTF8View

    init(_ text: String) {
        rest = text[...].utf8
    }

    var isAtEnd: Bool { rest.isEmpty }

    func isAt(_ character: Unicode.Scalar) -> Bool { rest.first == UInt8(ascii: character) }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard isAt(character) else { return false }
        rest.removeFirst()
        return true
    }

    /// Passes over `CET` or `<+03>`.
    mutating func skipName() -> Bool {
        if take("<") {
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
            rest = rest[rest.index(after: end)...]
            return true
        }
        let count = rest.prefix { 0x61...0x7A ~= $0 | 0x20 }.count
        rest = rest.dropFirst(count)
        return count >= 3
    }

    mutating func number() -> Int? {
        let digits = rest.prefix { 0x30...0x39 ~= $0 }
        guard 1...3 ~= digits.count else { return nil }
        rest = rest.dropFirst(digits.count)
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    mutating func time(mostHours: Int) -> Int? {
        let isNegative = take("-")
        if !isNegative { _ = take("+") }
        guard let hours = number(), hours <= mostHours else { return nil }
        var seconds = hours * 3600
        if take(":") {
            guard let minutes = number(), minutes < 60 else { return nil }
            seconds += minutes * 60
            if take(":") {
                guard let rest = number(), rest < 60 else { return nil }
                seconds += rest
            }
        }
        return isNegative ? -seconds : seconds
    }

    /// `M3.5.0/2`, `J60` or `59`.
    mutating func moment() -> PosixZone.Moment? {
        let day: PosixZone.Moment.Day
        if take("M") {
            guard let month = number(), 1...12 ~= month, take("."), let week = number(), 1...5 ~= week,
                take("."), let weekday = number(), weekday < 7
            else { return nil }
            day = .weekday(weekday, week: week, month: month)
        } else if take("J") {
            guard let number = number(), 1...365 ~= number else { return nil }
            day = .julian(number)
        } else {
            guard let number = number(), number <= 365 else { return nil }
            day = .ordinal(number)
        }
        guard take("/") else { return PosixZone.Moment(day: day, time: 7200) }
        guard let time = time(mostHours: 167) else { return nil }
        return PosixZone.Moment(day: day, time: time)
    }
}
