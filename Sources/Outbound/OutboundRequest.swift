/// A request to another server.
package struct OutboundRequest: Sendable {
    /// `POST`, `GET`, …
    package var method: String
    /// `https://…` or `http://…`; other schemes are refused.
    package var url: String
    /// The path of the server's Unix socket, which replaces the host and port of the URL; nil for none. Of a policy,
    /// only its rules for names apply, to the host of the URL.
    package var socket: String?
    /// The version of HTTP that is spoken.
    package var version = Version.http1
    /// Header fields, in order.
    package var fields: [(name: String, value: String)]
    /// The body; nil for a request without one.
    package var body: [UInt8]?
    /// The timeout of the whole request.
    package var timeout: Duration = .seconds(10)
    /// When the client stops waiting, which includes the wait for a free lane; nil is never.
    package var deadline: ContinuousClock.Instant?
    /// The timeout of connecting.
    package var connectTimeout: Duration = .seconds(5)
    /// The most bytes of a response that are read.
    package var answerLimit = 1 << 20
    /// Whether a longer response is cut there, and is no error: for whoever needs its status above all.
    package var cutsAnswer = false

    /// Whether the certificate of the server is taken as it is, whoever issued it and whatever its name is.
    package var isUnverified = false

    /// A version of HTTP.
    package enum Version: Sendable {
        /// HTTP/1.1.
        case http1
        /// HTTP/2: over http at once, without asking whether the server speaks it; over https if it says so.
        case http2
    }

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
    /// The time left.
    var timeLeft: Duration {
        deadline.map { min(timeout, ContinuousClock.now.duration(to: $0)) } ?? timeout
    }
}
