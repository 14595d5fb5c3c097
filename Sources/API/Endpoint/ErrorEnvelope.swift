internal import Core
package import HTTP

/// How a surface dresses its errors; every protocol has its own envelope (contracts), and keeps it.
package struct ErrorEnvelope: Sendable {
    private let render: @Sendable (_ status: Status, _ message: String) -> [UInt8]
    /// What is said to a caller without a token that is known; nil leaves the words to the application.
    package let challenge: (@Sendable (_ authorization: String?) -> String)?

    /// Makes an envelope from a function that renders a JSON body, and perhaps one that says why a caller is unknown.
    package init(
        challenge: (@Sendable (_ authorization: String?) -> String)? = nil,
        render: @escaping @Sendable (_ status: Status, _ message: String) -> [UInt8]
    ) {
        self.challenge = challenge
        self.render = render
    }

    /// `{"detail": "<message>"}`, the envelope of the Nextflow and the worker surfaces.
    package static let detail = ErrorEnvelope { _, message in
        var writer = JSONWriter()
        writer.object { $0.member("detail", message) }
        return writer.bytes
    }

    /// The answer for an error: `message` says what was wrong and what to do next.
    package func response(_ status: Status, _ message: String) -> Response {
        .json(render(status, message), status: status)
    }
}
