internal import OpenTelemetry

/// Names of metrics and labels as Prometheus has them. OpenTelemetry, "Prometheus and OpenMetrics Compatibility",
/// "OTLP Metric points to Prometheus" and "Metric Attributes".
enum PrometheusName {
    /// The name of a metric: with the words of its unit, and with `_total` for a counter.
    ///
    /// - Returns: an empty text for a metric without a name.
    static func metric(_ metric: Metric) -> String {
        var words = words(of: metric.name)
        guard !words.isEmpty else { return "" }
        let isCounter = metric.isCounter
        // It stays the last word, behind the unit.
        if isCounter, words.last == "total", words.count > 1 { words.removeLast() }
        for suffix in suffixes(metric) where !words.contains(suffix) { words.append(suffix) }
        if isCounter, words.last != "total" { words.append("total") }
        let name = words.joined(separator: "_")
        return name.first?.isNumber == true ? "_\(name)" : name
    }

    /// The unit in words, joined: `bytes_per_second`; nil for a metric without one.
    static func unit(_ metric: Metric) -> String? {
        let words = suffixes(metric)
        return words.isEmpty ? nil : words.joined(separator: "_")
    }

    /// The name of a label. What no label's name may have becomes `_`, of several in a row one.
    static func label(_ name: String) -> String {
        ExpositionName.label(collapsed(name)) ?? ""
    }

    // MARK: - Words

    /// The parts of a name between the characters that no name may have; a colon may be in one.
    private static func words(of name: String) -> [String] {
        collapsed(name, keeping: UInt8(ascii: ":")).split(separator: "_").map(String.init)
    }

    /// Each run of other characters than letters, digits and one more as one `_`.
    private static func collapsed(_ name: String, keeping: UInt8? = nil) -> String {
        var bytes: [UInt8] = []
        for byte in name.utf8 {
            let isKept =
                (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10 || byte == keeping
            if isKept {
                bytes.append(byte)
            } else if bytes.last != UInt8(ascii: "_") {
                bytes.append(UInt8(ascii: "_"))
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: - Units

    /// The words of a unit: `By/s` is `bytes`, `per`, `second`. What is in braces is a comment.
    private static func suffixes(_ metric: Metric) -> [String] {
        let unit = withoutComments(metric.unit)
        if unit == "1" {
            if case .gauge = metric.data { return ["ratio"] }
            return []
        }
        let parts = unit.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        var suffixes = parts.first.map { words(of: units[String($0)] ?? String($0)) } ?? []
        if parts.count == 2 {
            let per = words(of: perUnits[String(parts[1])] ?? String(parts[1]))
            if !per.isEmpty { suffixes += ["per"] + per }
        }
        return suffixes
    }

    private static func withoutComments(_ unit: String) -> String {
        var rest = ""
        var isComment = false
        for character in unit where !character.isWhitespace {
            switch character {
            case "{": isComment = true
            case "}": isComment = false
            default: if !isComment { rest.append(character) }
            }
        }
        return rest
    }

    /// Of UCUM.
    private static let units = [
        "d": "days", "h": "hours", "min": "minutes", "s": "seconds", "ms": "milliseconds",
        "us": "microseconds",
        "ns": "nanoseconds", "By": "bytes", "KiBy": "kibibytes", "MiBy": "mebibytes", "GiBy": "gibibytes",
        "TiBy": "tibibytes", "KBy": "kilobytes", "MBy": "megabytes", "GBy": "gigabytes", "TBy": "terabytes",
        "bit": "bits", "m": "meters", "V": "volts", "A": "amperes", "J": "joules", "W": "watts", "g": "grams",
        "Cel": "celsius", "Hz": "hertz", "1": "", "%": "percent",
    ]

    private static let perUnits = [
        "s": "second", "m": "minute", "min": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month",
        "y": "year",
    ]
}

extension Metric {
    /// Whether it only rises.
    var isCounter: Bool {
        if case .sum(_, _, let isMonotonic) = data { isMonotonic } else { false }
    }

    /// The type that samples of it have.
    var type: MetricType {
        switch data {
        case .gauge: .gauge
        case .sum: isCounter ? .counter : .gauge
        case .histogram, .exponentialHistogram: .histogram
        case .summary: .summary
        }
    }
}
