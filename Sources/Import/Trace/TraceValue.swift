internal import Core

/// Values of a trace file, as people read them (`1.2 GB`, `3m 2s`, `12.5%`) or raw. Contract nextflow §4.4, §6 (24).
///
/// Anything else (a dash, an empty cell, words) counts as absent.
enum TraceValue {
    /// Nextflow's text for an absent value.
    static func isMissing(_ text: String) -> Bool { text.isEmpty || text == "-" }

    /// Bytes: `1.2 GB` in steps of 1024, or a plain number.
    static func bytes(_ text: String) -> Int64? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || "+-.,".contains($0)) }
        let unit = text.dropFirst(digits.count).drop { $0 == " " || $0 == "\u{A0}" }.uppercased()
        if let power = units.firstIndex(of: unit), let number = decimal(digits), number >= 0 {
            return whole((0..<power).reduce(number) { product, _ in product * 1024 })
        }
        guard let number = decimal(text), number >= 0 else { return nil }
        return whole(number)
    }

    /// Milliseconds: `1d 2h 3m 4.5s`, `120ms`, or a plain number.
    static func milliseconds(_ text: String) -> Int64? {
        if let number = decimal(text) { return number >= 0 ? whole(number) : nil }
        var total = 0.0
        for word in text.split(separator: " ") {
            let digits = word.prefix { $0.isNumber || $0 == "." || $0 == "," }
            guard let number = decimal(digits), let factor = durations[String(word.dropFirst(digits.count))]
            else { return nil }
            total += number * factor
        }
        return text.isEmpty ? nil : whole(total)
    }

    /// Milliseconds since 1970: a date and time of day in the zone of the file, or a plain number of milliseconds.
    static func time(_ text: String, offsetSeconds: Int) -> Int64? {
        if let number = Int64(text) { return number }
        let point = String(decoding: text.utf8.map { $0 == 0x2C ? 0x2E : $0 }, as: UTF8.self)
        guard let time = Timestamp(iso8601: point) else { return nil }
        let milliseconds = time.microseconds / 1000
        return hasZone(text) ? milliseconds : milliseconds - Int64(offsetSeconds) * 1000
    }

    /// Per cent, with or without the sign.
    static func percent(_ text: String) -> Double? {
        guard text.hasSuffix("%") else { return decimal(text) }
        return decimal(String(text.dropLast()).trimmingBlanks)
    }

    /// A decimal number, with a point or, as in some languages, a comma; no hexadecimal, no infinity.
    static func decimal(_ text: some StringProtocol) -> Double? {
        let isDecimal = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || [0x2B, 0x2C, 0x2D, 0x2E, 0x45, 0x65].contains(byte)
        }
        guard isDecimal else { return nil }
        let commas = text.utf8.count { $0 == 0x2C }
        guard commas == 0 || (commas == 1 && !text.utf8.contains(0x2E)) else { return nil }
        let point = String(decoding: text.utf8.map { $0 == 0x2C ? 0x2E : $0 }, as: UTF8.self)
        guard let value = Double(point), value.isFinite else { return nil }
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
