/// Reads HTTP/1.x requests out of the bytes of one connection (RFC 9112), strictly and in linear time.
///
/// A value without clock or socket: the connection lends it whatever has arrived and does what the event says.
///
///     var offset = 0                                   // into the bytes that have arrived
///     loop: while true {
///         switch parser.next(in: arrived, at: &offset) {
///         case .needMore: break loop                   // everything is consumed, offset == arrived.count
///         case .head(let head, let framing): …         // decide; limitBody(to:); perhaps send 100 Continue
///         case .body(let range): …                     // arrived[range] is body, not copied, never empty
///         case .complete(let trailers): break loop     // answer; arrived[offset...] is the next request
///         case .rejected(let error): break loop        // answer error.status, then close
///         }
///     }
///
/// * Every byte is shown once: bytes before `offset` need not be kept. An unfinished line is kept inside.
/// * `.head` comes once a request, also when no body follows, and then always `.complete` or `.rejected`.
/// * After `.complete` the parser stands before the next request. Bytes behind `offset` (pipelining) stay with
///   the caller, who calls again when the answer is on its way; calling at once is allowed too.
/// * After `.rejected` every further call gives the same error.
/// * `isBetweenRequests` tells whether a closed connection or a deadline cuts a request in two.
package struct RequestParser: Sendable {
    package enum Event: Sendable {
        case needMore
        case head(RequestHead, BodyFraming)
        case body(Range<Int>)
        case complete(trailers: HeaderFields)
        case rejected(RequestError)
    }

    private let limits: Limits

    /// Stands before the first request of a connection.
    package init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Whether nothing of a further request has been seen (empty lines aside).
    package var isBetweenRequests: Bool { true }

    /// Replaces `Limits.bodyBytes` for the request whose head was just given.
    ///
    /// Call it between `.head` and the next `next(in:at:)`. Returns the 413 at once when the announced length
    /// is beyond the limit, so that neither `100 Continue` nor the body has to be waited for; the parser is
    /// then in the rejected state.
    package mutating func limitBody(to bytes: Int) -> RequestError? { nil }

    /// Takes bytes from `offset` on until something is to be done, and moves `offset` behind what it took.
    package mutating func next(in bytes: UnsafeRawBufferPointer, at offset: inout Int) -> Event { .needMore }
}

/// How the body of a request is delimited (RFC 9112 §6).
package enum BodyFraming: Hashable, Sendable {
    /// Neither `Content-Length` nor `Transfer-Encoding`: there is no body.
    case none
    /// `Content-Length` octets, possibly 0.
    case length(Int)
    case chunked
}
