package import Core

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

    /// Who asks: the client in the end when trusted proxies stand between.
    package var peer: Peer
    /// Where it came in.
    package var listener: ListenerInfo

    /// The request's id: `X-Request-Id` when it is sane, otherwise minted.
    package var id: String

    /// The name of the caller's token, `anonymous` without one. Only for `graded` endpoints; empty for others.
    package var caller: String

    /// When the head was complete.
    package var receivedAt: Timestamp

    /// Puts a request together; the query is decoded from the head unless it is given.
    package init(
        head: RequestHead,
        body: [UInt8] = [],
        trailers: HeaderFields = HeaderFields(),
        parameters: PathParameters = PathParameters(),
        query: Query? = nil,
        peer: Peer = Peer(address: ""),
        listener: ListenerInfo = ListenerInfo(profile: nil, description: ""),
        id: String = "",
        caller: String = "",
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
        self.caller = caller
        self.receivedAt = receivedAt
    }
}
