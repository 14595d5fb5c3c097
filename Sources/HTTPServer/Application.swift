package import HTTP

/// What a server asks about each request; the one seam between sockets and everything else.
package protocol Application: Sendable {
    /// Decides about a request when its head is complete, before the body is read and before `100 Continue`.
    ///
    /// Called on the connection's lane; must not block.
    func admit(_ head: RequestHead, _ context: ConnectionInfo) -> Admission

    /// Puts a refusal that the server decides by itself into words on the wire.
    ///
    /// `head` is nil when the head was not understood. Called on the connection's lane.
    func response(to fault: Fault, head: RequestHead?) -> Response

    /// Adds what every answer carries, refusals and faults too: the last look before it is encoded.
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

/// What becomes of a request.
package enum Admission: Sendable {
    /// The body is collected up to `bodyLimit` bytes (413 beyond it), then `handle` is called on the lane.
    ///
    /// A callback answers within `Timeouts.handler`, otherwise the server answers 503.
    case accept(bodyLimit: Int, handle: @Sendable (Request, Exchange) -> Void)

    /// `handle` is called on the lane at once, with an empty `Request.body`; it reads the body as it arrives.
    case acceptStreaming(
        bodyLimit: Int,
        handle: @Sendable (Request, RequestBodyStream, Exchange) -> Void
    )

    /// The request is answered at once; a small body is read and dropped, a larger one ends the connection.
    case refuse(Response)
}

/// What is known of a request's connection.
package struct ConnectionInfo: Hashable, Sendable {
    /// Who sent the request, as the socket tells.
    package let peer: Peer
    /// Which listener took the connection.
    package let listener: ListenerInfo

    /// Describes a connection; servers do it themselves, tests of applications need it.
    package init(peer: Peer, listener: ListenerInfo) {
        self.peer = peer
        self.listener = listener
    }
}

/// Why the server answers by itself; the connection is closed after each of them.
package enum Fault: Error, Hashable, Sendable {
    /// The request breaks a rule of HTTP or a limit.
    case request(RequestError)
    /// The head did not arrive in time (RFC 9110 §15.5.9).
    case slowHead
    /// The body did not arrive in time.
    case slowBody
    /// The handler did not answer in time.
    case handlerDeadline
    /// The handler gave its exchange up without an answer, which is a fault of ours.
    case unanswered
    /// Large answers that clients have not taken yet use up `ServerConfiguration.bufferedBodyBytes`.
    case answersHeld
    /// More connections than `ServerConfiguration.maximumConnections`.
    case tooManyConnections

    /// The status to answer with.
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
