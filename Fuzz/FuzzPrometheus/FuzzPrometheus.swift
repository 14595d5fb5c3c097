// Metrics in the Prometheus text format: what was read is written and read again; see scripts/fuzz.

import Core

/// libFuzzer's entry point.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    checkLines(bytes)
    guard let families = try? PrometheusFamily.all(in: bytes) else { return 0 }
    let written = families.flatMap(PlainText.bytes)
    guard let again = try? PrometheusFamily.all(in: written) else {
        preconditionFailure("BUG: what was read cannot be read again")
    }
    precondition(again.map(PlainText.bytes) == families.map(PlainText.bytes), "BUG: read as other metrics")
    for sample in families.flatMap(\.samples) {
        let names = sample.labels.map(\.name)
        precondition(Set(names).count == names.count, "BUG: a sample has a label twice")
        precondition(!sample.name.isEmpty && !names.contains(""), "BUG: something has no name")
    }
    return 0
}

/// After an error the reader goes on, and it ends after the last line.
private func checkLines(_ bytes: [UInt8]) {
    var reader = PrometheusTextReader(
        bytes,
        limits: PrometheusTextLimits(lineBytes: 64, labels: 3, samples: 5)
    )
    var turns = 0
    var samples = 0
    while true {
        turns += 1
        precondition(turns <= bytes.count + 1, "BUG: the reader does not end")
        do {
            guard let entry = try reader.next() else { break }
            if case .sample(let sample) = entry {
                samples += 1
                precondition(sample.labels.count <= 3, "BUG: more labels than the limit")
            }
        } catch {
            precondition(error.line == reader.line && error.column >= 1, "BUG: an error elsewhere")
        }
    }
    precondition(samples <= 5, "BUG: more samples than the limit")
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).count
    precondition(
        reader.line == lines - (bytes.isEmpty || bytes.last == UInt8(ascii: "\n") ? 1 : 0),
        "BUG: a line was left out"
    )
}

/// Writes families without any care for size.
private enum PlainText {
    static func bytes(_ family: PrometheusFamily) -> [UInt8] {
        var text = ""
        if let help = family.help { text += "# HELP \(family.name) \(escaped(help, quotes: false))\n" }
        if family.type != .untyped { text += "# TYPE \(family.name) \(family.type.rawValue)\n" }
        for sample in family.samples {
            let labels = sample.labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }
            let time = sample.timestamp.map { " \($0)" } ?? ""
            text += "\(sample.name){\(labels.joined(separator: ","))} \(number(sample.value))\(time)\n"
        }
        return Array(text.utf8)
    }

    private static func number(_ value: Double) -> String {
        value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
