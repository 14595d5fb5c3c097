/// The versions this server speaks (RFC 9112 §2.3); a higher 1.x is treated as 1.1.
package enum HTTPVersion: Hashable, Sendable {
    case http10
    case http11
}

/// Request line and header section of one request.
package struct RequestHead: Sendable, Equatable {
    /// What is asked for.
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
