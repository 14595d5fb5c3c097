/// What a handler answers; framing, `Date`, `Connection` and compression are the encoder's business.
package struct Response: Sendable {
    /// The status of the answer.
    package var status: Status

    /// The handler's own fields; `Content-Length`, `Transfer-Encoding`, `Connection`, `Keep-Alive` and `Date`
    /// set here are ignored.
    package var fields: HeaderFields

    /// What is sent after the head.
    package var body: Body

    /// Nothing, all at once, or piece by piece.
    package enum Body: Sendable {
        case empty
        case bytes([UInt8])
        case stream(ByteStream)
    }

    /// An answer without fields and body unless they are given.
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
