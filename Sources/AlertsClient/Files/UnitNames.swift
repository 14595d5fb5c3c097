internal import Alerts
internal import Configuration

/// Durations in rules: `for: 5m` in a file is `for_seconds: 300` in the API.
enum UnitNames {
    private static let units: [(suffix: String, seconds: Int)] = [
        ("_seconds", 1), ("_minutes", 60), ("_hours", 3600),
    ]

    /// The name in the API of a name in a file; nil for one that the kind does not have.
    static func full(_ name: String, _ kind: TriggerKind) -> String? {
        let names = kind.configNames
        if names.contains(name) { return name }
        return units.lazy.map { name + $0.suffix }.first(where: names.contains)
    }

    /// The name in a file: without its unit.
    static func short(_ name: String, _ kind: TriggerKind) -> String {
        guard let unit = unit(name) else { return name }
        let short = String(name.dropLast(unit.suffix.count))
        return full(short, kind) == name ? short : name
    }

    /// What a duration is in the unit of a name, as JSON; nil for a name without a unit, and for text that is none.
    static func number(_ text: String, for name: String) -> String? {
        guard let unit = unit(name), let duration = DurationText(text)?.duration else { return nil }
        let value = duration / .seconds(unit.seconds)
        return Int64(exactly: value).map(String.init) ?? "\(value)"
    }

    /// A number in the unit of a name as a duration; nil for one that is no whole number of milliseconds.
    static func text(_ number: Double, for name: String) -> String? {
        guard let unit = unit(name) else { return nil }
        let milliseconds = number * Double(unit.seconds) * 1000
        guard milliseconds >= 0, milliseconds < 1e15, let whole = Int64(exactly: milliseconds) else {
            return nil
        }
        return DurationText(.milliseconds(whole)).description
    }

    /// Whether a name says its unit.
    static func hasUnit(_ name: String) -> Bool { unit(name) != nil }

    private static func unit(_ name: String) -> (suffix: String, seconds: Int)? {
        units.first { name.hasSuffix($0.suffix) }
    }
}
