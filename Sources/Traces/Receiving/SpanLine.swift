internal import Core
internal import Journal
internal import OpenTelemetry

/// The line of a request with spans: the message as it came. Protobuf is a JSON string in base 64, as remote-write's
/// blocks are (decision 42).
enum SpanLine {
    static let kind = "otlp.spans/1"

    /// The body of a line.
    static func body(_ message: [UInt8], _ encoding: OTLPEncoding) -> [UInt8] {
        // A line has no line breaks; JSON has them between values only.
        guard encoding == .protobuf else { return message.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 } }
        var body: [UInt8] = []
        body.reserveCapacity(message.count * 4 / 3 + 8)
        body.append(UInt8(ascii: "\""))
        Base64.append(message, to: &body)
        body.append(UInt8(ascii: "\""))
        return body
    }

    /// The spans of a line; what was taken once is not limited again.
    static func spans(_ line: JournalLine) throws -> [SpanBatch] {
        let body = line.body
        guard body.first == UInt8(ascii: "\"") else {
            return try TraceRequest.decode(json: Array(body), limits: .none).batches
        }
        guard body.count >= 2, let message = Base64.decode(body.dropFirst().dropLast()) else {
            throw OTLPError.json("it is no base 64")
        }
        return try TraceRequest.decode(protobuf: message, limits: .none).batches
    }
}

extension OTLPLimits {
    /// As much as a body holds; texts and attributes are still cut as when they came.
    fileprivate static var none: OTLPLimits {
        var limits = OTLPLimits()
        limits.spans = .max
        limits.values = .max
        return limits
    }
}
