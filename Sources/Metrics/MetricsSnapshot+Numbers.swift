extension MetricsSnapshot {
    /// A number of one series.
    package struct Number: Hashable, Sendable {
        /// A label with its value.
        package struct Label: Hashable, Sendable {
            package let name: String
            package let value: String
        }

        /// In the order of the family.
        package let labels: [Label]
        package let value: Double
    }

    /// A family with all its series.
    package struct FamilyReading: Hashable, Sendable {
        package let name: String
        package let help: String
        package let kind: MetricKind
        package let series: [SeriesReading]
    }

    /// One series of a family.
    package struct SeriesReading: Hashable, Sendable {
        /// In the order of the family.
        package let labels: [Number.Label]
        package let reading: MetricReading
    }

    /// Every family, for those who send them in another form than text.
    package var readings: [FamilyReading] {
        families.map { family in
            FamilyReading(
                name: family.name,
                help: family.help,
                kind: family.kind,
                series: family.series.map {
                    SeriesReading(labels: Self.read($0.labels), reading: $0.reading)
                }
            )
        }
    }

    /// The numbers of a counter's or a gauge's series, by the family's whole name; none for any other name.
    package func numbers(_ name: String) -> [Number] {
        families.lazy.filter { $0.name == name }.flatMap { family in
            family.series.compactMap { series in
                guard case .number(let value) = series.reading else { return nil }
                return Number(labels: Self.read(series.labels), value: value)
            }
        }
    }

    /// Reads what `Exposition.labels` has written.
    private static func read(_ text: [UInt8]) -> [Number.Label] {
        var labels: [Number.Label] = []
        var rest = text[...]
        while let equals = rest.firstIndex(of: UInt8(ascii: "=")) {
            let name = String(decoding: rest[..<equals], as: UTF8.self)
            rest = rest[(equals + 1)...].dropFirst()
            var value: [UInt8] = []
            while let byte = rest.popFirst(), byte != UInt8(ascii: "\"") {
                guard byte == UInt8(ascii: "\\"), let escaped = rest.popFirst() else {
                    value.append(byte)
                    continue
                }
                value.append(escaped == UInt8(ascii: "n") ? UInt8(ascii: "\n") : escaped)
            }
            labels.append(Number.Label(name: name, value: String(decoding: value, as: UTF8.self)))
            rest = rest.dropFirst()
        }
        return labels
    }
}
