/// A response of the server.
package struct ImportAnswer: Sendable {
    package let status: Int
    /// From `Retry-After`, when that is a number of seconds.
    package let retryAfterSeconds: Int?
    package let body: [UInt8]

    /// Makes a response.
    package init(status: Int, retryAfterSeconds: Int? = nil, body: [UInt8]) {
        self.status = status
        self.retryAfterSeconds = retryAfterSeconds
        self.body = body
    }
}

/// Why a request got no response.
package struct TransportFailure: Error, Sendable {
    package let description: String

    /// The reason, without the content of the request.
    package init(_ description: String) {
        self.description = description
    }
}

/// The connection of an import to a server. Belongs to the thread of the import.
package protocol ImportTransport: AnyObject {
    /// Posts a JSON body to a path such as `/telemetry`, once, and waits for the response.
    func post(_ path: String, _ body: [UInt8]) throws(TransportFailure) -> ImportAnswer
}
