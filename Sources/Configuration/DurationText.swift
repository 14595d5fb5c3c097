/// A duration as people write it: `500ms`, `75s`, `10m`, `24h`, `14d`.
package struct DurationText: Hashable, Sendable, CustomStringConvertible {
    /// The time itself, whole milliseconds.
    package let duration: Duration

    /// Wraps a duration.
    package init(_ duration: Duration) {
        self.duration = duration
    }

    /// Reads digits and a unit; a lone `0` needs none.
    package init?(_ text: some StringProtocol) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int64(digits) else { return nil }
        let unit = text[digits.endIndex...].drop { $0 == " " }.lowercased()
        if unit.isEmpty, number == 0 {
            duration = .zero
            return
        }
        guard let size = Self.units.first(where: { $0.name == unit })?.milliseconds else { return nil }
        let (product, overflows) = number.multipliedReportingOverflow(by: size)
        guard !overflows, product < 1 << 53 else { return nil }
        duration = .milliseconds(product)
    }

    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]

    package var description: String {
        let milliseconds =
            duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
        guard milliseconds > 0 else { return "0" }
        for unit in Self.units
        where milliseconds >= unit.milliseconds && milliseconds % unit.milliseconds == 0 {
            return "\(milliseconds / unit.milliseconds)\(unit.name)"
        }
        return "\(milliseconds)ms"
    }
}
