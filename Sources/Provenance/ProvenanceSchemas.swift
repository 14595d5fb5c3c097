internal import API

/// The shapes of events in `/openapi.json`.
enum ProvenanceSchemas {
    private static var uuid: APIType {
        var type = APIType.text
        type.format = "uuid"
        return type
    }

    static let event = APISchema(
        "ProvenanceEvent",
        [
            .init("id", uuid),
            .init("occurred_at", .moment),
            .init("event_type", .text.noting("Dotted: family.verb.")),
            .init("project_module", .text),
            .init("source_identifier", .text.orNull),
            .init("execution_id", uuid.orNull),
            .init("actor", .text.orNull),
            .init("correlation_id", .text.orNull),
            .init("payload", APIType.object.noting("Secrets are shown as [REDACTED].")),
            .init("received_at", .moment),
            .init("source_identifiers", .list(.text)),
            .init("trace_id", .text.orNull.noting("32 hexadecimal digits.")),
        ]
    )

    private static var source: APIType {
        var type = APIType.sentText
        type.shortest = 1
        type.longest = EventDecoder.mostSourceCharacters
        return type
    }

    static let postedEvent: APISchema = {
        var eventType = APIType.matching(#"^[a-z][a-z0-9_]{0,31}(\.[a-z][a-z0-9_]{0,31}){1,3}$"#)
        eventType.longest = 128
        var correlation = APIType.matching(#"^[!-~]+$"#)
        correlation.longest = 128
        var sources = APIType.list(source)
        sources.mostItems = EventDecoder.mostSources
        return APISchema(
            "PostedProvenanceEvent",
            [
                .init("event_type", eventType),
                .init(
                    "id",
                    uuid.orNull.noting("The producer's own: the same event with it is recorded once."),
                    isRequired: false
                ),
                .init("occurred_at", APIType.moment.orNull.noting("Now by default."), isRequired: false),
                .init("source_identifier", source.orNull, isRequired: false),
                .init("source_identifiers", sources.orNull, isRequired: false),
                .init("execution_id", uuid.orNull, isRequired: false),
                .init(
                    "correlation_id",
                    correlation.orNull.noting("The id of the request by default."),
                    isRequired: false
                ),
                .init("payload", APIType.object.noting("64 KiB at most, 32 levels deep."), isRequired: false),
            ]
        )
    }()

    static let posted: APIType = {
        var list = APIType.list(.named(postedEvent))
        list.mostItems = EventDecoder.mostEvents
        return .any(of: [.named(postedEvent), list.noting("1 to 500 events.")])
    }()

    private static let recorded = APISchema(
        "RecordedProvenanceEvents",
        [
            .init("accepted", .count),
            .init("duplicates", .count),
            .init("items", .list(.named(event))),
        ]
    )

    static let page = APIAnswer(
        200,
        "The events.",
        .list(.named(event)),
        headers: [
            .init("X-Next-Cursor", .text, "The cursor of the next page; absent on the last one."),
            .init("Link", .text, "The next page, with `rel=\"next\"`; absent on the last one."),
            .lagLines,
        ]
    )

    static let postAnswers: [APIAnswer] = [
        APIAnswer(
            201,
            "Recorded: the event, or how many of an array, and all of them.",
            .any(of: [.named(event), .named(recorded)]),
            headers: [
                .init(
                    "Weir-Lag-Lines",
                    .integer(1),
                    "It is kept and will be stored; PostgreSQL did not say in time whether its id was known."
                )
            ]
        ),
        APIAnswer(200, "The same event was recorded before; this is it.", .named(event)),
        .failure(400, "A value is not valid; `failure.diagnostics` names each."),
        .failure(
            409,
            "The id belongs to another event, or the execution to another project: nothing was changed."
        ),
        .failure(413, "The body is larger than 1 MiB.", headers: [.retryAfter]),
        .failure(415, "The body is not announced as application/json."),
        .failure(422, "The body is neither an object nor an array."),
        .failure(500, "PostgreSQL refused it, or a bug in Weir; its log has the reason."),
        .failure(503, "The journal cannot be written at the moment. Send it again.", headers: [.retryAfter]),
        .failure(507, "The disk of the journal is full.", headers: [.retryAfter]),
    ]

    static let streamAnswers: [APIAnswer] = [
        APIAnswer(
            200,
            "Events without an end: `id:` is the id, `event:` the type, `data:` the event as one line of JSON.",
            contents: [.init("text/event-stream", .text)]
        ),
        .failure(400, "A parameter is not valid; `failure.diagnostics` names it."),
        .failure(404, "The event of `Last-Event-ID` is not known, or not any more."),
        .failure(500, "A bug in Weir; its log has the reason."),
        .failure(503, "PostgreSQL is away, or too many listen.", headers: [.retryAfter]),
    ]
}
