// The grammar is that of the Python server whose clients Weir serves (contract nextflow 1.3): pydantic 1's
// `datetime` field, which is ISO 8601 with one-digit parts allowed, or a number of seconds or milliseconds.

extension Timestamp {
    /// Parses `YYYY-M-D`, `T`, `t` or a blank, `H:M[:S[.fraction]]`, and an optional zone `Z`, `±HH`, `±HHMM`
    /// or `±HH:MM`.
    ///
    /// Without a zone the time is UTC. Of the fraction six digits count. Nil for a bare date, for a day that
    /// the calendar lacks, and for an instant outside the years 1…9999.
    package init?(iso8601 text: UnsafeBufferPointer<UInt8>) {
        var reader = ISO8601Reader(text: text)
        guard let microseconds = reader.read() else { return nil }
        self.init(checked: microseconds)
    }

    /// Parses ISO 8601 text; see `init(iso8601:)` over a buffer.
    package init?(iso8601 text: [UInt8]) {
        guard let time = text.withUnsafeBufferPointer({ Timestamp(iso8601: $0) }) else { return nil }
        self = time
    }

    /// Parses ISO 8601 text; see `init(iso8601:)` over a buffer.
    package init?(iso8601 text: ArraySlice<UInt8>) {
        guard let time = text.withUnsafeBufferPointer({ Timestamp(iso8601: $0) }) else { return nil }
        self = time
    }

    /// Parses ISO 8601 text; see `init(iso8601:)` over a buffer.
    package init?(iso8601 text: some StringProtocol) {
        var text = String(text)
        guard let time = text.withUTF8({ Timestamp(iso8601: $0) }) else { return nil }
        self = time
    }

    /// The largest number that `init(unixNumber:)` takes, and less zero the least.
    package static let largestUnixNumber = 3e20

    /// Takes a Unix time: seconds, or milliseconds when its magnitude exceeds 2e10 (then divided by 1000
    /// until it does not); rounded half to even at the microsecond.
    ///
    /// Nil for what is not finite or lies beyond ±3e20, pydantic's own bound.
    package init?(unixNumber number: Double) {
        guard number.isFinite, number.magnitude <= Self.largestUnixNumber else { return nil }
        var seconds = number
        while seconds.magnitude > 2e10 { seconds /= 1000 }
        let whole = seconds.rounded(.towardZero)
        let fraction = ((seconds - whole) * 1e6).rounded(.toNearestOrEven)
        self.init(checked: Int64(whole) * Timestamp.microsecondsPerSecond + Int64(fraction))
    }

    /// Parses ISO 8601 text, or a numeric text as a Unix time (`init(unixNumber:)`); no text is both.
    package init?(lenient text: some StringProtocol) {
        if let time = Timestamp(iso8601: text) {
            self = time
        } else if let number = Timestamp.number(in: Substring(text)) {
            self.init(unixNumber: number)
        } else {
            return nil
        }
    }

    private init?(checked microseconds: Int64) {
        self.init(microseconds: microseconds)
        guard Timestamp.earliest <= self, self <= Timestamp.latest else { return nil }
    }

    private static func number(in text: Substring) -> Double? {
        let isBlank = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        guard let first = text.utf8.firstIndex(where: { !isBlank($0) }),
            let last = text.utf8.lastIndex(where: { !isBlank($0) })
        else { return nil }
        let trimmed = text[first...last]
        // `Double` would also take hexadecimal, "nan" and "infinity".
        let isDecimal = trimmed.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"),
                UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
                true
            default: false
            }
        }
        return isDecimal ? Double(trimmed) : nil
    }
}

private struct ISO8601Reader {
    let text: UnsafeBufferPointer<UInt8>
    var position = 0

    init(text: UnsafeBufferPointer<UInt8>) {
        self.text = text
    }

    mutating func read() -> Int64? {
        guard let day = readDay(), let time = readTimeOfDay(), let offset = readOffset() else { return nil }
        guard position == text.count else { return nil }
        return Int64(day) * Timestamp.microsecondsPerDay + time - offset
    }

    private mutating func readDay() -> Int? {
        guard let year = number(minimumDigits: 4, maximumDigits: 4), take(UInt8(ascii: "-")),
            let month = number(minimumDigits: 1, maximumDigits: 2), take(UInt8(ascii: "-")),
            let day = number(minimumDigits: 1, maximumDigits: 2)
        else { return nil }
        let date = CivilDate(year: year, month: month, day: day)
        return date.isValid ? date.daysSinceEpoch : nil
    }

    private mutating func readTimeOfDay() -> Int64? {
        guard take(UInt8(ascii: "T")) || take(UInt8(ascii: "t")) || take(UInt8(ascii: " ")),
            let hour = number(minimumDigits: 1, maximumDigits: 2), hour < 24, take(UInt8(ascii: ":")),
            let minute = number(minimumDigits: 1, maximumDigits: 2), minute < 60
        else { return nil }
        let wholeMinutes = Int64(hour * 60 + minute) * 60 * Timestamp.microsecondsPerSecond
        guard take(UInt8(ascii: ":")) else { return wholeMinutes }
        guard let second = number(minimumDigits: 1, maximumDigits: 2), second < 60 else { return nil }
        let wholeSeconds = wholeMinutes + Int64(second) * Timestamp.microsecondsPerSecond
        guard take(UInt8(ascii: ".")) else { return wholeSeconds }
        guard let fraction = readFraction() else { return nil }
        return wholeSeconds + fraction
    }

    private mutating func readFraction() -> Int64? {
        let start = position
        var micros: Int64 = 0
        var unit: Int64 = 100_000
        while let digit = nextDigit() {
            micros += Int64(digit) * unit
            unit /= 10
        }
        return position > start ? micros : nil
    }

    /// The offset in microseconds, zero where none is written.
    private mutating func readOffset() -> Int64? {
        if position == text.count || take(UInt8(ascii: "Z")) || take(UInt8(ascii: "z")) { return 0 }
        let isNegative = take(UInt8(ascii: "-"))
        guard isNegative || take(UInt8(ascii: "+")),
            let hours = number(minimumDigits: 2, maximumDigits: 2)
        else { return nil }
        var minutes = 0
        if take(UInt8(ascii: ":")) || position < text.count {
            guard let written = number(minimumDigits: 2, maximumDigits: 2) else { return nil }
            minutes = written
        }
        let total = hours * 60 + minutes
        guard total < 24 * 60 else { return nil }
        let offset = Int64(total) * 60 * Timestamp.microsecondsPerSecond
        return isNegative ? -offset : offset
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < text.count, text[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func nextDigit() -> Int? {
        guard position < text.count else { return nil }
        let digit = text[position] &- UInt8(ascii: "0")
        guard digit <= 9 else { return nil }
        position += 1
        return Int(digit)
    }

    private mutating func number(minimumDigits: Int, maximumDigits: Int) -> Int? {
        var value = 0
        var count = 0
        while count < maximumDigits, let digit = nextDigit() {
            value = value * 10 + digit
            count += 1
        }
        return count >= minimumDigits ? value : nil
    }
}
