internal import Core

/// Why a file cannot be read.
struct TransferError: Error, CustomStringConvertible {
    /// Counted from 1.
    let line: Int
    let what: String

    var description: String { "Line \(line): \(what)" }
}

/// Reads a file of the export's formats, a series with some samples at a time.
struct TransferReader {
    private enum Source {
        case text(PrometheusTextReader)
        case lines(LineCutter, isTable: Bool)
    }

    private var source: Source
    private let arrival: Timestamp

    /// Samples without a time get the time of the arrival.
    init(_ bytes: [UInt8], _ format: TransferFormat, arrivedAt arrival: Timestamp) {
        self.arrival = arrival
        switch format {
        case .prometheus:
            // The last line may lack its line feed.
            let whole = bytes.last.map { $0 == UInt8(ascii: "\n") } ?? true
            let text = whole ? bytes : bytes + [UInt8(ascii: "\n")]
            source = .text(PrometheusTextReader(text, limits: Self.textLimits))
        case .jsonl: source = .lines(LineCutter(bytes), isTable: false)
        case .csv: source = .lines(LineCutter(bytes), isTable: true)
        }
    }

    /// The next samples; nil at the end.
    mutating func next() throws(TransferError) -> SeriesSamples? {
        switch source {
        case .text(var reader):
            let sample = try Self.sample(&reader)
            source = .text(reader)
            return sample.map(samples)
        case .lines(var lines, let isTable):
            var found: SeriesSamples?
            while found == nil, let line = lines.next() {
                if isTable, lines.number == 1 {
                    guard Array(line) == Array(TransferFormat.csv.header.dropLast()) else {
                        throw TransferError(
                            line: 1,
                            what: "the header must be metric,labels,timestamp_ms,value"
                        )
                    }
                    continue
                }
                guard !line.isEmpty else { continue }
                found = isTable ? Self.row(line) : Self.object(line)
                if found == nil {
                    throw TransferError(
                        line: lines.number,
                        what: isTable
                            ? "not a row of metric, labels, time and value"
                            : "not an object of metric, values and timestamps"
                    )
                }
            }
            source = .lines(lines, isTable: isTable)
            return found
        }
    }

    // MARK: - Prometheus

    /// Whatever an export may have fits: the component's two labels besides those of a series, names that came as
    /// values of `__name__`, and values in which each byte is escaped. The body has a bound, and so has each series.
    private static let textLimits = PrometheusTextLimits(
        lineBytes: .max,
        nameBytes: ReportLimits().valueBytes,
        valueBytes: .max,
        labels: ReportLimits().labels + 2,
        samples: .max
    )

    private static func sample(_ reader: inout PrometheusTextReader) throws(TransferError)
        -> PrometheusSample?
    {
        do throws(PrometheusTextError) {
            while let entry = try reader.next() {
                if case .sample(let sample) = entry { return sample }
            }
            return nil
        } catch {
            throw TransferError(line: error.line, what: "column \(error.column): \(error.cause)")
        }
    }

    private func samples(_ sample: PrometheusSample) -> SeriesSamples {
        SeriesSamples(
            name: sample.name,
            labels: sample.labels.map { LabelSet.Pair(name: $0.name, value: $0.value) },
            times: [sample.timestamp ?? arrival.microseconds / 1000],
            values: [sample.value]
        )
    }

    // MARK: - JSON

    private static func object(_ line: ArraySlice<UInt8>) -> SeriesSamples? {
        guard let root = try? JSONDocument(Array(line), nodeLimit: 4_000_000).root,
            let metric = root["metric"], let name = metric["__name__"]?.string, !name.isEmpty,
            let values = root["values"], let timestamps = root["timestamps"]
        else { return nil }
        var samples = SeriesSamples(name: name, labels: [])
        guard let labels = pairs(metric) else { return nil }
        samples = SeriesSamples(name: name, labels: labels)
        for value in values.elements {
            guard let number = number(value) else { return nil }
            samples.values.append(number)
        }
        for time in timestamps.elements {
            guard let milliseconds = time.int64 else { return nil }
            samples.times.append(milliseconds)
        }
        return samples.times.count == samples.values.count ? samples : nil
    }

    private static func pairs(_ object: JSONNode) -> [LabelSet.Pair]? {
        guard object.kind == .object else { return nil }
        var pairs: [LabelSet.Pair] = []
        for member in object.members {
            guard let name = member.key.string, let value = member.value.string else { return nil }
            if name != "__name__" { pairs.append(LabelSet.Pair(name: name, value: value)) }
        }
        return pairs
    }

    /// Null is the stale marker, as VictoriaMetrics writes it; what JSON has no number for is a text.
    private static func number(_ node: JSONNode) -> Double? {
        switch node.kind {
        case .null: .staleMarker
        case .number: node.double ?? node.numberText.flatMap(Double.init)
        case .string: node.string.flatMap(PythonFloat.value)
        default: nil
        }
    }

    // MARK: - CSV

    private static func row(_ line: ArraySlice<UInt8>) -> SeriesSamples? {
        guard let fields = fields(line), fields.count == 4, !fields[0].isEmpty,
            let document = try? JSONDocument(Array(fields[1].utf8)), let labels = pairs(document.root),
            let time = Int64(fields[2])
        else { return nil }
        let isStale = fields[3] == TransferFormat.staleWord
        guard let value = isStale ? .staleMarker : PythonFloat.value(fields[3]) else { return nil }
        return SeriesSamples(name: fields[0], labels: labels, times: [time], values: [value])
    }

    /// The fields of a row, RFC 4180 §2; none of them has a line break.
    private static func fields(_ line: ArraySlice<UInt8>) -> [String]? {
        var fields: [[UInt8]] = [[]]
        var isQuoted = false
        var index = line.startIndex
        while index < line.endIndex {
            let byte = line[index]
            index += 1
            switch (byte, isQuoted) {
            case (UInt8(ascii: "\""), true):
                if index < line.endIndex, line[index] == UInt8(ascii: "\"") {
                    fields[fields.count - 1].append(byte)
                    index += 1
                } else {
                    isQuoted = false
                }
            case (UInt8(ascii: "\""), false) where fields[fields.count - 1].isEmpty: isQuoted = true
            case (UInt8(ascii: ","), false): fields.append([])
            default: fields[fields.count - 1].append(byte)
            }
        }
        guard !isQuoted else { return nil }
        let texts = fields.compactMap { String(validating: $0, as: UTF8.self) }
        return texts.count == fields.count ? texts : nil
    }
}

/// Cuts a text into lines.
struct LineCutter {
    private let bytes: [UInt8]
    private var position = 0
    /// Of the line that was read last, counted from 1.
    private(set) var number = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Without its line break; nil at the end.
    mutating func next() -> ArraySlice<UInt8>? {
        guard position < bytes.count else { return nil }
        let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        var line = bytes[position..<end]
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        position = end + 1
        number += 1
        return line
    }
}
