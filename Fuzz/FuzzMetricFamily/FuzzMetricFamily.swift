// Messages of Protocol Buffers: read, written and read again; as metrics, they say in text what they said before. See
// scripts/fuzz.

import Core

/// libFuzzer's entry point.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    checkFields(bytes)
    guard let families = try? PrometheusProtobufReader.families(in: bytes) else { return 0 }
    for family in families { checkText(family) }
    var limits = PrometheusTextLimits()
    limits.samples = 3
    if let few = try? PrometheusProtobufReader.families(in: bytes, limits: limits) {
        precondition(few.flatMap(\.samples).count <= 3, "BUG: more samples than the limit")
    }
    return 0
}

// MARK: - The wire format

/// The fields of a message, written with the shortest varints, are the same fields.
private func checkFields(_ bytes: [UInt8]) {
    guard let found = fields(bytes) else { return }
    var written: [UInt8] = []
    for field in found {
        switch field.value {
        case .varint(let value):
            append(UInt64(field.number) << 3, to: &written)
            append(value, to: &written)
        case .fixed64(let value):
            append(UInt64(field.number) << 3 | 1, to: &written)
            written += (0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        case .bytes(let range):
            precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "BUG: beyond the message")
            append(UInt64(field.number) << 3 | 2, to: &written)
            append(UInt64(range.count), to: &written)
            written += bytes[range]
        case .fixed32(let value):
            append(UInt64(field.number) << 3 | 5, to: &written)
            written += (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        }
    }
    precondition(written.count <= bytes.count, "BUG: more was read than there is")
    guard let again = fields(written) else { preconditionFailure("BUG: what was read cannot be read again") }
    precondition(again.count == found.count, "BUG: read as other fields")
    for (old, new) in zip(found, again) {
        precondition(old.number == new.number, "BUG: another field")
        switch (old.value, new.value) {
        case (.bytes(let left), .bytes(let right)):
            precondition(bytes[left].elementsEqual(written[right]), "BUG: other bytes")
        default: precondition(old.value == new.value, "BUG: another value")
        }
    }
}

private func fields(_ bytes: [UInt8]) -> [ProtobufReader.Field]? {
    var reader = ProtobufReader(bytes)
    var fields: [ProtobufReader.Field] = []
    do {
        while let field = try reader.next() { fields.append(field) }
    } catch {
        return nil
    }
    precondition(reader.isAtEnd, "BUG: it ended early")
    return fields
}

private func append(_ value: UInt64, to bytes: inout [UInt8]) {
    var rest = value
    while rest >= 0x80 {
        bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
    }
    bytes.append(UInt8(rest))
}

// MARK: - Metrics

/// A family whose names the text format allows reads the same from its text.
private func checkText(_ family: PrometheusFamily) {
    let labels = family.samples.flatMap(\.labels)
    guard isName(family.name, colon: true),
        labels.allSatisfy({ isName($0.name, colon: false) && $0.name != "__name__" }),
        family.samples.allSatisfy({ Set($0.labels.map(\.name)).count == $0.labels.count })
    else { return }
    var text = "# TYPE \(family.name) \(family.type.rawValue)\n"
    for sample in family.samples {
        let labels = sample.labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",")
        let value =
            sample.value.isNaN
            ? "NaN" : sample.value.isInfinite ? (sample.value < 0 ? "-Inf" : "+Inf") : "\(sample.value)"
        text += "\(sample.name){\(labels)} \(value)\(sample.timestamp.map { " \($0)" } ?? "")\n"
    }
    guard let read = try? PrometheusFamily.all(in: Array(text.utf8)), read.count == 1 else {
        preconditionFailure("BUG: no text says what a message said")
    }
    precondition(read[0].name == family.name && read[0].type == family.type, "BUG: another family")
    precondition(read[0].samples.count == family.samples.count, "BUG: other samples")
    for (left, right) in zip(read[0].samples, family.samples) {
        precondition(left.name == right.name && left.labels == right.labels, "BUG: another series")
        precondition(left.value == right.value || left.value.isNaN && right.value.isNaN, "BUG: another value")
        precondition(left.timestamp == right.timestamp, "BUG: another time")
    }
}

private func isName(_ name: String, colon: Bool) -> Bool {
    guard let first = name.utf8.first, !(48...57).contains(first) else { return false }
    return name.utf8.allSatisfy { byte in
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
            || colon && byte == 58
    }
}

private func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\\": escaped += "\\\\"
        case "\n": escaped += "\\n"
        case "\"": escaped += "\\\""
        default: escaped.unicodeScalars.append(scalar)
        }
    }
    return escaped
}
