extension Timestamp: CustomStringConvertible {
    /// The two spellings of "UTC" in rendered text.
    package enum OffsetStyle: Sendable {
        /// `Z`.
        case z
        /// `+00:00`, as Python's `isoformat` spells it.
        case plusZero
    }

    /// `2026-11-20T20:05:42.570541Z`, always with six digits of fraction.
    package var description: String { iso8601(offset: .z) }

    /// ISO 8601 text with six digits of fraction.
    ///
    /// An instant outside the years 1…9999 is rendered as `earliest` or `latest`.
    package func iso8601(offset: OffsetStyle = .z) -> String {
        var bytes: [UInt8] = []
        append(to: &bytes, offset: offset)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// ISO 8601 text as Python's `isoformat` writes it: without a fraction when that is zero.
    package var isoformat: String {
        var bytes: [UInt8] = []
        appendIsoformat(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the text of `isoformat`.
    package func appendIsoformat(to bytes: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { text in
            let length = render(into: text, offset: .plusZero)
            let isWhole = microseconds % Timestamp.microsecondsPerSecond == 0
            let (point, zone) = (19, 26)
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[..<(isWhole ? point : zone)]))
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[zone..<length]))
        }
    }

    /// Appends the text of `iso8601(offset:)`, 27 or 32 bytes.
    package func append(to bytes: inout [UInt8], offset: OffsetStyle = .z) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { text in
            let length = render(into: text, offset: offset)
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[..<length]))
        }
    }

    private func render(into text: UnsafeMutableBufferPointer<UInt8>, offset: OffsetStyle) -> Int {
        let clamped = min(max(self, .earliest), .latest)
        let date = clamped.civilDate
        let withinDay = clamped.microseconds - clamped.startOfDay.microseconds
        let seconds = Int(withinDay / Timestamp.microsecondsPerSecond)
        var writer = DigitWriter(text: text)
        writer.put(date.year, digits: 4, then: UInt8(ascii: "-"))
        writer.put(date.month, digits: 2, then: UInt8(ascii: "-"))
        writer.put(date.day, digits: 2, then: UInt8(ascii: "T"))
        writer.put(seconds / 3600, digits: 2, then: UInt8(ascii: ":"))
        writer.put(seconds / 60 % 60, digits: 2, then: UInt8(ascii: ":"))
        writer.put(seconds % 60, digits: 2, then: UInt8(ascii: "."))
        let fraction = Int(withinDay % Timestamp.microsecondsPerSecond)
        switch offset {
        case .z:
            writer.put(fraction, digits: 6, then: UInt8(ascii: "Z"))
        case .plusZero:
            writer.put(fraction, digits: 6, then: UInt8(ascii: "+"))
            writer.put(0, digits: 2, then: UInt8(ascii: ":"))
            writer.put(0, digits: 2)
        }
        return writer.length
    }
}

private struct DigitWriter {
    let text: UnsafeMutableBufferPointer<UInt8>
    var length = 0

    init(text: UnsafeMutableBufferPointer<UInt8>) {
        self.text = text
    }

    mutating func put(_ number: Int, digits: Int, then separator: UInt8) {
        put(number, digits: digits)
        text[length] = separator
        length += 1
    }

    mutating func put(_ number: Int, digits: Int) {
        var rest = number
        var index = length + digits
        while index > length {
            index -= 1
            text[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        length += digits
    }
}
