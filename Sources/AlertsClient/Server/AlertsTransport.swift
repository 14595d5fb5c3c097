/// What the server answered.
package struct AlertsAnswer: Sendable {
    package let status: Int
    package let body: [UInt8]
    /// From `X-Next-Cursor`: where the next page begins.
    package let nextCursor: String?

    /// Makes an answer.
    package init(status: Int, body: [UInt8], nextCursor: String? = nil) {
        self.status = status
        self.body = body
        self.nextCursor = nextCursor
    }
}

/// The connection to a running Weir. Requests block; any thread.
package protocol AlertsTransport: Sendable {
    /// Scheme, host and port, for messages.
    var origin: String { get }

    /// Sends one request, with a JSON body if there is one, and waits for its answer.
    func ask(_ method: String, _ path: String, _ body: [UInt8]?) throws(AlertsFailure) -> AlertsAnswer
}

/// Why a command about alerts could not do what was asked: lines for the person who asked.
package struct AlertsFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// At least one; no secret is in them.
    package let lines: [String]
    /// The status of the server's answer, if it was one that refuses.
    package let status: Int?
    /// What the server said about single values of a body.
    package let diagnostics: [Diagnostic]

    /// What is wrong with one value.
    package struct Diagnostic: Hashable, Sendable {
        /// Where in the body: `config.url`.
        package let path: String
        package let message: String
        package let hint: String?
    }

    package var description: String { lines.joined(separator: "\n") }

    /// Makes a failure of these lines.
    package init(_ lines: String..., status: Int? = nil, diagnostics: [Diagnostic] = []) {
        self.init(lines: lines, status: status, diagnostics: diagnostics)
    }

    /// Makes a failure of these lines.
    package init(lines: [String], status: Int? = nil, diagnostics: [Diagnostic] = []) {
        self.lines = lines
        self.status = status
        self.diagnostics = diagnostics
    }
}
