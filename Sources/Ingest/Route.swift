package import HTTP
package import HTTPServer

/// One endpoint of a feature: where it is, who may call it, how much it reads, what it does.
///
/// Features return their routes as values; the application puts them into one router, applies authentication and
/// measures them by `pattern`.
package struct Route: Sendable {
    /// How an endpoint answers.
    package enum Handler: Sendable {
        /// Called on the connection's lane with the collected body; answers through the exchange, from any thread.
        /// For the hot path, which must not pay for a task.
        case callback(@Sendable (Request, Exchange) -> Void)
        /// Started on the connection's lane; may suspend, must not block.
        case async(@Sendable (Request) async -> Response)
        /// The same, told what its caller may do: for what everybody may ask, and some are told more of.
        case graded(@Sendable (Request, Set<Scope>) async -> Response)
    }

    /// The method; GET routes answer HEAD too.
    package let method: Method
    /// The path with its parameters, as the router reads it and as metrics are labelled: `/api/x/{id}`.
    package let pattern: String
    /// What the caller's token must allow; nil for what everybody may ask (probes).
    package let scope: Scope?
    /// The largest body in bytes, nil for the application's default for this scope.
    package let bodyLimit: Int?
    /// How errors outside of the handler (401, 413, …) look on this surface.
    package let envelope: ErrorEnvelope
    /// What `/openapi.json` says about it.
    package let documentation: RouteDocumentation
    /// What answers.
    package let handler: Handler

    /// Makes a route.
    package init(
        _ method: Method,
        _ pattern: String,
        scope: Scope?,
        bodyLimit: Int? = nil,
        envelope: ErrorEnvelope = .detail,
        documentation: RouteDocumentation,
        handler: Handler
    ) {
        self.method = method
        self.pattern = pattern
        self.scope = scope
        self.bodyLimit = bodyLimit
        self.envelope = envelope
        self.documentation = documentation
        self.handler = handler
    }
}
