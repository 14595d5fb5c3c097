package import HTTP

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
