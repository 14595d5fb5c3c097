internal import Core

/// Values of a trace file, as people read them (`1.2 GB`, `3m 2s`, `12.5%`) or raw. Contract nextflow §4.4, §6 (24).
///
/// What cannot be read is nothing: a dash, an empty cell, words.
enum TraceValue {
    /// What Nextflow writes for nothing.
    static func isMissing(_ text: String) -> Bool { text.isEmpty || text == "-" }

    /// Bytes: `1.2 GB` in steps of 1024, or a plain number.
    static func bytes(_ text: String) -> Int64? {
        let words = text.split(separator: " ")
        guard let number = words.first.flatMap({ decimal($0) }), number >= 0 else { return nil }
        switch words.count {
        case 1: return whole(number)
        case 2:
            guard let power = units.firstIndex(of: words[1].uppercased()) else { return nil }
            let factor = (0..<power).reduce(1.0) { product, _ in product * 1024 }
            return whole(number * factor)
        default: return nil
        }
    }

    /// Milliseconds: `1d 2h 3m 4.5s`, `120ms`, or a plain number.
    static func milliseconds(_ text: String) -> Int64? {
        if let number = decimal(text) { return number >= 0 ? whole(number) : nil }
        var total = 0.0
        for word in text.split(separator: " ") {
            let digits = word.prefix { $0.isNumber || $0 == "." }
            guard let number = decimal(digits), let factor = durations[String(word.dropFirst(digits.count))]
            else { return nil }
            total += number * factor
        }
        return text.isEmpty ? nil : whole(total)
    }

    /// Milliseconds since 1970: a date and time of day in the zone of the file, or a plain number of milliseconds.
    static func time(_ text: String, offsetSeconds: Int) -> Int64? {
        if let number = Int64(text) { return number }
        guard let time = Timestamp(iso8601: text) else { return nil }
        let milliseconds = time.microseconds / 1000
        return hasZone(text) ? milliseconds : milliseconds - Int64(offsetSeconds) * 1000
    }

    /// Per cent, with or without the sign.
    static func percent(_ text: String) -> Double? {
        decimal(text.hasSuffix("%") ? text.dropLast() : text[...])
    }

    /// A decimal number; no hexadecimal, no words for infinity.
    static func decimal(_ text: some StringProtocol) -> Double? {
        let isDecimal = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains(byte)
        }
        guard isDecimal, let value = Double(text), value.isFinite else { return nil }
        return value
    }

    private static let units = ["B", "KB", "MB", "GB", "TB", "PB", "EB", "ZB"]
    private static let durations: [String: Double] = [
        "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000,
    ]

    private static func whole(_ number: Double) -> Int64? { Int64(exactly: number.rounded()) }

    private static func hasZone(_ text: String) -> Bool {
        text.hasSuffix("Z") || text.dropFirst(11).contains { $0 == "+" || $0 == "-" }
    }
}
