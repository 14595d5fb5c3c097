package import API
import Dispatch
package import HTTP
package import HTTPServer

/// Leads a request from its head to its route: prefix, listener profile, route, credentials. Every error before a
/// feature sees the request is answered here.
package struct FrontDoor: Application {
    let table: RouteTable
    private let policy: AccessPolicy
    private let tokens: @Sendable () -> TokenTable
    private let redactor: Redactor?
    private let proxies: TrustedProxies?
    private let cors: CORSPolicy
    private let bodyLimits: BodyLimits
    private let origins: CallerOrigins

    /// The default body limits of routes, in bytes.
    package struct BodyLimits: Sendable {
        package let ingest: Int
        package let other: Int

        /// Makes limits.
        package init(ingest: Int, other: Int = 1 << 20) {
            self.ingest = ingest
            self.other = other
        }
    }

    /// The response fields that pages of other origins may read: all that Weir's own clients read.
    static let exposedFields = [
        "X-Request-Id", "Weir-Lag-Lines", "Retry-After", "Link", "Weir-Total-Count", "Weir-Page-Rows",
        "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-Next-Cursor", "traceparent", "tracestate",
        "Weir-Searched-Since",
    ]

    /// Makes a front door; `tokens` is called once per request, `redactor` masks the bodies of ingest routes.
    package init(
        table: RouteTable,
        policy: AccessPolicy,
        tokens: @escaping @Sendable () -> TokenTable,
        redactor: Redactor? = nil,
        proxies: TrustedProxies? = nil,
        cors: CORSPolicy,
        bodyLimits: BodyLimits
    ) {
        self.table = table
        self.policy = policy
        self.tokens = tokens
        self.redactor = redactor
        self.proxies = proxies
        self.cors = cors
        self.bodyLimits = bodyLimits
        origins = CallerOrigins(proxies: proxies, cors: cors)
    }

    package func admit(_ head: RequestHead, _ context: ConnectionInfo) -> Admission {
        let entrance = Entrance(head, table, context)
        switch decide(entrance, context) {
        case .refuse(let response): return Admission(.refuse(response), route: entrance.label)
        case .enter(let endpoint, let parameters):
            return Admission(
                admission(endpoint, parameters, entrance, context),
                route: entrance.label,
                ownCoding: endpoint.ownCoding
            )
        }
    }

    /// What the server itself refuses (a body that is too large or too slow) looks like the other errors of its surface.
    package func response(to fault: Fault, head: RequestHead?) -> Response {
        guard let head = head.map({ IngestPrefix($0)?.head ?? $0 }) else {
            return ErrorEnvelope.detail.response(fault.status, fault.message)
        }
        guard let (endpoint, parameters) = table.find(head.method, head.path) else {
            return PathRefusal.envelope(head.path).response(fault.status, fault.message)
        }
        switch (fault.status, endpoint.overlong) {
        // A body in chunks, or a compressed one: its length was not announced.
        case (.contentTooLarge, let overlong?): return overlong(parameters)
        // A client that must not be refused sends its call again after 503, and not after 408.
        case (.requestTimeout, .some):
            return endpoint.envelope.response(.serviceUnavailable, fault.message)
        default: return endpoint.envelope.response(fault.status, fault.message)
        }
    }

    /// Every response but those of OPTIONS has `no-store`: a response that needed a token is for the sender of the
    /// token only, which caches know of `Authorization` only (RFC 9111 §3.5), and a cached liveness response would
    /// hide an outage.
    package func finish(_ response: inout Response, answering head: RequestHead?) {
        guard let head else { return }
        if head.method != .options, !response.fields.contains("Cache-Control") {
            response.fields.append("Cache-Control", "no-store")
        }
        guard !cors.isOff else { return }
        for (name, value) in cors.responseFields(for: head) where !response.fields.contains(name) {
            response.fields.append(name, value)
        }
    }

    // MARK: - Deciding

    /// A request for routing: without the ingest prefix, and looked up once.
    struct Entrance {
        let head: RequestHead
        let pathSecret: String?
        let resolution: Router<Endpoint>.Resolution

        init(_ head: RequestHead, _ table: RouteTable, _ connection: ConnectionInfo) {
            let prefix = IngestPrefix(head)
            self.head = prefix?.head ?? head
            pathSecret = prefix?.secret
            resolution = table.locate(
                self.head.method,
                self.head.path,
                profile: connection.listener.profile
            )
        }

        /// For logs and metrics, also of a refused request.
        var label: RouteLabel? {
            guard case .matched(let endpoint, _, _) = resolution else { return nil }
            return endpoint.label
        }
    }

    enum Decision {
        case refuse(Response)
        case enter(Endpoint, PathParameters)
    }

    /// The order matters: a wrong secret in the path is refused before the response shows whether the route exists.
    func decide(_ entrance: Entrance, _ connection: ConnectionInfo) -> Decision {
        let head = entrance.head
        if entrance.pathSecret != nil, let refusal = refusal(.ingest, .detail, entrance, connection) {
            return .refuse(refusal)
        }
        if head.method == .options { return .refuse(options(head, connection.listener)) }
        switch entrance.resolution {
        case .notFound: return .refuse(notFound(head))
        case .methodNotAllowed(let allow):
            return .refuse(PathRefusal.methodNotAllowed(head.path, allow))
        case .matched(let route, let parameters, _):
            // Clients with a secret in their URL also call its health endpoint.
            let isReachable = entrance.pathSecret == nil || route.scope == .ingest || route.scope == nil
            guard isReachable else { return .refuse(notFound(head)) }
            if let scope = route.scope, !route.handler.decidesAccess,
                let refusal = refusal(scope, route.envelope, entrance, connection)
            {
                return .refuse(refusal)
            }
            return .enter(route, parameters)
        }
    }

    private func notFound(_ head: RequestHead) -> Response { PathRefusal.notFound(head.path) }

    private func refusal(
        _ scope: Scope,
        _ envelope: ErrorEnvelope,
        _ entrance: Entrance,
        _ connection: ConnectionInfo
    ) -> Response? {
        switch decision(scope, entrance, connection) {
        case .granted: nil
        case .forbidden(let missing): AccessRefusal.forbidden(missing, envelope)
        case .unauthorized(let reason):
            AccessRefusal.unauthorized(
                reason,
                scope,
                envelope,
                authorization: entrance.head.fields["Authorization"]
            )
        }
    }

    private func decision(
        _ scope: Scope?,
        _ entrance: Entrance,
        _ connection: ConnectionInfo
    ) -> AccessPolicy.Decision {
        let fields = entrance.head.fields
        return policy.decide(
            scope: scope,
            secrets: Credentials.secrets(in: fields, pathSecret: entrance.pathSecret),
            tokens: tokens(),
            origin: { origins.origin(of: fields, connection) }
        )
    }

    /// Who calls, and what the caller may do beyond what a route requires.
    private func grant(_ entrance: Entrance, _ connection: ConnectionInfo) -> TokenGrant {
        guard case .granted(let grant) = decision(nil, entrance, connection) else {
            return TokenGrant(name: "anonymous", scopes: [])
        }
        return grant
    }

    /// Who calls a route that decides itself.
    private func caller(_ entrance: Entrance, _ connection: ConnectionInfo) -> Caller {
        let table = tokens()
        let secrets = Credentials.secrets(in: entrance.head.fields, pathSecret: entrance.pathSecret)
        return Caller(name: table.grant(for: secrets)?.name, scopes: grant(entrance, connection).scopes) {
            key in
            table.grant(for: [Array(key.utf8)]).map { Caller.Known(name: $0.name, scopes: $0.scopes) }
        }
    }

    private func options(_ head: RequestHead, _ listener: ListenerInfo) -> Response {
        let isServerWide = head.path == "*"
        let allow: [Method] =
            isServerWide
            ? [.delete, .get, .head, .options, .patch, .post, .put]
            : table.allowedMethods(head.path, profile: listener.profile)
        guard !allow.isEmpty else { return notFound(head) }
        if let preflight = cors.preflightResponse(for: head, allow: allow) { return preflight }
        let names = allow.map(\.name).joined(separator: ", ")
        return Response(status: .noContent, fields: ["Allow": names])
    }

    // MARK: - Admitting

    private func admission(
        _ route: Endpoint,
        _ parameters: PathParameters,
        _ entrance: Entrance,
        _ connection: ConnectionInfo
    ) -> Admission.Decision {
        let limit = route.bodyLimit ?? (route.scope == .ingest ? bodyLimits.ingest : bodyLimits.other)
        if let overlong = route.overlong, (entrance.head.announcedBytes ?? 0) > limit {
            return Self.dropping(overlong(parameters))
        }
        let handle = answering(route.handler, entrance, connection)
        let redactor = route.scope == .ingest ? redactor : nil
        return .accept(bodyLimit: limit) {
            [head = entrance.head, proxies, limiter = route.limiter] request, exchange in
            var request = request
            request.head = head
            request.parameters = parameters
            if let proxies { request.peer = proxies.client(of: request.peer, head.fields) }
            if let refusal = limiter?.refusal(of: request) { return exchange.respond(refusal) }
            guard let redactor, !request.body.isEmpty else { return handle(request, exchange) }
            Self.mask(request, redactor, exchange, then: handle)
        }
    }

    /// The most bytes that are read to be dropped: as many as a body may have with any setting. Of one that is longer the
    /// connection is closed behind the answer.
    private static let mostDropped = 1 << 30

    /// Answers when the whole body has come: a client that is cut off while it sends never reads its answer.
    private static func dropping(_ answer: Response) -> Admission.Decision {
        .acceptStreaming(bodyLimit: mostDropped) { _, body, exchange in
            exchange.respond {
                do {
                    for try await _ in body {}
                } catch {
                    // The client is gone, and with it whoever reads the answer.
                }
                return answer
            }
        }
    }

    private func answering(
        _ handler: Endpoint.Handler,
        _ entrance: Entrance,
        _ connection: ConnectionInfo
    ) -> @Sendable (Request, Exchange) -> Void {
        switch handler {
        case .callback(let handle): return handle
        case .async(let answer):
            return { request, exchange in
                exchange.respond {
                    await RequestLogContext.$requestID.withValue(request.id) { await answer(request) }
                }
            }
        case .graded(let answer):
            let grant = grant(entrance, connection)
            return { request, exchange in
                var request = request
                request.caller = grant.name
                exchange.respond { [request] in
                    await RequestLogContext.$requestID.withValue(request.id) {
                        await answer(request, grant.scopes)
                    }
                }
            }
        case .keyed(let answer):
            let caller = caller(entrance, connection)
            return { request, exchange in
                exchange.respond {
                    await RequestLogContext.$requestID.withValue(request.id) { await answer(request, caller) }
                }
            }
        }
    }

    /// The most bytes of a body that are masked on the lane; a larger one would delay its other connections.
    private static let laneBytes = 256 << 10

    /// The only place that applies `WEIR_REDACT`: before a feature sees the body, so that none can forget it, and the
    /// journaled, the loaded and the echoed body are the same.
    private static func mask(
        _ request: Request,
        _ redactor: Redactor,
        _ exchange: Exchange,
        then handle: @escaping @Sendable (Request, Exchange) -> Void
    ) {
        guard request.body.count > laneBytes else {
            var masked = request
            masked.body = redactor.masked(request.body)
            return handle(masked, exchange)
        }
        DispatchQueue.global().async {
            var masked = request
            masked.body = redactor.masked(request.body)
            exchange.lane.queue.async { [masked] in handle(masked, exchange) }
        }
    }
}

extension RequestHead {
    /// How many bytes the client says that its body has; nil when it does not say.
    fileprivate var announcedBytes: Int? { fields["Content-Length"].flatMap { Int($0) } }
}
