/// Readings of families at one moment, ready to be rendered.
///
/// A family is known by its name; readings of a second family with the same name join the first one, or are
/// dropped where the types differ. Of readings with the same labels the first counts. Names are taken as they
/// are: they must be constants that follow the rules of `Registry`.
package struct MetricsSnapshot: Sendable {
    struct Series: Sendable {
        let labels: [UInt8]
        let reading: MetricReading
    }

    struct Family: Sendable {
        let name: String
        let help: String
        let kind: MetricKind
        var series: [Series]
    }

    private var indices: [String: Int] = [:]
    private(set) var families: [Family] = []

    /// Makes an empty snapshot.
    package init() {}

    /// Adds a counter's reading; the name ends with `_total`.
    package mutating func counter(
        _ name: String,
        help: String,
        labels: [(String, String)] = [],
        _ value: Double
    ) {
        add(name, help: help, kind: .counter, labels: labels, reading: .number(value))
    }

    /// Adds a gauge's reading.
    package mutating func gauge(
        _ name: String,
        help: String,
        labels: [(String, String)] = [],
        _ value: Double
    ) {
        add(name, help: help, kind: .gauge, labels: labels, reading: .number(value))
    }

    /// Adds a histogram's reading.
    package mutating func histogram(
        _ name: String,
        help: String,
        labels: [(String, String)] = [],
        _ reading: HistogramReading
    ) {
        add(name, help: help, kind: .histogram, labels: labels, reading: .histogram(reading))
    }

    /// Adds all readings of another snapshot.
    package mutating func merge(_ other: MetricsSnapshot) {
        for family in other.families {
            for series in family.series {
                append(series, name: family.name, help: family.help, kind: family.kind)
            }
        }
    }

    mutating func add(_ descriptor: MetricDescriptor, labels: [UInt8], reading: MetricReading) {
        let series = Series(labels: labels, reading: reading)
        append(series, name: descriptor.name, help: descriptor.help, kind: descriptor.kind)
    }

    private mutating func add(
        _ name: String,
        help: String,
        kind: MetricKind,
        labels: [(String, String)],
        reading: MetricReading
    ) {
        let series = Series(labels: Exposition.labels(labels), reading: reading)
        append(series, name: name, help: help, kind: kind)
    }

    private mutating func append(_ series: Series, name: String, help: String, kind: MetricKind) {
        let key = MetricDescriptor.baseName(of: name, kind: kind)
        if let index = indices[key] {
            if families[index].kind == kind { families[index].series.append(series) }
        } else {
            indices[key] = families.count
            families.append(Family(name: name, help: help, kind: kind, series: [series]))
        }
    }
}
