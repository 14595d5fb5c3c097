/// A handler's response; the encoder adds framing, `Date`, `Connection` and compression.
package struct Response: Sendable {
    /// The status.
    package var status: Status

    /// The handler's own fields; `Content-Length`, `Transfer-Encoding`, `Connection`, `Keep-Alive` and `Date`
    /// set here are ignored.
    package var fields: HeaderFields

    /// The body.
    package var body: Body

    /// Whether a streamed body has no end of its own, such as an event stream.
    ///
    /// When the server drains, the task that pulls it is cancelled: what the stream returns then is the rest, and nil its
    /// end. Other streams are waited for.
    package var isEndless = false

    /// Empty, all at once, or piece by piece.
    package enum Body: Sendable {
        case empty
        case bytes([UInt8])
        case stream(ByteStream)
    }

    /// A response, by default without fields and body.
    package init(status: Status, fields: HeaderFields = HeaderFields(), body: Body = .empty) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// A JSON text, rendered already.
    package static func json(_ bytes: [UInt8], status: Status = .ok) -> Response {
        Response(status: status, fields: ["Content-Type": "application/json"], body: .bytes(bytes))
    }

    /// Plain text in UTF-8.
    package static func text(_ text: String, status: Status = .ok) -> Response {
        let fields: HeaderFields = ["Content-Type": "text/plain; charset=utf-8"]
        return Response(status: status, fields: fields, body: .bytes(Array(text.utf8)))
    }
}
