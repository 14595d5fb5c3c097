// Cron expressions in UTC, against a reader of plain lines and a walk over days and minutes; see scripts/fuzz.

import Core
import Schedules

/// libFuzzer's entry point: four bytes for the moment, in seconds from 2000 on, and the expression.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count >= 4 else { return 0 }
    let seconds = Int(UnsafeRawPointer(start).loadUnaligned(as: UInt32.self) % 3_000_000_000)
    let text = String(decoding: UnsafeBufferPointer(start: start + 4, count: count - 4), as: UTF8.self)
    let plain = PlainCron(text)
    guard let schedule = try? Schedule(cron: text) else {
        precondition(plain == nil, "BUG: an expression was refused")
        return 0
    }
    guard let plain else { preconditionFailure("BUG: an expression was accepted") }
    let moment = Timestamp(microseconds: Int64(946_684_800 + seconds) * 1_000_000)
    let next = schedule.next(after: moment)
    precondition(next == plain.next(after: 946_684_800 + seconds), "BUG: due at another time")
    guard let next else { return 0 }
    precondition(schedule.last(atOrBefore: next) == next, "BUG: a time is not the last up to itself")
    precondition(schedule.last(atOrBefore: next - .seconds(1)) != next, "BUG: a time before it is due")
    precondition(schedule.isActive(at: next, lasting: .seconds(1)), "BUG: a window is not open")
    if case .cron(let cron, _) = schedule.recurrence {
        precondition((try? CronExpression(cron.text)) != nil, "BUG: its own text was refused")
    }
    return 0
}

/// crontab(5) by lists of numbers.
private struct PlainCron {
    private var fields: [[Int]] = []
    private let needsBoth: Bool

    private static let names = [
        [], [], [],
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
        ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    ]
    private static let bounds = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)]

    init?(_ text: String) {
        guard text.utf8.count <= 256, text.utf8.allSatisfy({ $0 < 128 }) else { return nil }
        var words = text.split { $0 == " " || $0 == "\t" }.map(String.init)
        if words.count == 1 {
            switch words[0].lowercased() {
            case "@hourly": words = ["0", "*", "*", "*", "*"]
            case "@daily", "@midnight": words = ["0", "0", "*", "*", "*"]
            case "@weekly": words = ["0", "0", "*", "*", "0"]
            case "@monthly": words = ["0", "0", "1", "*", "*"]
            case "@yearly", "@annually": words = ["0", "0", "1", "1", "*"]
            default: return nil
            }
        }
        guard words.count == 5 else { return nil }
        needsBoth = words[2].hasPrefix("*") || words[4].hasPrefix("*")
        for (index, word) in words.enumerated() {
            guard let numbers = Self.numbers(word, index) else { return nil }
            fields.append(numbers)
        }
        guard !needsBoth || hasADay else { return nil }
    }

    private var hasADay: Bool {
        fields[3].contains { month in
            let days = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
            return fields[2].contains { $0 <= days }
        }
    }

    private static func numbers(_ word: String, _ index: Int) -> [Int]? {
        var all: [Int] = []
        for part in word.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard halves.count <= 2, let range = range(halves[0], index, halves.count == 2) else {
                return nil
            }
            guard let step = halves.count == 2 ? digits(halves[1]) : 1, step > 0 else { return nil }
            var number = range.0
            while number <= range.1 {
                all.append(index == 4 ? number % 7 : number)
                number += step
            }
        }
        return all
    }

    private static func range(_ text: String, _ index: Int, _ hasStep: Bool) -> (Int, Int)? {
        let last = index == 4 ? 6 : bounds[index].1
        if text == "*" { return (bounds[index].0, last) }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard ends.count <= 2, let first = number(ends[0], index) else { return nil }
        guard ends.count == 2 else { return (first, hasStep && first < last ? last : first) }
        guard let end = number(ends[1], index), first <= end else { return nil }
        return (first, end)
    }

    private static func number(_ text: String, _ index: Int) -> Int? {
        if let place = names[index].firstIndex(of: text.lowercased()) { return bounds[index].0 + place }
        guard let number = digits(text), bounds[index].0 <= number, number <= bounds[index].1 else {
            return nil
        }
        return number
    }

    private static func digits(_ text: String) -> Int? {
        guard (1...4).contains(text.count), text.allSatisfy({ "0123456789".contains($0) }) else { return nil }
        return Int(text)
    }

    /// Day by day for fifty years, and within a day minute by minute.
    func next(after second: Int) -> Timestamp? {
        var minute = second / 60 + 1
        let days = (minute / 1440)...(minute / 1440 + 50 * 366)
        for day in days {
            if isDue(CivilDate(daysSinceEpoch: day), day) {
                while minute < (day + 1) * 1440 {
                    if fields[1].contains(minute % 1440 / 60), fields[0].contains(minute % 60) {
                        return Timestamp(microseconds: Int64(minute) * 60_000_000)
                    }
                    minute += 1
                }
            }
            minute = (day + 1) * 1440
        }
        return nil
    }

    private func isDue(_ date: CivilDate, _ day: Int) -> Bool {
        guard fields[3].contains(date.month) else { return false }
        let (isDay, isWeekday) = (fields[2].contains(date.day), fields[4].contains((day + 4) % 7))
        return needsBoth ? isDay && isWeekday : isDay || isWeekday
    }
}
