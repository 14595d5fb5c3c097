import API
import Core
import HTTP
import HTTPServer
import Testing

@testable import WeirApp

@Suite struct `Front door` {
    private static let secret = "s3cret/with slash"

    private func decide(
        _ method: Method,
        _ target: String,
        fields: HeaderFields = HeaderFields(),
        tokens: [AccessToken] = [AccessToken(name: "t", secret: secret, scopes: [.ingest])],
        profile: String? = nil,
        listener: String = "0.0.0.0:8000",
        peer: String = "127.0.0.1"
    ) -> FrontDoor.Decision {
        let head = RequestHead(method: method, target: target, fields: fields)
        let listener = ListenerInfo(profile: profile, description: listener)
        let door = FrontDoor.make(tokens: tokens)
        let connection = ConnectionInfo(peer: Peer(address: peer), listener: listener)
        return door.decide(FrontDoor.Entrance(head, door.table, connection), connection)
    }

    private func refusal(_ decision: FrontDoor.Decision) -> Response? {
        if case .refuse(let response) = decision { response } else { nil }
    }

    private func pattern(_ decision: FrontDoor.Decision) -> String? {
        if case .enter(let route, _) = decision { route.path } else { nil }
    }

    @Test(arguments: [
        ("/ingest/s3cret/x", "/ingest/***/x"), ("/INGEST/s3cret", "/INGEST/***"),
        ("/weir/ingest/s3cret/telemetry", "/weir/ingest/***/telemetry"),
        ("//ingest//s3cret", "//ingest//***"),
        ("/%69ngest/s3cret", "/%69ngest/***"), ("/api/nextflow/runs", "/api/nextflow/runs"),
        ("/ingest", "/ingest"), ("/ping/s3cret/start", "/ping/***/start"),
        ("/weir/PING/s3cret/backup", "/weir/PING/***/backup"),
        ("/api/v2/checks/x/pings", "/api/v2/checks/x/pings"),
    ])
    func `a secret behind ingest or ping is in no log line, wherever it stands`(path: String, shown: String) {
        #expect(IngestPrefix.masked(path) == shown)
    }

    @Test(arguments: ["/telemetry", "/telemetry/", "/ingest/s3cret%2Fwith%20slash/telemetry"])
    func `a token opens the ingest route in the header or in the path`(target: String) {
        let fields: HeaderFields =
            target.contains("/ingest/") ? [:] : ["Authorization": "Bearer \(Self.secret)"]
        #expect(pattern(decide(.post, target, fields: fields)) == "/telemetry")
    }

    @Test func `the prefix alone leads to the root`() {
        #expect(pattern(decide(.post, "/ingest/s3cret%2Fwith%20slash?a=b")) == "/")
    }

    @Test(arguments: ["/ingest/wrong/telemetry", "/ingest/wrong/nowhere", "/ingest/wrong"])
    func `a wrong secret in the path is 401 and nowhere echoed`(target: String) throws {
        let response = try #require(refusal(decide(.post, target)))
        #expect(response.status == .unauthorized)
        #expect(!response.text.contains("wrong"))
        #expect(response.fields.values("WWW-Authenticate").count == 2)
    }

    @Test func `the prefix leads to ingest routes only`() throws {
        let response = try #require(refusal(decide(.get, "/ingest/s3cret%2Fwith%20slash/runs/1")))
        #expect(response.status == .notFound)
    }

    @Test func `a known token without the scope is 403 and told which is missing`() throws {
        let decision = decide(.get, "/runs/1", fields: ["X-API-Key": Self.secret])
        let response = try #require(refusal(decision))
        #expect(response.status == .forbidden)
        #expect(response.text == #"{"detail":"this token lacks the scope 'read'"}"#)
    }

    @Test func `probes need no token`() {
        #expect(pattern(decide(.get, "/health")) == "/health")
        #expect(pattern(decide(.head, "/health")) == "/health")
    }

    @Test func `loopback is open while there is no token, other listeners are not`() throws {
        #expect(pattern(decide(.get, "/runs/1", tokens: [], listener: "127.0.0.1:8000")) == "/runs/{id}")
        #expect(pattern(decide(.get, "/runs/1", tokens: [], listener: "runs@[::1]:8000")) == "/runs/{id}")
        #expect(pattern(decide(.get, "/runs/1", tokens: [], listener: "unix:/run/weir")) == "/runs/{id}")
        #expect(try #require(refusal(decide(.get, "/runs/1", tokens: []))).status == .unauthorized)
    }

    @Test func `a request that came through a proxy is 401, and told why and what to do`() throws {
        let fields: HeaderFields = ["X-Forwarded-For": "203.0.113.9", "Host": "weir.example.org"]
        let decision = decide(.get, "/runs/1", fields: fields, tokens: [], listener: "127.0.0.1:8000")
        let response = try #require(refusal(decision))
        #expect(response.status == .unauthorized)
        #expect(
            response.text == """
                {"detail":"a token with the scope 'read' is needed, since the request came through a proxy (it carries \
                the header X-Forwarded-For): send Authorization: Bearer <token>. The operator makes one with `weir \
                token create NAME --scope read`, or sets WEIR_ALLOW_ANONYMOUS=true."}
                """
        )
        #expect(pattern(decide(.get, "/health", fields: fields, tokens: [])) == "/health")
    }

    @Test func `whoever comes from elsewhere by a loopback listener needs a token`() throws {
        let decision = decide(.get, "/runs/1", tokens: [], listener: "127.0.0.1:8000", peer: "192.0.2.1")
        #expect(try #require(refusal(decision)).status == .unauthorized)
    }

    @Test(arguments: [
        "/ingest//runs/1", "//ingest/s3cret/telemetry", "/ingest/", "/ingest//", "/ingest/a/ingest/b/",
    ])
    func `an odd prefix opens nothing`(target: String) throws {
        let response = try #require(refusal(decide(.post, target)))
        #expect([.notFound, .unauthorized].contains(response.status))
    }

    @Test(arguments: ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
    func `no field makes another method of a request`(name: String) {
        #expect(pattern(decide(.get, "/health", fields: [name: "POST"])) == "/health")
        #expect(refusal(decide(.post, "/runs/1", fields: [name: "GET"]))?.status == .methodNotAllowed)
    }

    @Test func `HEAD needs what GET needs`() throws {
        #expect(try #require(refusal(decide(.head, "/runs/1"))).status == .unauthorized)
    }

    @Test func `an unknown path and a wrong method have the envelopes that clients know`() throws {
        let unknown = try #require(refusal(decide(.get, "/nowhere")))
        #expect(unknown.status == .notFound)
        #expect(unknown.text == #"{"detail":"Not Found"}"#)
        let wrong = try #require(refusal(decide(.delete, "/telemetry")))
        #expect(wrong.status == .methodNotAllowed)
        #expect(wrong.text == #"{"detail":"Method Not Allowed"}"#)
        #expect(wrong.fields["Allow"] == "OPTIONS, POST")
    }

    @Test(arguments: [("/telemetry", "OPTIONS, POST"), ("/health", "GET, HEAD, OPTIONS")])
    func `OPTIONS tells the methods`(target: String, allow: String) throws {
        let response = try #require(refusal(decide(.options, target)))
        #expect(response.status == .noContent)
        #expect(response.fields["Allow"] == allow)
        #expect(try #require(refusal(decide(.options, "/nowhere"))).status == .notFound)
    }

    @Test func `a preflight of an allowed origin is granted, of another not`() throws {
        func preflight(_ origin: String) throws -> Response {
            let fields: HeaderFields = ["Origin": origin, "Access-Control-Request-Method": "POST"]
            return try #require(refusal(decide(.options, "/telemetry", fields: fields)))
        }
        #expect(
            try preflight("https://dash.example.org").fields["Access-Control-Allow-Origin"]
                == "https://dash.example.org"
        )
        #expect(try preflight("https://evil.example.org").fields["Access-Control-Allow-Origin"] == nil)
    }

    @Test func `a listener profile decides its own paths and leaves the others alone`() {
        func summary(_ profile: String?, _ target: String) -> String? {
            if case .enter(let route, _) = decide(.get, target, profile: profile) {
                return route.documentation.summary
            }
            return nil
        }
        #expect(summary(nil, "/health") == "main")
        #expect(summary("runs", "/health") == "runs")
        #expect(summary("metrics", "/health") == "main")
        #expect(summary("runs", "/version") == "main")
    }

    @Test func `every answer carries what CORS asks for`() {
        var response = Response.text("x", status: .internalServerError)
        let head = RequestHead(method: .get, target: "/", fields: ["Origin": "https://dash.example.org"])
        FrontDoor.make(tokens: []).finish(&response, answering: head)
        #expect(response.fields["Access-Control-Allow-Origin"] == "https://dash.example.org")
    }

    @Test(arguments: [Method.get, .head, .post, .patch])
    func `no cache may keep an answer, but preflights keep their own time`(method: Method) {
        func finished(_ method: Method, _ response: Response) -> [String] {
            var response = response
            FrontDoor.make(tokens: []).finish(&response, answering: RequestHead(method: method, target: "/"))
            return response.fields.values("Cache-Control")
        }
        for status in [Status.ok, .created, .unauthorized, .forbidden, .notFound, .serviceUnavailable] {
            #expect(finished(method, .text("x", status: status)) == ["no-store"])
        }
        let own = Response(status: .ok, fields: ["cache-control": "max-age=1"])
        #expect(finished(method, own) == ["max-age=1"])
        #expect(finished(.options, Response(status: .noContent)) == [])
    }

    @Test(arguments: [("/telemetry", 4096), ("/small", 7), ("/runs/1", 1 << 20)])
    func `body limits are the route's, else those of its kind`(target: String, limit: Int) {
        let method: Method = target == "/runs/1" ? .get : .post
        let head = RequestHead(method: method, target: target)
        let context = ConnectionInfo(
            peer: Peer(address: "127.0.0.1"),
            listener: ListenerInfo(profile: nil, description: "127.0.0.1:1")
        )
        guard case .accept(let found, _) = FrontDoor.make(tokens: []).admit(head, context).decision else {
            Issue.record("not accepted")
            return
        }
        #expect(found == limit)
    }

    @Test(
        "a client that must not be refused gets another answer for a large body, and 503 for a slow one",
        arguments: [
            ("/call", Fault.request(RequestError(.bodyTooLarge, limit: 7)), Status.ok),
            ("/call", .slowBody, .serviceUnavailable), ("/telemetry", .slowBody, .requestTimeout),
        ]
    )
    func faults(path: String, fault: Fault, status: Status) {
        let head = RequestHead(method: .post, target: path)
        #expect(FrontDoor.make(tokens: []).response(to: fault, head: head).status == status)
    }
}

extension FrontDoor {
    static func make(tokens: [AccessToken]) -> FrontDoor {
        let table = RouteTable(
            routes: [
                .make(.post, "/telemetry", .ingest), .make(.post, "/", .ingest),
                .make(.post, "/small", .ingest, bodyLimit: 7), .make(.get, "/runs/{id}", .read),
                .make(.get, "/health", nil), .make(.get, "/version", nil),
            ],
            profiles: [
                "runs": [
                    .make(.get, "/health", nil, summary: "runs"),
                    .make(.post, "/call", .ingest, overlong: "long"),
                ]
            ]
        )
        let known = TokenTable(tokens)
        return FrontDoor(
            table: table,
            policy: AccessPolicy(allowsAnonymous: false),
            tokens: { known },
            cors: CORSPolicy(allowedOrigins: ["https://dash.example.org"]),
            bodyLimits: FrontDoor.BodyLimits(ingest: 4096)
        )
    }
}

extension Endpoint {
    static func make(
        _ method: Method,
        _ pattern: String,
        _ scope: Scope?,
        bodyLimit: Int? = nil,
        overlong: String? = nil,
        summary: String = "main"
    ) -> Endpoint {
        Endpoint(
            method,
            pattern,
            scope: scope,
            bodyLimit: bodyLimit,
            overlong: overlong.map(Self.answer),
            documentation: EndpointDocumentation(tag: "Test", summary: summary, answers: []),
            handler: .async { _ in .text("here") }
        )
    }
}

extension Endpoint {
    private static func answer(_ text: String) -> @Sendable (PathParameters) -> Response {
        { _ in .text(text) }
    }
}

extension Response {
    var text: String {
        if case .bytes(let bytes) = body { String(decoding: bytes, as: UTF8.self) } else { "" }
    }
}
