internal import API
internal import Core
internal import HTTP
internal import Ingest
internal import Postgres

/// `/api/v2/alert-incidents`: what is or was wrong, and who was told.
struct IncidentRoutes: Sendable {
    static let status = APIParameter.word(
        "status",
        Incident.Status.allCases.map(\.rawValue),
        "Only those that fire, or only those that are over."
    )
    static let limit = APIParameter.integer("limit", 1...1000, default: 100, "How many.")
    static let event = APIParameter.text("event", "Only those of this word of the catalogue.")
    static let project = APIParameter.text("project", "Only those of this project.")
    static let rule = APIParameter.text("rule_id", "Only those of this rule.")
    static let pipeline = APIParameter.text("pipeline", "Only those of this run.")

    let surface: AlertsSurface
    let book: @Sendable (Connection) throws -> IncidentBook

    var all: [Endpoint] { [list, detail, acknowledge, unacknowledge, resolve] }

    struct Query: Sendable {
        var status: String?
        var limit: Int
        var event: String?
        var project: String?
        var rule: UUID128?
        var pipeline: String?
        var cursor: DeliveryCursor?
    }

    private static func query(_ reader: inout ParameterReader) -> Query {
        Query(
            status: reader.word(status),
            limit: reader.count(limit),
            event: reader.text(event),
            project: reader.text(project),
            rule: reader.value(rule, or: .rule("is not a UUID")) { UUID128($0) },
            pipeline: reader.text(pipeline),
            cursor: reader.cursor(.cursor, DeliveryCursor.init)
        )
    }

    private var list: Endpoint {
        surface.read(
            "/api/v2/alert-incidents",
            "Incidents, those that fired last first.",
            [Self.status, Self.event, Self.project, Self.rule, Self.pipeline, Self.limit, .cursor],
            answers: [
                APIAnswer(200, "The incidents.", .named(AlertsSchemas.incidents)),
                .failure(400, "A parameter is not valid."),
            ]
        ) { request, connection in
            let query = try AlertsSurface.parameters(request, Self.query)
            let found = try IncidentHistory.fetch(query, on: connection)
            let shown = Array(found.prefix(query.limit))
            let told = try IncidentHistory.told(shown.map(\.id), on: connection)
            return AlertsSurface.json { json in
                json.object { page in
                    page.array("incidents") { list in
                        for incident in shown {
                            IncidentEncoder.write(incident, told[incident.id] ?? [], to: &list)
                        }
                    }
                    let next = found.count > shown.count ? shown.last : nil
                    page.member(
                        "next_cursor",
                        next.map { DeliveryCursor(createdAt: $0.lastFiredAt, id: $0.id).text }
                    )
                }
            }
        }
    }

    private var detail: Endpoint {
        surface.read(
            "/api/v2/alert-incidents/{id}",
            "One incident.",
            answers: Self.one
        ) { request, connection in
            try Self.show(try AlertsSurface.id(request, of: "incident"), on: connection)
        }
    }

    private var acknowledge: Endpoint {
        change("acknowledge", "Says that somebody looks after an incident: it is not told again.") {
            request,
            id,
            connection in
            let by = try Self.name(request)
            return try IncidentHistory.acknowledge(id, by: by, on: connection)
        }
    }

    private var unacknowledge: Endpoint {
        change("unacknowledge", "Takes an acknowledgement back.") { _, id, connection in
            try IncidentHistory.acknowledge(id, by: nil, on: connection)
        }
    }

    private var resolve: Endpoint {
        change("resolve", "Says that an incident is over.") { request, id, connection in
            let by = try Self.name(request)
            guard let incident = try IncidentHistory.resolve(id, by: by, on: connection) else { return false }
            try book(connection).finish([incident])
            return true
        }
    }

    // MARK: - Pieces

    private static let one: [APIAnswer] = [
        APIAnswer(200, "The incident.", .named(AlertsSchemas.incident)),
        .failure(404, "There is no such incident."),
    ]

    private func change(
        _ verb: String,
        _ summary: String,
        _ apply: @escaping @Sendable (Request, UUID128, Connection) throws -> Bool
    ) -> Endpoint {
        surface.write(
            .post,
            "/api/v2/alert-incidents/{id}/\(verb)",
            summary,
            body: .named(AlertsSchemas.person),
            answers: Self.one + [.failure(409, "It is over already.")]
        ) { request, connection in
            let id = try AlertsSurface.id(request, of: "incident")
            guard try apply(request, id, connection) else {
                _ = try Self.show(id, on: connection)
                throw OperatorFailure(.conflict, "The incident is over already.")
            }
            return try Self.show(id, on: connection)
        }
    }

    /// Who does it: a member of the body, which may be absent.
    private static func name(_ request: Request) throws -> String {
        guard !request.body.isEmpty else { return "operator" }
        var reader = MemberReader(try AlertsSurface.object(request))
        let name = reader.text("by", atMost: 200)
        try reader.finish()
        return name ?? "operator"
    }

    private static func show(_ id: UUID128, on connection: Connection) throws -> Response {
        guard let incident = try IncidentHistory.fetch(id, on: connection) else {
            throw AlertsSurface.notFound("incident")
        }
        let told = try IncidentHistory.told([id], on: connection)[id] ?? []
        return AlertsSurface.json { IncidentEncoder.write(incident, told, to: &$0) }
    }
}
