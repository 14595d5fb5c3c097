internal import Core

/// Times in the formats of Python 3.11's `datetime.fromisoformat`, which clients of the runs surface use. Contract
/// §1.6.
///
/// A date alone, or followed by any one character and a time; both with or without their dividers; weeks; fractions;
/// an offset. `Z` is `+00:00`; without an offset the time is UTC.
enum RunTimestamp {
    /// The instant of a text; nil if it is not a time.
    static func instant(of text: String) -> Timestamp? {
        var text = text.utf8.contains(UInt8(ascii: "Z")) ? text.replacing("Z", with: "+00:00") : text
        return text.withUTF8 { bytes in
            var reader = Reader(bytes: bytes)
            return reader.instant()
        }
    }

    /// The instant of a filter's value. A `+` that the client did not encode arrives as a blank, and at the end only
    /// an offset can follow it (D32).
    static func instant(ofFilter text: String) -> Timestamp? {
        if let instant = instant(of: text) { return instant }
        guard let blank = text.lastIndex(of: " ") else { return nil }
        return instant(of: text[..<blank] + "+" + text[text.index(after: blank)...])
    }
}

private struct Reader {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0

    private var rest: Int { bytes.count - position }
    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func instant() -> Timestamp? {
        guard let day = date() else { return nil }
        let midnight = Timestamp(startOf: day)
        guard rest > 0 else { return midnight }
        guard skipCharacter(), let time = time() else { return nil }
        guard let offset = offset(), rest == 0 else { return nil }
        let instant = midnight.adding(microseconds: time - offset)
        return instant >= .earliest && instant <= .latest ? instant : nil
    }

    // MARK: - Dates

    private mutating func date() -> CivilDate? {
        guard let year = digits(4), year > 0 else { return nil }
        let isDivided = skip(UInt8(ascii: "-"))
        if skip(UInt8(ascii: "W")) { return week(of: year, isDivided: isDivided) }
        guard let month = digits(2) else { return nil }
        if isDivided { guard skip(UInt8(ascii: "-")) else { return nil } }
        guard let day = digits(2) else { return nil }
        let date = CivilDate(year: year, month: month, day: day)
        return date.isValid ? date : nil
    }

    private mutating func week(of year: Int, isDivided: Bool) -> CivilDate? {
        guard let week = digits(2), (1...53).contains(week) else { return nil }
        var weekday = 1
        let hasDay = isDivided ? skip(UInt8(ascii: "-")) : next.map(Self.isDigit) ?? false
        if hasDay {
            guard let day = digits(1), (1...7).contains(day) else { return nil }
            weekday = day
        }
        // The week with January 4 is the first; 1970-01-01 was a Thursday.
        let number = CivilDate(year: year, month: 1, day: 4).daysSinceEpoch
        let monday = number - (number + 3).modulo(7)
        let first = monday + (week - 1) * 7
        // A week belongs to the year of its Thursday; not every year has a 53rd.
        guard CivilDate(daysSinceEpoch: first + 3).year == year else { return nil }
        let date = CivilDate(daysSinceEpoch: first + weekday - 1)
        return date.isValid ? date : nil
    }

    // MARK: - Times

    /// Microseconds since midnight.
    private mutating func time() -> Int64? {
        guard let hour = digits(2), hour < 24 else { return nil }
        var (minute, second, fraction) = (0, 0, Int64(0))
        let isDivided = next == UInt8(ascii: ":")
        if isDivided || (next.map(Self.isDigit) ?? false) {
            guard !isDivided || skip(UInt8(ascii: ":")), let value = digits(2), value < 60 else { return nil }
            minute = value
            let hasSeconds = isDivided ? skip(UInt8(ascii: ":")) : next.map(Self.isDigit) ?? false
            if hasSeconds {
                guard let value = digits(2), value < 60, let part = self.fraction() else { return nil }
                (second, fraction) = (value, part)
            }
        }
        return Int64(hour * 3600 + minute * 60 + second) * 1_000_000 + fraction
    }

    /// Microseconds; zero without a fraction.
    private mutating func fraction() -> Int64? {
        guard next == UInt8(ascii: ".") || next == UInt8(ascii: ",") else { return 0 }
        position += 1
        var (value, count) = (Int64(0), 0)
        while let byte = next, Self.isDigit(byte) {
            if count < 6 { value = value * 10 + Int64(byte - UInt8(ascii: "0")) }
            count += 1
            position += 1
        }
        guard count > 0 else { return nil }
        for _ in min(count, 6)..<6 { value *= 10 }
        return value
    }

    /// The offset in microseconds; zero without one.
    private mutating func offset() -> Int64? {
        guard let sign = next else { return 0 }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return nil }
        position += 1
        guard let distance = time() else { return nil }
        return sign == UInt8(ascii: "-") ? -distance : distance
    }

    // MARK: - Pieces

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private mutating func digits(_ count: Int) -> Int? {
        guard rest >= count else { return nil }
        var value = 0
        for byte in bytes[position..<position + count] {
            guard Self.isDigit(byte) else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
        }
        position += count
        return value
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    /// Skips one character of any length.
    private mutating func skipCharacter() -> Bool {
        guard rest > 0 else { return false }
        position += 1
        while let byte = next, byte & 0xC0 == 0x80 { position += 1 }
        return true
    }
}

extension Int {
    fileprivate func modulo(_ divisor: Int) -> Int {
        let remainder = self % divisor
        return remainder < 0 ? remainder + divisor : remainder
    }
}
