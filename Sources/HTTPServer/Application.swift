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
