internal import Core

/// Values and exemplars as exports write them.
enum SampleText {
    static func append(_ value: Double, to bytes: inout [UInt8]) {
        if value.isNaN {
            bytes.append(contentsOf: "NaN".utf8)
        } else if value.isInfinite {
            bytes.append(contentsOf: (value < 0 ? "-Inf" : "+Inf").utf8)
        } else if value.magnitude < 1e15, value == value.rounded(.towardZero),
            value != 0 || value.sign == .plus
        {
            append(whole: Int64(value), to: &bytes)
            bytes.append(contentsOf: ".0".utf8)
        } else {
            bytes.append(contentsOf: FloatText.python(value).utf8)
        }
    }

    private static func append(whole value: Int64, to bytes: inout [UInt8]) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        let start = bytes.count
        var rest = value.magnitude
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    /// The most characters of the names and values of an exemplar's labels. OpenMetrics 1.0, "Exemplars".
    private static let mostCharacters = 128

    /// ` # {trace_id="…"} value time`; nothing when its labels are too long.
    static func append(_ exemplar: Exemplar, of slot: SeriesTable.Slot, to bytes: inout [UInt8]) {
        var labels: [(String, String)] = []
        var characters = 0
        for (name, value) in [
            ("trace_id", exemplar.traceID), ("span_id", exemplar.spanID),
            ("execution_id", exemplar.executionID),
        ] {
            guard let value, characters + name.count + value.unicodeScalars.count <= mostCharacters else {
                continue
            }
            characters += name.count + value.unicodeScalars.count
            labels.append((name, value))
        }
        guard !labels.isEmpty else { return }
        bytes.append(contentsOf: " # {".utf8)
        for (index, label) in labels.enumerated() {
            bytes.append(contentsOf: "\(index > 0 ? "," : "")\(label.0)=\"".utf8)
            SeriesLine.escape(label.1, quotes: true, to: &bytes)
            bytes.append(UInt8(ascii: "\""))
        }
        bytes.append(contentsOf: "} ".utf8)
        append(exemplar.value ?? slot.value, to: &bytes)
        let micros = (exemplar.at ?? slot.at).microseconds
        guard micros >= 0 else { return }
        let fraction = String(micros % 1_000_000 + 1_000_000).dropFirst()
        bytes.append(contentsOf: " \(micros / 1_000_000).\(fraction)".utf8)
    }
}
