internal import Core
package import HTTP

/// How a surface formats its errors; every protocol has its own envelope (contracts).
package struct ErrorEnvelope: Sendable {
    /// The type of its body in `/openapi.json`.
    package let schema: APIType
    /// The media type of its body.
    package let mediaType: String
    private let render: @Sendable (_ status: Status, _ message: String) -> [UInt8]
    /// The message for a caller without a valid token; nil leaves it to the application.
    package let challenge: (@Sendable (_ authorization: String?) -> String)?

    /// Makes an envelope from a function that renders a body, in JSON unless it says otherwise, and optionally one that
    /// explains why a caller is unknown.
    package init(
        schema: APIType = .named(.error),
        mediaType: String = "application/json",
        challenge: (@Sendable (_ authorization: String?) -> String)? = nil,
        render: @escaping @Sendable (_ status: Status, _ message: String) -> [UInt8]
    ) {
        self.schema = schema
        self.mediaType = mediaType
        self.challenge = challenge
        self.render = render
    }

    /// `{"detail": "<message>"}`, the envelope of the Nextflow and the worker surfaces.
    package static let detail = ErrorEnvelope { _, message in
        var writer = JSONWriter()
        writer.object { $0.member("detail", message) }
        return writer.bytes
    }

    /// The response for an error: `message` gives the reason and the next step.
    package func response(_ status: Status, _ message: String) -> Response {
        var fields: HeaderFields = ["Content-Type": mediaType]
        // A browser must not take a text that names what was sent for a page. Contract pipelogiq §0.4.
        if mediaType.hasPrefix("text/plain") { fields.append("X-Content-Type-Options", "nosniff") }
        return Response(status: status, fields: fields, body: .bytes(render(status, message)))
    }
}

extension ErrorEnvelope {
    /// The message alone, as plain text with a line feed: the envelope of Pipelogiq's clients. Contract pipelogiq §7.2.
    package static let plain = ErrorEnvelope(schema: .text, mediaType: "text/plain; charset=utf-8") {
        _,
        message in
        Array("\(message)\n".utf8)
    }
}
