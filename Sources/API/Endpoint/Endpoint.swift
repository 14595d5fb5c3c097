package import HTTP
package import HTTPServer

/// One endpoint of a feature: its path, the scope it requires, its body limit, its handler.
///
/// The server puts the endpoints of all features into one router, checks tokens, applies limits and redaction, and
/// labels its metrics with `path`.
package struct Endpoint: Sendable {
    /// How an endpoint answers.
    package enum Handler: Sendable {
        /// Called on the connection's lane with the collected body; answers through the exchange, from any thread.
        /// For the hot path, which must not pay for a task.
        case callback(@Sendable (Request, Exchange) -> Void)
        /// Started on the connection's lane; may suspend, must not block.
        case async(@Sendable (Request) async -> Response)
        /// The same, with the scopes of its caller, whose name is in the request: for endpoints that show more, or allow
        /// more, to some callers.
        case graded(@Sendable (Request, Set<Scope>) async -> Response)
        /// Lets everybody in and decides itself, since its keys may be in the body; its scope is what it asks for, and
        /// bounds and masks its body like that of any other.
        case keyed(@Sendable (Request, Caller) async -> Response)

        /// Whether the handler asks for the caller's key itself.
        package var decidesAccess: Bool { if case .keyed = self { true } else { false } }
    }

    /// The method; a GET endpoint answers HEAD, too.
    package let method: Method
    /// The whole path with its parameters: `/api/x/{id}`.
    package let path: String
    /// The scope that the caller's token needs; nil for endpoints without one (probes).
    package let scope: Scope?
    /// The largest body in bytes, nil for the application's default for this scope.
    package let bodyLimit: Int?
    /// What a request is answered whose announced body is larger than the limit; nil for the usual 413. For clients that
    /// take a refusal badly: the body is dropped.
    package let overlong: (@Sendable (PathParameters) -> Response)?
    /// A content coding, in lower case, whose bodies the handler decodes itself; nil for none.
    package let ownCoding: String?
    /// Bounds how many requests one client sends a minute; nil for no bound. The server asks it before the handler.
    package let limiter: RateLimiter?
    /// How errors outside of the handler (401, 413, …) look on this surface.
    package let envelope: ErrorEnvelope
    /// Its documentation in `/openapi.json`.
    package let documentation: EndpointDocumentation
    /// Its handler.
    package let handler: Handler
    /// Its name in logs and metrics. Successful probes and telemetry requests are not logged one by one.
    package let label: RouteLabel

    /// Makes an endpoint.
    package init(
        _ method: Method,
        _ path: String,
        scope: Scope?,
        bodyLimit: Int? = nil,
        overlong: (@Sendable (PathParameters) -> Response)? = nil,
        ownCoding: String? = nil,
        limiter: RateLimiter? = nil,
        envelope: ErrorEnvelope = .detail,
        documentation: EndpointDocumentation,
        handler: Handler
    ) {
        self.method = method
        self.path = path
        self.scope = scope
        self.bodyLimit = bodyLimit
        self.overlong = overlong
        self.ownCoding = ownCoding
        self.limiter = limiter
        self.envelope = envelope
        self.documentation = documentation
        self.handler = handler
        label = RouteLabel(path, isRoutine: scope == nil || scope == .ingest)
    }

    /// The same endpoint at another path.
    package func moved(to path: String) -> Endpoint {
        Endpoint(
            method,
            path,
            scope: scope,
            bodyLimit: bodyLimit,
            overlong: overlong,
            ownCoding: ownCoding,
            limiter: limiter,
            envelope: envelope,
            documentation: documentation,
            handler: handler
        )
    }
}
