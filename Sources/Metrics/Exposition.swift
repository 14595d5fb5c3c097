internal import Core

/// Writes snapshots as text: families by name, series by labels, whatever the order they came in.
///
/// Source: Prometheus "Exposition formats" (text 0.0.4) and OpenMetrics 1.0.
enum Exposition {
    static func render(_ snapshot: MetricsSnapshot, as format: ExpositionFormat) -> [UInt8] {
        var writer = ExpositionWriter(format: format)
        for family in snapshot.families.sorted(by: { $0.name < $1.name }) { writer.write(family) }
        if format == .openMetrics { writer.bytes.append(contentsOf: "# EOF\n".utf8) }
        return writer.bytes
    }

    /// Label pairs as both formats write them, without braces: `a="b",c="d"`.
    static func labels(_ pairs: [(String, String)]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (name, value) in pairs {
            if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
            bytes.append(contentsOf: name.utf8)
            bytes.append(contentsOf: "=\"".utf8)
            appendEscaped(value, quotes: true, to: &bytes)
            bytes.append(UInt8(ascii: "\""))
        }
        return bytes
    }

    static func appendEscaped(_ text: String, quotes: Bool, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\"") where quotes: bytes.append(contentsOf: "\\\"".utf8)
            default: bytes.append(byte)
            }
        }
    }
}

private struct ExpositionWriter {
    let format: ExpositionFormat
    var bytes: [UInt8] = []

    init(format: ExpositionFormat) {
        self.format = format
    }

    mutating func write(_ family: MetricsSnapshot.Family) {
        let isOpenMetrics = format == .openMetrics
        let name =
            isOpenMetrics ? MetricDescriptor.baseName(of: family.name, kind: family.kind) : family.name
        bytes.append(contentsOf: "# HELP \(name) ".utf8)
        Exposition.appendEscaped(family.help, quotes: isOpenMetrics, to: &bytes)
        bytes.append(contentsOf: "\n# TYPE \(name) \(family.kind.rawValue)\n".utf8)
        var previous: [UInt8]?
        for series in family.series.sorted(by: { $0.labels.lexicographicallyPrecedes($1.labels) }) {
            if series.labels == previous { continue }
            previous = series.labels
            write(series, name: family.name)
        }
    }

    private mutating func write(_ series: MetricsSnapshot.Series, name: String) {
        switch series.reading {
        case .number(let value):
            write(name, labels: series.labels, value: text(of: value))
        case .histogram(let histogram):
            write(histogram, name: name, labels: series.labels)
        }
    }

    private mutating func write(_ histogram: HistogramReading, name: String, labels: [UInt8]) {
        var cumulative: UInt64 = 0
        for (index, count) in histogram.counts.enumerated() {
            cumulative += count
            let bound = index < histogram.bounds.count ? boundText(of: histogram.bounds[index]) : "+Inf"
            let separator = labels.isEmpty ? "" : ","
            let bucketLabels = labels + Array("\(separator)le=\"\(bound)\"".utf8)
            write("\(name)_bucket", labels: bucketLabels, value: String(cumulative))
        }
        write("\(name)_sum", labels: labels, value: text(of: histogram.sum))
        write("\(name)_count", labels: labels, value: String(cumulative))
    }

    private mutating func write(_ name: String, labels: [UInt8], value: String) {
        bytes.append(contentsOf: name.utf8)
        if !labels.isEmpty {
            bytes.append(UInt8(ascii: "{"))
            bytes.append(contentsOf: labels)
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(UInt8(ascii: " "))
        bytes.append(contentsOf: value.utf8)
        bytes.append(UInt8(ascii: "\n"))
    }

    /// OpenMetrics wants bounds as floats, so that a bound is the same text everywhere.
    private func boundText(of bound: Double) -> String {
        format == .openMetrics ? FloatText.python(bound) : text(of: bound)
    }

    private func text(of value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        guard value.magnitude < 0x1p53, value == value.rounded(.towardZero) else {
            return FloatText.python(value)
        }
        return String(Int64(value))
    }
}
