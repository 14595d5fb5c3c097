/// Reads HTTP/1.x requests out of the bytes of one connection (RFC 9112), strictly and in linear time.
///
/// A value without clock or socket: the connection passes it the bytes that have arrived and handles its events.
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
/// * Every byte is passed once: bytes before `offset` need not be kept. The parser keeps an unfinished line.
/// * `.head` comes once a request, also when no body follows, and then always `.complete` or `.rejected`.
/// * After `.complete` the parser is ready for the next request. The caller keeps the bytes after `offset`
///   (pipelining), and calls again when the response has been started; calling at once is allowed too.
/// * After `.rejected` every further call returns the same error.
/// * `isBetweenRequests` tells whether a closed connection or a deadline cuts a request in two.
package struct RequestParser: Sendable {
    /// What the connection has to do next.
    package enum Event: Sendable {
        case needMore
        case head(RequestHead, BodyFraming)
        /// Indices into the bytes of this call; without chunk framing, still under its content coding.
        case body(Range<Int>)
        case complete(trailers: HeaderFields)
        case rejected(RequestError)
    }

    /// Transitions go downwards; `complete` goes back to `requestLine`, `chunkEnd` to `chunkSize`, and every state may
    /// go to `rejected`, which is final.
    enum State: Sendable {
        case requestLine
        case fields
        /// The head was returned; `limitBody(to:)` is possible.
        case bodyStart(BodyFraming)
        case body(remaining: Int)
        case chunkSize
        case chunkData(remaining: Int)
        case chunkEnd
        case trailers
        case complete
        case rejected(RequestError)
    }

    let limits: Limits
    var state = State.requestLine
    var lines = LineReader()
    var emptyLines = 0
    var requestLine: RequestLine?
    /// The header section while `fields`, the trailer section from `bodyStart` on.
    var section = FieldSection()
    var facts = FramingFacts()
    var bodyLimit: Int
    var bodyBytes = 0
    var chunkExtensionBytes = 0

    /// A parser before the first request of a connection.
    package init(limits: Limits = Limits()) {
        self.limits = limits
        bodyLimit = limits.bodyBytes
    }

    /// Whether nothing of a further request has been seen (empty lines aside).
    package var isBetweenRequests: Bool {
        if case .requestLine = state { lines.isEmpty } else { false }
    }

    /// Replaces `Limits.bodyBytes` for the request whose head was just returned.
    ///
    /// Call it between `.head` and the next `next(in:at:)`. Returns the 413 at once when the announced length
    /// is beyond the limit, so that neither `100 Continue` nor the body has to be waited for; the parser is
    /// then in the rejected state.
    package mutating func limitBody(to bytes: Int) -> RequestError? {
        guard case .bodyStart(let framing) = state else { return nil }
        bodyLimit = bytes
        guard case .length(let length) = framing, length > bytes else { return nil }
        let error = RequestError(.bodyTooLarge, limit: bytes)
        state = .rejected(error)
        return error
    }

    /// Consumes bytes from `offset` until there is an event, and moves `offset` after the consumed bytes.
    package mutating func next(in bytes: UnsafeRawBufferPointer, at offset: inout Int) -> Event {
        do throws(RequestError) {
            while true {
                if let event = try step(in: bytes, at: &offset) { return event }
            }
        } catch {
            state = .rejected(error)
            return .rejected(error)
        }
    }

    /// One transition; nil when the next state continues at once.
    private mutating func step(
        in bytes: UnsafeRawBufferPointer,
        at offset: inout Int
    ) throws(RequestError) -> Event? {
        switch state {
        case .requestLine: return try readRequestLine(in: bytes, at: &offset)
        case .fields: return try readField(in: bytes, at: &offset)
        case .bodyStart(let framing): try startBody(framing)
        case .body(let remaining): return readBody(remaining, in: bytes, at: &offset)
        case .chunkSize: return try readChunkSize(in: bytes, at: &offset)
        case .chunkData(let remaining): return readChunkData(remaining, in: bytes, at: &offset)
        case .chunkEnd: return try readChunkEnd(in: bytes, at: &offset)
        case .trailers: return try readTrailer(in: bytes, at: &offset)
        case .complete: return finishRequest()
        case .rejected(let error): return .rejected(error)
        }
        return nil
    }

    private mutating func finishRequest() -> Event {
        let trailers = section.fields
        section = FieldSection()
        bodyLimit = limits.bodyBytes
        bodyBytes = 0
        chunkExtensionBytes = 0
        state = .requestLine
        return .complete(trailers: trailers)
    }
}
