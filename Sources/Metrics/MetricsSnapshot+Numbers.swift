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
