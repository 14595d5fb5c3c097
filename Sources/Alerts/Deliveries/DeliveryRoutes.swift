internal import API
internal import Core
internal import HTTP
internal import Ingest
internal import Postgres

/// `/api/v2/alert-deliveries`. Contract beampipe §4.8, §11.3.
struct DeliveryRoutes: Sendable {
    static let limit = APIParameter(
        "limit",
        .integer(-1_000_000_000...1_000_000_000),
        "How many; 1 to 500 are possible, other numbers count as the nearest of them.",
        fallback: "50"
    )
    static let offset = APIParameter.integer("offset", atLeast: 0, default: 0, "How many are left out.")
    static let status = APIParameter.words(
        "status",
        DeliveryRecord.Status.allCases.map(\.rawValue),
        "Only those in these states."
    )
    static let rule = APIParameter.text("rule_id", "Only those of this rule.")
    static let channel = APIParameter.text("channel_id", "Only those of this channel.")
    static let incident = APIParameter.text("incident_id", "Only those of this incident.")
    static let since = APIParameter.time("since", "Only those that were made at or after it.")
    static let until = APIParameter.time("until", "Only those that were made before it.")

    let surface: AlertsSurface

    var all: [Endpoint] { [list, detail, retry, purge] }

    struct Query: Sendable {
        var limit: Int
        var offset: Int
        var statuses: [String]
        var rule: UUID128?
        var channel: UUID128?
        var incident: UUID128?
        var since: Timestamp?
        var until: Timestamp?
        var cursor: DeliveryCursor?
    }

    private static func query(_ reader: inout ParameterReader) -> Query {
        Query(
            limit: Int(min(max(reader.number(limit)?.clamped ?? 50, 1), 500)),
            offset: min(reader.count(offset), 1_000_000),
            statuses: reader.words(status),
            rule: reader.value(rule, or: .rule("is not a UUID")) { UUID128($0) },
            channel: reader.value(channel, or: .rule("is not a UUID")) { UUID128($0) },
            incident: reader.value(incident, or: .rule("is not a UUID")) { UUID128($0) },
            since: reader.time(since),
            until: reader.time(until),
            cursor: reader.cursor(.cursor, DeliveryCursor.init)
        )
    }

    private var list: Endpoint {
        surface.read(
            "/api/v2/alert-deliveries",
            "What was sent and is to be sent, the newest first.",
            [
                Self.limit, Self.offset, Self.status, Self.rule, Self.channel, Self.incident, Self.since,
                Self.until, .cursor,
            ],
            answers: [
                APIAnswer(
                    200,
                    "The deliveries.",
                    .list(.named(AlertsSchemas.delivery)),
                    headers: [
                        .init("X-Next-Cursor", .text, "The cursor of the next page; absent on the last one.")
                    ]
                ),
                .failure(400, "A parameter is not valid."),
            ]
        ) { request, connection in
            let query = try AlertsSurface.parameters(request, Self.query)
            let found = try DeliveryHistory.fetch(query, on: connection)
            var response = AlertsSurface.json { json in
                json.array { list in
                    for delivery in found.prefix(query.limit) { delivery.write(to: &list) }
                }
            }
            if found.count > query.limit {
                let last = found[query.limit - 1]
                response.fields.append(
                    "X-Next-Cursor",
                    DeliveryCursor(createdAt: last.createdAt, id: last.id).text
                )
            }
            return response
        }
    }

    private var detail: Endpoint {
        surface.read(
            "/api/v2/alert-deliveries/{id}",
            "One delivery.",
            answers: [
                APIAnswer(200, "The delivery.", .named(AlertsSchemas.delivery)),
                .failure(404, "There is no such delivery."),
            ]
        ) { request, connection in
            let id = try AlertsSurface.id(request, of: "delivery")
            guard let delivery = try DeliveryHistory.fetch(id, on: connection) else {
                throw AlertsSurface.notFound("delivery")
            }
            return AlertsSurface.json { delivery.write(to: &$0) }
        }
    }

    private var retry: Endpoint {
        surface.write(
            .post,
            "/api/v2/alert-deliveries/{id}/retry",
            "Sends a delivery that has failed once more, with as many attempts as a new one.",
            answers: [
                APIAnswer(200, "It waits to be sent.", .named(AlertsSchemas.delivery)),
                .failure(404, "There is no such delivery."),
                .failure(409, "It has not failed, or its channel is gone or disabled."),
            ]
        ) { request, connection in
            let id = try AlertsSurface.id(request, of: "delivery")
            guard let delivery = try DeliveryHistory.fetch(id, on: connection) else {
                throw AlertsSurface.notFound("delivery")
            }
            guard delivery.status == "failed", let channel = delivery.channel,
                try ChannelStore.fetch(channel, on: connection)?.isEnabled == true
            else {
                throw OperatorFailure(
                    .conflict,
                    "Only a delivery that has failed can be sent again, and only over an enabled channel."
                )
            }
            guard let waiting = try DeliveryHistory.retry(id, on: connection) else {
                throw AlertsSurface.notFound("delivery")
            }
            return AlertsSurface.json { waiting.write(to: &$0) }
        }
    }

    private var purge: Endpoint {
        surface.write(
            .delete,
            "/api/v2/alert-deliveries",
            "Deletes deliveries that were sent or have failed, and were made before a time.",
            [Self.until, Self.status],
            answers: [
                APIAnswer(200, "How many were deleted.", .named(AlertsSchemas.purged)),
                .failure(400, "`until` is missing or not valid."),
            ]
        ) { request, connection in
            let (until, statuses) = try AlertsSurface.parameters(request) { reader in
                (reader.time(Self.until), reader.words(Self.status))
            }
            guard let until else {
                throw OperatorFailure.invalid([.init("until", "missing", "is missing")])
            }
            let count = try DeliveryHistory.purge(before: until, statuses, on: connection)
            return AlertsSurface.json { $0.object { $0.member("deleted", count) } }
        }
    }
}

/// A place in the list of deliveries.
struct DeliveryCursor: Sendable {
    let createdAt: Timestamp
    let id: UUID128

    init(createdAt: Timestamp, id: UUID128) {
        self.createdAt = createdAt
        self.id = id
    }

    init?(_ cursor: PageCursor) {
        guard cursor.parts.count == 2, let time = Int64(cursor.parts[0]), let id = UUID128(cursor.parts[1])
        else { return nil }
        self.init(createdAt: Timestamp(microseconds: time), id: id)
    }

    var text: String { PageCursor([String(createdAt.microseconds), "\(id)"]).text }
}
