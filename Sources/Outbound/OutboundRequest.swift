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
