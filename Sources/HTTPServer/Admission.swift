package import HTTP

/// The decision about a request, and the route under which it is counted.
package struct Admission: Sendable {
    /// What happens to the request.
    package enum Decision: Sendable {
        /// The body is collected up to `bodyLimit` bytes (413 beyond it), then `handle` is called on the lane.
        ///
        /// A callback responds within `Timeouts.handler`, otherwise the server responds 503.
        case accept(bodyLimit: Int, handle: @Sendable (Request, Exchange) -> Void)

        /// `handle` is called on the lane at once, with an empty `Request.body`; it reads the body as it arrives.
        case acceptStreaming(
            bodyLimit: Int,
            handle: @Sendable (Request, RequestBodyStream, Exchange) -> Void
        )

        /// The request is answered at once; a small body is read and dropped, a larger one ends the connection.
        case refuse(Response)
    }

    /// What happens to the request.
    package let decision: Decision
    /// The route of the request; nil when there is none.
    package let route: RouteLabel?
    /// A content coding, in lower case, whose bodies the handler decodes itself; nil for none.
    package let ownCoding: String?

    /// Makes an admission.
    package init(_ decision: Decision, route: RouteLabel? = nil, ownCoding: String? = nil) {
        self.decision = decision
        self.route = route
        self.ownCoding = ownCoding
    }
}

/// A route as logs and metrics name it, so that an observer need not look it up again.
package struct RouteLabel: Hashable, Sendable {
    /// The path with its parameters: `/api/x/{id}`.
    package let path: String
    /// Whether a successful request is not worth a log line at level info.
    package let isRoutine: Bool

    /// Makes a label.
    package init(_ path: String, isRoutine: Bool) {
        self.path = path
        self.isRoutine = isRoutine
    }
}
