internal import Glibc

/// A request to somebody else's server.
package struct OutboundRequest: Sendable {
    /// `POST`, `GET`, …
    package var method: String
    /// `https://…` or `http://…`; nothing else is ever spoken.
    package var url: String
    /// The path of a Unix socket where the server listens, in place of the host and port of the URL; nil for none. Only
    /// a policy's rules on names apply to it, to the host of the URL.
    package var socket: String?
    /// Header fields, in order.
    package var fields: [(name: String, value: String)]
    /// What is sent; nil for a request without a body.
    package var body: [UInt8]?
    /// From begin to end.
    package var timeout: Duration = .seconds(10)
    /// When the answer is of no use any more; the wait for a free lane counts, too. Nil is never.
    package var deadline: ContinuousClock.Instant?
    /// Until a connection is there.
    package var connectTimeout: Duration = .seconds(5)
    /// The most bytes of an answer that are read.
    package var answerLimit = 1 << 20

    /// Makes a request.
    package init(
        _ method: String,
        _ url: String,
        fields: [(name: String, value: String)] = [],
        body: [UInt8]? = nil
    ) {
        self.method = method
        self.url = url
        self.fields = fields
        self.body = body
    }
}

extension OutboundRequest {
    /// How long it may still take.
    var timeLeft: Duration {
        deadline.map { min(timeout, ContinuousClock.now.duration(to: $0)) } ?? timeout
    }
}

/// What the other server said. Redirects are answers like any other: nobody follows them.
package struct OutboundResponse: Sendable {
    /// The status code.
    package var status: Int
    /// Header fields in order, names in lower case.
    package var fields: [(name: String, value: String)]
    /// The body.
    package var body: [UInt8]
    /// How many connections were made for it: 0 when it came over one that was kept. What a kept one no longer took was
    /// sent once more, over a new one.
    package var connections = 0

    /// The first field of a name that is given in lower case.
    package func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
}

/// Why there is no answer.
package enum OutboundError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The URL is none, or its scheme is neither http nor https.
    case badURL
    /// The host has no address.
    case unresolvable
    /// The policy forbids the host or the address that it has.
    case forbidden(String)
    /// Nobody listens there, or no way leads there; the number is `errno`, or 0 where none is known.
    case unreachable(code: Int32)
    /// The connection ended before an answer came.
    case closed
    /// What came is no HTTP answer.
    case malformed
    /// It took too long.
    case timeout
    /// The task that asked was cancelled.
    case cancelled
    /// A header field has a line break or U+0000 in it.
    case badField(String)
    /// No trust in the other side, or no common ground with it.
    case tls(String)
    /// The answer is larger than was wanted.
    case tooLarge
    /// Anything else, in libcurl's words.
    case failed(String)

    package var description: String {
        switch self {
        case .badURL: "the URL is not one of http or https"
        case .unresolvable: "the host has no address"
        case .forbidden(let what):
            "\(what) may not be called: see the list of allowed and denied destinations"
        case .unreachable: "nobody answers there"
        case .closed: "the connection was closed before an answer came"
        case .malformed: "what came back is no HTTP answer"
        case .timeout: "no answer in time"
        case .cancelled: "nobody waits for the answer any more"
        case .badField(let name): "the header field \(name) has a line break in it"
        case .tls(let why): "no secure connection: \(why)"
        case .tooLarge: "the answer is too large"
        case .failed(let why): why
        }
    }

    /// As `description`, with the system's reason where nobody answers: for who looks after the machine that was called.
    package var cause: String {
        guard case .unreachable(let code) = self, code != 0 else { return description }
        return "cannot connect: \(String(cString: strerror(code)))"
    }
}
