package import HTTP
package import HTTPServer
import Ingest

/// The way from a request's head to its route: prefix, face, route, credentials. Everything a caller can get wrong
/// before a feature sees the request is answered here.
package struct FrontDoor: Application {
    private let table: RouteTable
    private let policy: AccessPolicy
    private let tokens: @Sendable () -> TokenTable
    private let cors: CORSPolicy
    private let bodyLimits: BodyLimits
    private let exposure = ListenerExposure()

    /// How much a route reads when it names no limit of its own, in bytes.
    package struct BodyLimits: Sendable {
        package let ingest: Int
        package let other: Int

        /// Makes limits.
        package init(ingest: Int, other: Int = 1 << 20) {
            self.ingest = ingest
            self.other = other
        }
    }

    /// Makes a front door; `tokens` is asked once a request.
    package init(
        table: RouteTable,
        policy: AccessPolicy,
        tokens: @escaping @Sendable () -> TokenTable,
        cors: CORSPolicy,
        bodyLimits: BodyLimits
    ) {
        self.table = table
        self.policy = policy
        self.tokens = tokens
        self.cors = cors
        self.bodyLimits = bodyLimits
    }

    package func admit(_ head: RequestHead, _ context: ConnectionInfo) -> Admission {
        let entrance = Entrance(head)
        switch decide(entrance, context.listener) {
        case .refuse(let response): return .refuse(response)
        case .enter(let route, let parameters): return admission(route, parameters, entrance)
        }
    }

    package func finish(_ response: inout Response, answering head: RequestHead?) {
        guard let head, !cors.isOff else { return }
        for (name, value) in cors.responseFields(for: head) where !response.fields.contains(name) {
            response.fields.append(name, value)
        }
    }

    // MARK: - Deciding

    /// A request as it is routed: without the ingest prefix.
    struct Entrance {
        let head: RequestHead
        let pathSecret: String?

        init(_ head: RequestHead) {
            let prefix = IngestPrefix(head)
            self.head = prefix?.head ?? head
            pathSecret = prefix?.secret
        }
    }

    enum Decision {
        case refuse(Response)
        case enter(Route, PathParameters)
    }

    /// The order matters: a wrong secret in the path is refused before anything tells whether the route exists.
    func decide(_ entrance: Entrance, _ listener: ListenerInfo) -> Decision {
        let head = entrance.head
        if entrance.pathSecret != nil, let refusal = refusal(.ingest, .detail, entrance, listener) {
            return .refuse(refusal)
        }
        if head.method == .options { return .refuse(options(head, listener)) }
        switch table.locate(head.method, head.path, face: listener.face) {
        case .notFound: return .refuse(notFound)
        case .methodNotAllowed(let allow):
            var response = ErrorEnvelope.detail.response(.methodNotAllowed, "Method Not Allowed")
            response.fields.set("Allow", allow.map(\.name).joined(separator: ", "))
            return .refuse(response)
        case .matched(let route, let parameters, _):
            // Clients that have a secret in their address ask for its health, too.
            let isReachable = entrance.pathSecret == nil || route.scope == .ingest || route.scope == nil
            guard isReachable else { return .refuse(notFound) }
            if let scope = route.scope, let refusal = refusal(scope, route.envelope, entrance, listener) {
                return .refuse(refusal)
            }
            return .enter(route, parameters)
        }
    }

    private var notFound: Response { ErrorEnvelope.detail.response(.notFound, "Not Found") }

    private func refusal(
        _ scope: Scope,
        _ envelope: ErrorEnvelope,
        _ entrance: Entrance,
        _ listener: ListenerInfo
    ) -> Response? {
        let decision = policy.decide(
            scope: scope,
            secrets: Credentials.secrets(in: entrance.head.fields, pathSecret: entrance.pathSecret),
            tokens: tokens(),
            isLoopbackListener: exposure.isLoopback(listener)
        )
        switch decision {
        case .granted: return nil
        case .forbidden(let missing):
            return envelope.response(.forbidden, "this token lacks the scope '\(missing.rawValue)'")
        case .unauthorized:
            if let challenge = envelope.challenge {
                let message = challenge(entrance.head.fields["Authorization"])
                var response = envelope.response(.unauthorized, message)
                response.fields.append("WWW-Authenticate", "Bearer")
                return response
            }
            var response = envelope.response(
                .unauthorized,
                "a token with the scope '\(scope.rawValue)' is needed: send Authorization: Bearer <token>"
            )
            response.fields.append("WWW-Authenticate", "Bearer realm=\"weir\"")
            response.fields.append("WWW-Authenticate", "Basic realm=\"weir\", charset=\"UTF-8\"")
            return response
        }
    }

    private func options(_ head: RequestHead, _ listener: ListenerInfo) -> Response {
        let isServerWide = head.path == "*"
        let allow: [Method] =
            isServerWide
            ? [.delete, .get, .head, .options, .patch, .post, .put]
            : table.allowedMethods(head.path, face: listener.face)
        guard !allow.isEmpty else { return notFound }
        if let preflight = cors.preflightResponse(for: head, allow: allow) { return preflight }
        let names = allow.map(\.name).joined(separator: ", ")
        return Response(status: .noContent, fields: ["Allow": names])
    }

    // MARK: - Admitting

    private func admission(_ route: Route, _ parameters: PathParameters, _ entrance: Entrance) -> Admission {
        let limit = route.bodyLimit ?? (route.scope == .ingest ? bodyLimits.ingest : bodyLimits.other)
        let handler = route.handler
        return .accept(bodyLimit: limit) { [head = entrance.head] request, exchange in
            var request = request
            request.head = head
            request.parameters = parameters
            switch handler {
            case .callback(let handle): handle(request, exchange)
            case .async(let answer):
                let settled = request
                exchange.respond { await answer(settled) }
            }
        }
    }
}
