internal import API
internal import Core
internal import Journal
internal import OpenTelemetry

/// The line of a request with spans: the message as it came.
enum SpanLine {
    static let kind = "otlp.spans/1"

    /// The body of a line.
    static func body(_ message: [UInt8], _ encoding: OTLPEncoding) -> [UInt8] { encoding.line(message) }

    /// The spans of a line.
    static func spans(_ line: JournalLine) throws -> [SpanBatch] {
        let (encoding, message) = try OTLPEncoding.message(ofLine: Array(line.body))
        return try encoding.spans(message, limits: .ofLines).batches
    }
}
