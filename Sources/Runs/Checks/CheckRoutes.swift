internal import API
internal import Core
internal import HTTP
internal import Ingest
internal import Postgres

/// The endpoints that list, make, change and pause checks. Their errors are those of contract beampipe §6.1.
struct CheckRoutes: Sendable {
    let reader: StoreReader

    var all: [Endpoint] { [list, detail, pings, create, change, remove, pause, resume] }

    private static let missing = OperatorFailure(.notFound, "There is no such check.")

    // MARK: - Reading

    private static let tag = APIParameter.text("tag", "Only checks with this tag.")
    private static let slug = APIParameter.text("slug", "Only checks with this slug.")
    private static let limit = APIParameter.integer("limit", 1...1000, default: 500, "How many at most.")
    private static let offset = APIParameter.integer(
        "offset",
        0...1_000_000,
        default: 0,
        "How many are passed over."
    )
    private static let pingLimit = APIParameter.integer("limit", 1...1000, default: 100, "How many at most.")
    private static let before = APIParameter.time("before", "Only pings before this moment.")

    private var list: Endpoint {
        read(
            "/api/v2/checks",
            "Lists checks by name.",
            [Self.tag, Self.slug, Self.limit, Self.offset],
            [APIAnswer(200, "The checks.", .list(.named(CheckSchemas.check)), headers: [.lagLines])]
        ) { request, parameters, scopes in
            let (tag, slug) = (parameters.text(Self.tag), parameters.text(Self.slug))
            let (limit, offset) = (parameters.count(Self.limit), parameters.count(Self.offset))
            let now = request.receivedAt
            return { connection in
                let checks = try CheckStore.fetch(
                    tag: tag,
                    slug: slug,
                    limit: limit,
                    offset: offset,
                    on: connection
                )
                var writer = JSONWriter()
                writer.array { list in
                    for check in checks {
                        CheckEncoder.write(check, at: now, showsSecrets: scopes.contains(.admin), to: &list)
                    }
                }
                return .json(writer.bytes)
            }
        }
    }

    private var detail: Endpoint {
        read("/api/v2/checks/{id}", "One check, and how it stands.", [], Self.found) { request, _, scopes in
            { connection in
                guard let id = Self.id(request), let check = try CheckStore.fetchOne(id, on: connection)
                else {
                    return Self.missing.response
                }
                return CheckEncoder.response(
                    check,
                    at: request.receivedAt,
                    showsSecrets: scopes.contains(.admin)
                )
            }
        }
    }

    private var pings: Endpoint {
        read(
            "/api/v2/checks/{id}/pings",
            "The last pings of a check with their bodies, the newest first.",
            [Self.pingLimit, Self.before],
            [
                APIAnswer(200, "The pings.", .list(.named(CheckSchemas.ping)), headers: [.lagLines]),
                .failure(404, "There is no such check."),
            ]
        ) { request, parameters, _ in
            let (limit, before) = (parameters.count(Self.pingLimit), parameters.time(Self.before))
            return { connection in
                guard let id = Self.id(request), try CheckStore.exists(id, on: connection) else {
                    return Self.missing.response
                }
                return try CheckEncoder.pings(of: id, before: before, limit: limit, on: connection)
            }
        }
    }

    // MARK: - Changing

    private var create: Endpoint {
        write(
            .post,
            "/api/v2/checks",
            "Makes a check: due every day with an hour of grace, unless the body says otherwise.",
            .named(CheckSchemas.sent("NewCheck", isNew: true)),
            [APIAnswer(201, "It is there; `ping_path` is what its job calls.", .named(CheckSchemas.check))]
        ) { request throws(ValidationIssues) in
            let settings = try CheckDecoder.settings(request.body, changing: Check.Settings())
            let uuid = UUID128.random()
            let now = request.receivedAt
            return { connection in
                try connection.transaction {
                    try CheckStore.insert(settings, uuid: uuid, at: now, on: connection)
                }
                guard let check = try CheckStore.fetchOne(CheckKeys.id(of: uuid), on: connection) else {
                    return Self.missing.response
                }
                return CheckEncoder.response(check, at: now, showsSecrets: true, status: .created)
            }
        }
    }

    private var change: Endpoint {
        write(
            .patch,
            "/api/v2/checks/{id}",
            "Changes a check; absent members stay. A new schedule counts from now on.",
            .named(CheckSchemas.sent("CheckChange", isNew: false)),
            Self.found
        ) { request throws(ValidationIssues) in
            // What is wrong by itself is refused without asking PostgreSQL.
            _ = try CheckDecoder.settings(request.body, changing: Self.any)
            return { connection in
                try Self.change(request, on: connection) { check in
                    do throws(ValidationIssues) {
                        let settings = try CheckDecoder.settings(request.body, changing: check.settings)
                        let isRescheduled =
                            settings.schedule != check.settings.schedule
                            || settings.grace != check.settings.grace
                        check.settings = settings
                        if isRescheduled { check.watchedFrom = request.receivedAt }
                    } catch {
                        return error.failure.response
                    }
                    try CheckStore.update(check, at: request.receivedAt, on: connection)
                    return nil
                }
            }
        }
    }

    /// A check of either schedule, for a first reading of a body.
    private static let any: Check.Settings = {
        var settings = Check.Settings()
        settings.name = "any"
        return settings
    }()

    private var remove: Endpoint {
        write(
            .delete,
            "/api/v2/checks/{id}",
            "Deletes a check and its pings; its runs stay.",
            nil,
            [APIAnswer(204, "It is gone.", contents: []), .failure(404, "There is no such check.")]
        ) { request throws(ValidationIssues) in
            { connection in
                guard let id = Self.id(request) else { return Self.missing.response }
                return try connection.transaction {
                    guard let check = try CheckStore.lock(id, on: connection) else {
                        return Self.missing.response
                    }
                    if check.missedAt != nil {
                        try MissedChecks.report(check, missed: nil, at: request.receivedAt, on: connection)
                    }
                    try CheckStore.delete(id, on: connection)
                    return Response(status: .noContent)
                }
            }
        }
    }

    private var pause: Endpoint {
        standing("pause", "Stops watching a check; its pings are still kept.") { $0 }
    }

    private var resume: Endpoint { standing("resume", "Watches a check again, from now on.") { _ in nil } }

    private func standing(
        _ verb: String,
        _ summary: String,
        pausedAt: @escaping @Sendable (Timestamp) -> Timestamp?
    ) -> Endpoint {
        write(
            .post,
            verb == "pause" ? "/api/v2/checks/{id}/pause" : "/api/v2/checks/{id}/resume",
            summary,
            nil,
            Self.found
        ) {
            request throws(ValidationIssues) in
            { connection in
                try Self.change(request, on: connection) { check in
                    let now = request.receivedAt
                    guard (check.pausedAt == nil) != (pausedAt(now) == nil) else { return nil }
                    try CheckStore.pause(check.id, at: pausedAt(now), now: now, on: connection)
                    return nil
                }
            }
        }
    }

    private static func change(
        _ request: Request,
        on connection: Connection,
        _ body: (inout Check) throws -> Response?
    ) throws -> Response {
        guard let id = Self.id(request) else { return missing.response }
        return try connection.transaction {
            guard var check = try CheckStore.lock(id, on: connection) else { return missing.response }
            if let refusal = try body(&check) { return refusal }
            guard let changed = try CheckStore.fetchOne(id, on: connection) else { return missing.response }
            return CheckEncoder.response(changed, at: request.receivedAt, showsSecrets: true)
        }
    }

    // MARK: - Making routes

    private static let storeFailures: [APIAnswer] = [
        .failure(500, "A bug in Weir; its log has the reason."),
        .failure(503, "PostgreSQL is away or busy. Retry.", headers: [.retryAfter]),
    ]

    private static let found: [APIAnswer] = [
        APIAnswer(200, "The check.", .named(CheckSchemas.check)), .failure(404, "There is no such check."),
    ]

    private static func id(_ request: Request) -> UUID128? {
        request.parameters["id"].flatMap { UUID128($0) }
    }

    private typealias Answer = @Sendable (Connection) throws -> Response

    private func read(
        _ path: String,
        _ summary: String,
        _ parameters: [APIParameter],
        _ answers: [APIAnswer],
        reading: @escaping @Sendable (Request, inout ParameterReader, Set<Scope>) -> Answer
    ) -> Endpoint {
        let refusal = parameters.isEmpty ? [] : [APIAnswer.failure(400, "A parameter is not valid.")]
        return Endpoint(
            .get,
            path,
            scope: .read,
            envelope: .platform,
            documentation: EndpointDocumentation(
                tag: RunsRoutes.tag,
                summary: summary,
                parameters: parameters,
                answers: answers + refusal + Self.storeFailures
            ),
            handler: .graded { [reader] request, scopes in
                var parameters = ParameterReader(request.query)
                let answer = reading(request, &parameters, scopes)
                do throws(ValidationIssues) {
                    try parameters.finish()
                } catch {
                    return error.failure.response
                }
                return await reader.answer(.platform, answer)
            }
        )
    }

    private func write(
        _ method: Method,
        _ path: String,
        _ summary: String,
        _ request: APIType?,
        _ answers: [APIAnswer],
        reading: @escaping @Sendable (Request) throws(ValidationIssues) -> Answer
    ) -> Endpoint {
        let refusal =
            request == nil ? [] : [APIAnswer.failure(400, "The body is not valid; each member is named.")]
        return Endpoint(
            method,
            path,
            scope: .admin,
            envelope: .platform,
            documentation: EndpointDocumentation(
                tag: RunsRoutes.tag,
                summary: summary,
                request: request,
                answers: answers + refusal + Self.storeFailures
            ),
            handler: .async { [reader] request in
                let answer: Answer
                do throws(ValidationIssues) {
                    answer = try reading(request)
                } catch {
                    return error.failure.response
                }
                return await reader.answer(.platform, changes: true, answer)
            }
        )
    }
}
