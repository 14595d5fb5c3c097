package import HTTP

/// Callbacks about a server's work, for metrics and an access log.
///
/// Called on lanes and on the accept queue; must be quick and must not block. All members have empty
/// defaults.
package protocol ServerObserver: Sendable {
    /// A connection was accepted.
    func connectionOpened()
    /// An accepted connection has ended.
    func connectionClosed()
    /// A connection was not served; `reason` is a bounded word.
    func connectionRefused(reason: String)
    /// A request was refused by the server itself; `reason` is a bounded word.
    ///
    /// `requestFinished` follows if its head could be parsed.
    func requestRefused(reason: String)
    /// A request was answered, or its client went away.
    func requestFinished(_ record: RequestRecord)
}

extension ServerObserver {
    /// Does nothing.
    package func connectionOpened() {}
    /// Does nothing.
    package func connectionClosed() {}
    /// Does nothing.
    package func connectionRefused(reason: String) {}
    /// Does nothing.
    package func requestRefused(reason: String) {}
    /// Does nothing.
    package func requestFinished(_ record: RequestRecord) {}
}

/// One finished request; all that an access log needs.
package struct RequestRecord: Sendable {
    /// The request's head; its target may carry secrets, its path may carry an ingest prefix.
    package let head: RequestHead
    /// The route of the request, as the application named it; nil when there is none.
    package let route: RouteLabel?
    /// The status of the response; nil when the client went away before.
    package let status: Status?
    /// From the end of the head to the end of the response.
    package let duration: Duration
    /// The request's id.
    package let id: String
    /// The connection it came by.
    package let connection: ConnectionInfo
    /// Bytes of the body as received, without framing.
    package let requestBytes: Int
    /// Bytes of the response, head and framing included.
    package let responseBytes: Int

    /// The path without the query.
    package var path: String { head.path }
}

/// Observes nothing.
struct SilentObserver: ServerObserver {}
