// Instants in text and numbers, against a calendar that counts days one year at a time; see scripts/fuzz.

import Core

/// libFuzzer's entry point.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let found = Timestamp(iso8601: bytes)
    precondition(found?.microseconds == PlainClock.microseconds(of: bytes), "BUG: read as another instant")
    if let found { checkRendering(of: found) }
    let text = String(decoding: bytes, as: UTF8.self)
    let lenient = Timestamp(lenient: text)
    precondition(found == nil || lenient == found, "BUG: the lenient reader knows another instant")
    if let lenient { checkRendering(of: lenient) }
    if count >= 8 { checkNumbers(UnsafeRawPointer(start).loadUnaligned(as: UInt64.self)) }
    return 0
}

private func checkRendering(of time: Timestamp) {
    precondition(Timestamp.earliest <= time && time <= .latest, "BUG: outside the years 1 to 9999")
    for style in [Timestamp.OffsetStyle.z, .plusZero] {
        let text = time.iso8601(offset: style)
        precondition(Timestamp(iso8601: text) == time, "BUG: rendered as another instant")
    }
    precondition(time.startOfDay <= time.startOfHour && time.startOfHour <= time, "BUG: begins after it")
    let date = time.civilDate
    precondition(date.isValid, "BUG: a day that no calendar has")
    precondition(CivilDate(daysSinceEpoch: date.daysSinceEpoch) == date, "BUG: another day")
    precondition(Timestamp(startOf: date) == time.startOfDay, "BUG: the day begins elsewhere")
}

/// Any bits as a double, and as microseconds far outside the calendar.
private func checkNumbers(_ bits: UInt64) {
    let number = Double(bitPattern: bits)
    if let time = Timestamp(unixNumber: number) {
        checkRendering(of: time)
        if number.magnitude <= 2e10 {
            let distance = Double(time.microseconds) - number * 1e6
            precondition(distance.magnitude <= 8, "BUG: a number became an instant far from it")
        }
    }
    let anywhere = Timestamp(microseconds: Int64(bitPattern: bits))
    let text = anywhere.iso8601()
    let clamped = min(max(anywhere, .earliest), .latest)
    precondition(Timestamp(iso8601: text) == clamped, "BUG: rendered as another instant")
    _ = (anywhere + .seconds(Int64(bits >> 32))) - .seconds(Int64(bits & 0xFFFF))
}

/// `YYYY-M-D`, `T` or a blank, `H:M[:S[.fraction]]`, and an optional zone, by cutting strings.
private enum PlainClock {
    static func microseconds(of bytes: [UInt8]) -> Int64? {
        guard bytes.allSatisfy({ $0 < 128 }) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let gap = text.utf8.firstIndex(where: { "Tt ".utf8.contains($0) }) else { return nil }
        let (clock, zone) = cutZone(text[text.index(after: gap)...])
        guard let days = days(text[..<gap]), let time = time(clock), let offset = offset(zone)
        else { return nil }
        let sum = Int64(days) * 86_400_000_000 + time - offset
        let years = Timestamp.earliest.microseconds...Timestamp.latest.microseconds
        return years.contains(sum) ? sum : nil
    }

    private static func number(_ text: Substring, digits: ClosedRange<Int>) -> Int? {
        let isPlain = text.utf8.allSatisfy { (48...57).contains($0) }
        return isPlain && digits.contains(text.utf8.count) ? Int(text) : nil
    }

    private static func days(_ text: Substring) -> Int? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, let year = number(parts[0], digits: 4...4), year > 0,
            let month = number(parts[1], digits: 1...2), (1...12).contains(month),
            let day = number(parts[2], digits: 1...2)
        else { return nil }
        let isLeap = year % 400 == 0 || year % 4 == 0 && year % 100 != 0
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...lengths[month - 1]).contains(day) else { return nil }
        var days = lengths[..<(month - 1)].reduce(day - 1, +) - 719_162
        for earlier in 1..<max(year, 1) {
            days += earlier % 400 == 0 || earlier % 4 == 0 && earlier % 100 != 0 ? 366 : 365
        }
        return days
    }

    private static func time(_ text: Substring) -> Int64? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let hour = number(parts[0], digits: 1...2), hour < 24,
            let minute = number(parts[1], digits: 1...2), minute < 60
        else { return nil }
        guard parts.count == 3 else { return Int64(hour * 60 + minute) * 60_000_000 }
        let seconds = parts[2].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let second = number(seconds[0], digits: 1...2), second < 60 else { return nil }
        var fraction = 0
        if seconds.count == 2 {
            guard !seconds[1].isEmpty, seconds[1].utf8.allSatisfy({ (48...57).contains($0) })
            else { return nil }
            fraction = Int((seconds[1] + "000000").prefix(6)) ?? 0
        }
        return Int64((hour * 60 + minute) * 60 + second) * 1_000_000 + Int64(fraction)
    }

    private static func cutZone(_ text: Substring) -> (clock: Substring, zone: Substring) {
        let start = text.utf8.firstIndex { "Zz+-".utf8.contains($0) } ?? text.endIndex
        return (text[..<start], text[start...])
    }

    private static func offset(_ zone: Substring) -> Int64? {
        if zone.isEmpty || zone == "Z" || zone == "z" { return 0 }
        var digits = zone.dropFirst()
        if digits.utf8.count == 5, digits.utf8.dropFirst(2).first == UInt8(ascii: ":") {
            digits.remove(at: digits.utf8.index(digits.startIndex, offsetBy: 2))
        }
        guard digits.utf8.count == 2 || digits.utf8.count == 4,
            let hours = number(digits.prefix(2), digits: 2...2),
            let minutes = digits.utf8.count == 4 ? number(digits.suffix(2), digits: 2...2) : 0
        else { return nil }
        // Minutes above 59 are taken as the Python server takes them.
        let total = Int64(hours * 60 + minutes)
        guard total < 24 * 60, zone.first == "+" || zone.first == "-" else { return nil }
        return (zone.first == "-" ? -total : total) * 60_000_000
    }
}
