package import HTTP

/// The interface between the HTTP server and the application.
package protocol Application: Sendable {
    /// Decides about a request when its head is complete, before the body is read and before `100 Continue`.
    ///
    /// Called on the connection's lane; must not block.
    func admit(_ head: RequestHead, _ context: ConnectionInfo) -> Admission

    /// Makes the response to a request that the server itself refuses.
    ///
    /// `head` is nil when the head was not understood. Called on the connection's lane.
    func response(to fault: Fault, head: RequestHead?) -> Response

    /// Adds fields to every response, refusals and faults too, before it is encoded.
    ///
    /// Called on the connection's lane.
    func finish(_ response: inout Response, answering head: RequestHead?)
}

extension Application {
    /// Adds nothing.
    package func finish(_ response: inout Response, answering head: RequestHead?) {}

    /// Answers with `{"detail":"…"}`.
    package func response(to fault: Fault, head: RequestHead?) -> Response {
        Response.json(Array("{\"detail\":\"\(fault.message)\"}".utf8), status: fault.status)
    }
}

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

    /// Makes an admission.
    package init(_ decision: Decision, route: RouteLabel? = nil) {
        self.decision = decision
        self.route = route
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

/// The facts about a request's connection.
package struct ConnectionInfo: Hashable, Sendable {
    /// The peer's address, from the socket.
    package let peer: Peer
    /// Which listener took the connection.
    package let listener: ListenerInfo

    /// Describes a connection; servers do it themselves, tests of applications need it.
    package init(peer: Peer, listener: ListenerInfo) {
        self.peer = peer
        self.listener = listener
    }
}

/// Why the server itself responds; the connection is closed afterwards.
package enum Fault: Error, Hashable, Sendable {
    /// The request breaks a rule of HTTP or a limit.
    case request(RequestError)
    /// The head did not arrive in time (RFC 9110 §15.5.9).
    case slowHead
    /// The body did not arrive in time.
    case slowBody
    /// The handler did not respond in time.
    case handlerDeadline
    /// The handler released its exchange without a response, which is a bug.
    case unanswered
    /// Large responses that clients have not read yet use up `ServerConfiguration.bufferedBodyBytes`.
    case answersHeld
    /// More connections than `ServerConfiguration.maximumConnections`.
    case tooManyConnections

    /// The status of the response.
    package var status: Status {
        switch self {
        case .request(let error): error.status
        case .slowHead, .slowBody: .requestTimeout
        case .handlerDeadline, .answersHeld, .tooManyConnections: .serviceUnavailable
        case .unanswered: .internalServerError
        }
    }

    /// A bounded word for a metric label.
    package var reason: String {
        switch self {
        case .request(let error): error.reason
        case .slowHead: "slow_head"
        case .slowBody: "slow_body"
        case .handlerDeadline: "handler_deadline"
        case .unanswered: "unanswered"
        case .answersHeld: "answers_held"
        case .tooManyConnections: "too_many_connections"
        }
    }

    /// One sentence for the client, which needs no escaping in JSON.
    package var message: String {
        switch self {
        case .request(let error): error.message
        case .slowHead: "The request head did not arrive in time."
        case .slowBody: "The request body did not arrive in time."
        case .handlerDeadline: "No answer could be given in time; try again."
        case .unanswered: "Internal error."
        case .answersHeld: "Others are still reading large answers; ask again, or for less."
        case .tooManyConnections: "There are too many connections; try again."
        }
    }
}
