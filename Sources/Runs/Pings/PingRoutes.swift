internal import API
internal import Core
internal import HTTP
internal import Ingest
internal import Journal

/// The URLs that jobs ping: the names, the paths and the answers of healthchecks.io, so that a job needs no more than
/// another address.
///
/// A ping is one line of the journal and is answered when that is durable, whether PostgreSQL is there or not.
struct PingRoutes: Sendable {
    let journal: Journal
    let checks: CheckRegistry

    /// The largest body; only its beginning is kept.
    private static let bodyLimit = 16 << 20

    var all: [Endpoint] {
        [Method.get, .post].flatMap { method in
            [
                endpoint(method, "/ping/{key}", "Says that the job of a check succeeded; `key` is its UUID."),
                endpoint(
                    method,
                    "/ping/{key}/{slug}",
                    "The same by a ping key and a slug; after a UUID: `start`, `fail`, `log` or an exit status."
                ),
                endpoint(
                    method,
                    "/ping/{key}/{slug}/{action}",
                    "Says that a job began (`start`) or failed (`fail`), something else (`log`), or its exit status."
                ),
            ]
        }
    }

    private func endpoint(_ method: Method, _ path: String, _ summary: String) -> Endpoint {
        Endpoint(
            method,
            path,
            scope: nil,
            bodyLimit: Self.bodyLimit,
            envelope: .detail,
            documentation: EndpointDocumentation(
                tag: RunsRoutes.tag,
                summary: summary,
                parameters: [Self.rid, Self.create],
                answers: Self.answers
            ),
            handler: .async { request in await answer(request) }
        )
    }

    private static let rid = APIParameter.text("rid", "The UUID of the run, to keep runs apart that overlap.")
    private static let create = APIParameter.text(
        "create",
        "With `1`, a slug without a check gets one: due every day, with an hour of grace."
    )

    private static let answers: [APIAnswer] = {
        func text(_ status: Int, _ summary: String, headers: [APIAnswer.Header] = []) -> APIAnswer {
            APIAnswer(status, summary, contents: [.init("text/plain", .text)], headers: headers)
        }
        return [
            text(200, "It is durable."), text(201, "It is durable, and its check is new."),
            text(400, "The path or `rid` has another form."), text(404, "There is no such check."),
            text(409, "Several checks of the ping key have this slug."),
            text(413, "The body is larger than 16 MiB."),
            text(
                429,
                "The client pinged more checks that do not exist than WEIR_PINGS_UNKNOWN_RPM allows.",
                headers: [.retryAfter]
            ),
            text(503, "Neither the journal nor PostgreSQL could take it. Retry.", headers: [.retryAfter]),
            text(507, "The disk of the journal is full.", headers: [.retryAfter]),
        ]
    }()

    // MARK: - Answering

    private func answer(_ request: Request) async -> Response {
        guard let target = PingTarget(request.parameters) else {
            return Self.text(.badRequest, "invalid url format")
        }
        var rid: UUID128?
        if let text = request.query.first("rid") {
            guard let id = UUID128(text) else { return Self.text(.badRequest, "invalid uuid format") }
            rid = id
        }
        let creates = request.query.first("create") == "1"
        switch await checks.find(target.name, creating: creates, for: request.peer.address) {
        case .found(let subject): return await write(ping(request, target, subject, rid), .ok, "OK")
        case .created(let subject):
            return await write(ping(request, target, subject, rid), .created, "Created")
        case .unknown: return Self.text(.notFound, "not found")
        case .ambiguous: return Self.text(.conflict, "ambiguous slug")
        case .refused:
            var response = Self.text(.tooManyRequests, "too many unknown checks")
            response.fields.set("Retry-After", "60")
            return response
        case .unavailable: return Self.retry(.serviceUnavailable)
        }
    }

    private func ping(_ request: Request, _ target: PingTarget, _ subject: Ping.Subject, _ rid: UUID128?)
        -> Ping
    {
        var ping = Ping(id: .random(), subject: subject, at: request.receivedAt, kind: target.kind)
        ping.exitStatus = target.exitStatus
        ping.rid = rid
        ping.method = request.head.method.name
        ping.remote = request.peer.address
        ping.userAgent = Ping.text(
            Array((request.head.fields["User-Agent"] ?? "").utf8),
            atMost: Ping.mostAgentBytes
        )
        ping.body = Ping.text(request.body)
        ping.bodyBytes = request.body.count
        return ping
    }

    private func write(_ ping: Ping, _ status: Status, _ text: String) async -> Response {
        do throws(JournalError) {
            _ = try await journal.append(kind: RunsProjection.Kind.ping.rawValue, body: ping.line)
            return Self.text(status, text)
        } catch {
            if case .diskFull = error { return Self.retry(.insufficientStorage) }
            return Self.retry(.serviceUnavailable)
        }
    }

    private static func text(_ status: Status, _ text: String) -> Response {
        var response = Response.text(text, status: status)
        response.fields.set("Access-Control-Allow-Origin", "*")
        response.fields.set("Ping-Body-Limit", String(Ping.mostBodyBytes))
        return response
    }

    private static func retry(_ status: Status) -> Response {
        var response = text(status, "not stored, send it again")
        response.fields.set("Retry-After", "1")
        return response
    }
}

/// What the path of a ping says.
struct PingTarget: Hashable {
    /// How a path names its check.
    enum Name: Hashable {
        case uuid(UUID128)
        case slug(key: String, String)
    }

    let name: Name
    let kind: Ping.Kind
    let exitStatus: Int?

    /// Reads the parameters of a path; nil when it has another form.
    init?(_ parameters: PathParameters) {
        self.init(parameters["key"] ?? "", parameters["slug"], parameters["action"])
    }

    /// `/ping/first/second/third`, of which the last two may be missing.
    init?(_ first: String, _ second: String?, _ third: String?) {
        let action: String?
        if let uuid = UUID128(first) {
            guard third == nil else { return nil }
            (name, action) = (.uuid(uuid), second)
        } else {
            guard let slug = second, CheckKeys.isKey(first), CheckKeys.isSlug(slug) else { return nil }
            (name, action) = (.slug(key: first, slug), third)
        }
        guard let action else {
            (kind, exitStatus) = (.success, nil)
            return
        }
        if let kind = Ping.Kind(rawValue: action), kind != .success {
            (self.kind, exitStatus) = (kind, nil)
            return
        }
        guard !action.isEmpty, action.utf8.count <= 3, action.utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
            let status = Int(action), status <= 255
        else { return nil }
        (kind, exitStatus) = (status == 0 ? .success : .fail, status)
    }
}
