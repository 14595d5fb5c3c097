/// How the body of a request is delimited (RFC 9112 §6).
package enum BodyFraming: Hashable, Sendable {
    /// Neither `Content-Length` nor `Transfer-Encoding`: there is no body.
    case none
    /// `Content-Length` octets, possibly 0.
    case length(Int)
    case chunked

    /// Whether content may follow the head, so that a client can wait for `100 Continue` (RFC 9110 §10.1.1).
    package var announcesContent: Bool { self != .none && self != .length(0) }
}
