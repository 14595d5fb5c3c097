internal import Core

/// The instants of a cron expression in a time zone.
///
/// Changes of the clocks, as cronie does it (crontab(5), cron(8)): an expression at fixed times whose time is skipped is
/// due at the change, and one whose time occurs twice is due at the first. An expression whose minute or hour begins with
/// `*` follows the clock instead: it has no time in what is skipped, and each time in what is repeated.
struct CronTimes {
    private let cron: CronExpression
    private let zone: ZoneRules

    /// How far times are looked for.
    private static let mostDays = 50 * 366
    private static let day = 86_400

    init(_ cron: CronExpression, _ zone: ZoneRules) {
        self.cron = cron
        self.zone = zone
    }

    /// The first time after a moment.
    func next(after moment: Timestamp) -> Timestamp? {
        let second = Int(moment.startOfSecond)
        return next(from: second + 1).map { Timestamp(microseconds: Int64($0) * 1_000_000) }
    }

    /// The last time that is not after a moment.
    func last(atOrBefore moment: Timestamp) -> Timestamp? {
        let end = Int(moment.startOfSecond)
        var span = 3600
        while span < Self.mostDays * Self.day {
            if let first = next(from: end - span), first <= end {
                return .seconds(last(from: first, to: end))
            }
            span *= 8
        }
        return nil
    }

    /// The last time up to `end`, `first` being one.
    private func last(from first: Int, to end: Int) -> Int {
        var (found, bound) = (first, end)
        // `found` is a time, and none lies behind `bound`.
        while found < bound {
            let middle = found + (bound - found + 1) / 2
            if let time = next(from: middle), time <= end {
                found = time
            } else {
                bound = middle - 1
            }
        }
        return found
    }

    /// The first time from a second on. Times are looked for between one change of the clocks and the next.
    private func next(from start: Int) -> Int? {
        var start = start
        let limit = start + Self.mostDays * Self.day
        while start < limit {
            let span = zone.span(at: start)
            if let time = next(from: start, in: span) { return time }
            guard let end = span.end else { return nil }
            start = end
        }
        return nil
    }

    private func next(from start: Int, in span: ZoneRules.Span) -> Int? {
        var local = start + span.offset
        if cron.isAtFixedTimes, let begin = span.begin {
            let before = begin + span.offsetBefore
            if start <= begin, let skipped = nextLocal(from: before, before: begin + span.offset),
                skipped < begin + span.offset
            {
                return begin
            }
            // What occurs twice has had its time.
            local = max(local, before)
        }
        let end = span.end.map { $0 + span.offset }
        guard let time = nextLocal(from: local, before: end ?? .max) else { return nil }
        return time - span.offset
    }

    /// The first matching second of the local clock from `start` on and before `end`.
    private func nextLocal(from start: Int, before end: Int) -> Int? {
        // Times are whole minutes.
        let start = -floorDivide(-start, 60) * 60
        var day = floorDivide(start, Self.day)
        let lastDay = day + Self.mostDays
        var minute = (start - day * Self.day) / 60
        while day <= lastDay, day * Self.day < end {
            let date = CivilDate(daysSinceEpoch: day)
            guard cron.months.contains(date.month) else {
                day = firstOfNextMonth(date)
                minute = 0
                continue
            }
            if cron.matches(day: date.day, weekday: weekday(day)), let found = nextMinute(from: minute) {
                let time = day * Self.day + found * 60
                return time < end ? time : nil
            }
            day += 1
            minute = 0
        }
        return nil
    }

    /// The first matching minute of a day from a minute on.
    private func nextMinute(from minute: Int) -> Int? {
        let (hour, rest) = (minute / 60, minute % 60)
        if cron.hours.contains(hour), let found = cron.minutes.next(from: rest) { return hour * 60 + found }
        guard let hour = cron.hours.next(from: hour + 1), let found = cron.minutes.next(from: 0) else {
            return nil
        }
        return hour * 60 + found
    }

    private func firstOfNextMonth(_ date: CivilDate) -> Int {
        let isLast = date.month == 12
        return CivilDate(year: date.year + (isLast ? 1 : 0), month: isLast ? 1 : date.month + 1, day: 1)
            .daysSinceEpoch
    }

    /// 0 for Sunday; 1970-01-01 was a Thursday.
    private func weekday(_ day: Int) -> Int { ((day + 4) % 7 + 7) % 7 }
}

/// Division that rounds down.
func floorDivide(_ number: Int, _ divisor: Int) -> Int {
    let quotient = number / divisor
    return number % divisor < 0 ? quotient - 1 : quotient
}

extension Timestamp {
    /// Whole seconds since 1970, rounded down.
    fileprivate var startOfSecond: Int64 {
        let rest = microseconds % 1_000_000
        return (microseconds - rest) / 1_000_000 - (rest < 0 ? 1 : 0)
    }

    fileprivate static func seconds(_ seconds: Int) -> Timestamp {
        Timestamp(microseconds: Int64(seconds) * 1_000_000)
    }
}
