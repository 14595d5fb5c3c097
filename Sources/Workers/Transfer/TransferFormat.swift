internal import Core

/// The formats of the bulk export and import.
enum TransferFormat: String, CaseIterable, Sendable {
    /// Lines of the Prometheus text format, with times.
    case prometheus
    /// Lines as VictoriaMetrics imports and exports them.
    case jsonl
    /// A table.
    case csv

    var contentType: String {
        switch self {
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        case .jsonl: "application/x-ndjson"
        case .csv: "text/csv; charset=utf-8"
        }
    }

    /// What the text begins with.
    var header: [UInt8] { self == .csv ? Array("metric,labels,timestamp_ms,value\n".utf8) : [] }
}

/// Samples of one series, in the order of their times.
struct SeriesSamples: Sendable {
    let name: String
    let labels: [LabelSet.Pair]
    /// In milliseconds since 1970.
    var times: [Int64] = []
    var values: [Double] = []
}

extension TransferFormat {
    /// Appends samples of a series.
    func append(_ samples: SeriesSamples, to bytes: inout [UInt8]) {
        switch self {
        case .prometheus: Self.appendText(samples, to: &bytes)
        case .jsonl: Self.appendLine(samples, to: &bytes)
        case .csv: Self.appendRows(samples, to: &bytes)
        }
    }

    private static func appendText(_ samples: SeriesSamples, to bytes: inout [UInt8]) {
        var prefix = Array(samples.name.utf8)
        prefix.append(UInt8(ascii: "{"))
        for (index, pair) in samples.labels.enumerated() {
            prefix.append(contentsOf: "\(index > 0 ? "," : "")\(pair.name)=\"".utf8)
            SeriesLine.escape(pair.value, quotes: true, to: &prefix)
            prefix.append(UInt8(ascii: "\""))
        }
        prefix.append(contentsOf: "} ".utf8)
        for (time, value) in zip(samples.times, samples.values) {
            bytes.append(contentsOf: prefix)
            SampleText.append(value, to: &bytes)
            bytes.append(contentsOf: " \(time)\n".utf8)
        }
    }

    /// What is not a finite number gets a line of its own: VictoriaMetrics skips lines with values that it does not
    /// know, and which these are depends on its version.
    private static func appendLine(_ samples: SeriesSamples, to bytes: inout [UInt8]) {
        var rest = samples.times.indices[...]
        while let first = rest.first {
            let isFinite = samples.values[first].isFinite
            let part = rest.prefix { samples.values[$0].isFinite == isFinite }
            rest = rest[part.endIndex...]
            appendLine(
                SeriesSamples(
                    name: samples.name,
                    labels: samples.labels,
                    times: Array(samples.times[part]),
                    values: Array(samples.values[part])
                ),
                whole: &bytes
            )
        }
    }

    private static func appendLine(_ samples: SeriesSamples, whole bytes: inout [UInt8]) {
        var writer = JSONWriter()
        writer.object { line in
            line.object("metric") { metric in
                metric.member("__name__", samples.name)
                for pair in samples.labels { metric.member(pair.name, pair.value) }
            }
            line.array("values") { list in for value in samples.values { list.raw(json(value)) } }
            line.array("timestamps") { list in for time in samples.times { list.value(time) } }
        }
        bytes.append(contentsOf: writer.bytes)
        bytes.append(UInt8(ascii: "\n"))
    }

    /// JSON has no NaN. VictoriaMetrics takes null for a stale marker, and words for infinities.
    private static func json(_ value: Double) -> [UInt8] {
        if value.isStaleMarker { return Array("null".utf8) }
        if value.isNaN { return Array("\"NaN\"".utf8) }
        if value.isInfinite { return Array((value < 0 ? "\"-Infinity\"" : "\"Infinity\"").utf8) }
        var bytes: [UInt8] = []
        SampleText.append(value, to: &bytes)
        return bytes
    }

    private static func appendRows(_ samples: SeriesSamples, to bytes: inout [UInt8]) {
        var writer = JSONWriter()
        writer.object { labels in for pair in samples.labels { labels.member(pair.name, pair.value) } }
        var prefix = Array(samples.name.utf8)
        prefix.append(contentsOf: ",\"".utf8)
        for byte in writer.bytes {
            if byte == UInt8(ascii: "\"") { prefix.append(byte) }
            prefix.append(byte)
        }
        prefix.append(contentsOf: "\",".utf8)
        for (time, value) in zip(samples.times, samples.values) {
            bytes.append(contentsOf: prefix)
            bytes.append(contentsOf: "\(time),".utf8)
            if value.isStaleMarker {
                bytes.append(contentsOf: Self.staleWord.utf8)
            } else {
                SampleText.append(value, to: &bytes)
            }
            bytes.append(UInt8(ascii: "\n"))
        }
    }

    /// What CSV calls the stale marker.
    static let staleWord = "StaleNaN"
}
