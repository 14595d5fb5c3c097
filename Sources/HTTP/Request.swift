package import Core

/// The versions this server speaks (RFC 9112 §2.3); a higher 1.x is treated as 1.1.
package enum HTTPVersion: Hashable, Sendable {
    case http10
    case http11
}

/// Request line and header section of one request.
package struct RequestHead: Sendable, Equatable {
    /// The method.
    package var method: Method

    /// The request target exactly as it came (RFC 9112 §3.2).
    package var target: String

    /// The path, not percent-decoded, without the query: `/…`, or `*` for `OPTIONS *`.
    package var path: String

    /// What follows the first `?`, not decoded; nil without a `?`.
    package var rawQuery: String?

    /// The version of the request line, lowered to one that is known.
    package var version: HTTPVersion
    /// The header section, in order; `Host` is that of an absolute-form target.
    package var fields: HeaderFields

    /// Splits an origin-form target; for tests and for requests that were not read from a socket.
    package init(
        method: Method,
        target: String,
        version: HTTPVersion = .http11,
        fields: HeaderFields = HeaderFields()
    ) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.method = method
        self.target = target
        self.path = String(parts.first ?? "")
        self.rawQuery = parts.count > 1 ? String(parts[1]) : nil
        self.version = version
        self.fields = fields
    }

    /// Whether the client wants the connection kept after this request (RFC 9112 §9.3).
    package var wantsKeepAlive: Bool {
        if fields.hasToken("close", in: "Connection") { return false }
        return version == .http11 || fields.hasToken("keep-alive", in: "Connection")
    }

    /// Whether the client waits for `100 Continue` before it sends the body (RFC 9110 §10.1.1).
    ///
    /// An HTTP/1.0 client never does.
    package var expectsContinue: Bool {
        version == .http11 && fields.hasToken("100-continue", in: "Expect")
    }
}

/// A complete request as handlers see it.
package struct Request: Sendable {
    /// Request line and header section.
    package var head: RequestHead

    /// The body without chunk framing and content coding.
    package var body: [UInt8]

    /// The trailer section of a chunked body, never merged into the header section (RFC 9110 §6.5).
    package var trailers: HeaderFields

    /// The pattern's parameters, percent-decoded.
    package var parameters: PathParameters

    /// The decoded query.
    package var query: Query

    /// The client, as reported by trusted proxies if there are any.
    package var peer: Peer
    /// The listener that took it.
    package var listener: ListenerInfo

    /// The request's id: a valid `X-Request-Id`, otherwise a new one.
    package var id: String

    /// When the head was complete.
    package var receivedAt: Timestamp

    /// Makes a request; the query is decoded from the head unless it is given.
    package init(
        head: RequestHead,
        body: [UInt8] = [],
        trailers: HeaderFields = HeaderFields(),
        parameters: PathParameters = PathParameters(),
        query: Query? = nil,
        peer: Peer = Peer(address: ""),
        listener: ListenerInfo = ListenerInfo(profile: nil, description: ""),
        id: String = "",
        receivedAt: Timestamp
    ) {
        self.head = head
        self.body = body
        self.trailers = trailers
        self.parameters = parameters
        self.query = query ?? Query(raw: head.rawQuery)
        self.peer = peer
        self.listener = listener
        self.id = id
        self.receivedAt = receivedAt
    }
}

/// Who sent a request.
package struct Peer: Hashable, Sendable {
    /// The textual address without port: `192.0.2.1`, `2001:db8::1`, or empty for a Unix socket.
    package var address: String

    /// Takes the text as it is.
    package init(address: String) {
        self.address = address
    }
}

/// The listener that took a request.
package struct ListenerInfo: Hashable, Sendable {
    /// The listener profile, which selects responses of colliding paths: `nextflow`, `runs`, `metrics`, or nil for the
    /// main one.
    package var profile: String?

    /// The bound address as the log names it.
    package var description: String

    /// Names a listener.
    package init(profile: String?, description: String) {
        self.profile = profile
        self.description = description
    }
}
