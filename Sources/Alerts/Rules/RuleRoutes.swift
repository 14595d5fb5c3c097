internal import API
internal import Core
internal import HTTP
internal import Postgres

/// `/api/v2/alert-rules`. Contract beampipe §4.2, §4.6.
struct RuleRoutes: Sendable {
    static let defaults = APIParameter.word(
        "defaults",
        ["true", "false"],
        default: "false",
        "Whether Weir's own rules are listed, too."
    )

    let surface: AlertsSurface

    var all: [Endpoint] { [list, detail, create, change, delete] }

    private var list: Endpoint {
        surface.read(
            "/api/v2/alert-rules",
            "All alert rules by name; Weir's own only on request.",
            [Self.defaults],
            answers: [
                APIAnswer(200, "The rules.", .list(.named(AlertsSchemas.rule))),
                .failure(400, "A parameter is not valid."),
            ]
        ) { request, connection in
            let withDefaults = try AlertsSurface.parameters(request) { $0.word(Self.defaults) == "true" }
            let rules = try RuleStore.fetchAll(on: connection).filter {
                withDefaults || $0.origin != DefaultRules.origin
            }
            return AlertsSurface.json { json in
                json.array { list in
                    for rule in rules { RuleEncoder.write(rule, to: &list) }
                }
            }
        }
    }

    private var detail: Endpoint {
        surface.read(
            "/api/v2/alert-rules/{id}",
            "One alert rule.",
            answers: [
                APIAnswer(200, "The rule.", .named(AlertsSchemas.rule)),
                .failure(404, "There is no such rule."),
            ]
        ) { request, connection in
            let id = try AlertsSurface.id(request, of: "alert rule")
            guard let rule = try RuleStore.fetch(id, on: connection) else {
                throw AlertsSurface.notFound("alert rule")
            }
            return AlertsSurface.json { RuleEncoder.write(rule, to: &$0) }
        }
    }

    private var create: Endpoint {
        surface.write(
            .post,
            "/api/v2/alert-rules",
            "Adds an alert rule.",
            body: .named(AlertsSchemas.newRule),
            answers: [APIAnswer(201, "It is stored.", .named(AlertsSchemas.rule))]
        ) { request, connection in
            let rule = try RuleBody.new(try AlertsSurface.object(request), at: request.receivedAt)
            try Self.check(rule, on: connection)
            try RuleStore.store(rule, on: connection)
            return AlertsSurface.json(.created) { RuleEncoder.write(rule, to: &$0) }
        }
    }

    private var change: Endpoint {
        surface.write(
            .patch,
            "/api/v2/alert-rules/{id}",
            "Changes an alert rule by the members that are sent; null clears project_module and description.",
            body: .named(AlertsSchemas.rulePatch),
            answers: [
                APIAnswer(200, "It is changed.", .named(AlertsSchemas.rule)),
                .failure(404, "There is no such rule."),
            ]
        ) { request, connection in
            let root = try AlertsSurface.object(request)
            let id = try AlertsSurface.id(request, of: "alert rule")
            guard var rule = try RuleStore.fetch(id, on: connection) else {
                throw AlertsSurface.notFound("alert rule")
            }
            try Ownership.check(rule.origin)
            let channels = rule.channels
            try RuleBody.patch(root, &rule, at: request.receivedAt)
            // Channels that were deleted since stay in a rule that is changed otherwise.
            if rule.channels != channels { try Self.check(rule, on: connection) }
            try RuleStore.store(rule, on: connection)
            return AlertsSurface.json { RuleEncoder.write(rule, to: &$0) }
        }
    }

    private var delete: Endpoint {
        surface.write(
            .delete,
            "/api/v2/alert-rules/{id}",
            "Deletes an alert rule; its deliveries stay.",
            answers: [APIAnswer(204, "It is gone.", contents: []), .failure(404, "There is no such rule.")]
        ) { request, connection in
            let id = try AlertsSurface.id(request, of: "alert rule")
            if let rule = try RuleStore.fetch(id, on: connection) { try Ownership.check(rule.origin) }
            guard try RuleStore.delete(id, on: connection) else { throw AlertsSurface.notFound("alert rule") }
            return Response(status: .noContent)
        }
    }

    /// A rule whose channels are unknown would tell nobody.
    static func check(_ rule: AlertRule, on connection: Connection) throws {
        let missing = try ChannelStore.missing(rule.channels, on: connection)
        guard missing.isEmpty else {
            throw OperatorFailure.invalid(
                missing.map { .init("channel_ids", "unknown_channel", "no channel has the id \($0)") }
            )
        }
    }
}
