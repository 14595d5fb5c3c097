internal import API

/// The answers of executions in `/openapi.json`. Contract beampipe §5, §6.
enum ExecutionAnswers {
    static let created: [APIAnswer] = [
        APIAnswer(201, "The execution is registered.", .named(ExecutionSchemas.read), headers: traced),
        APIAnswer(
            200,
            "It was registered by the same request before.",
            .named(ExecutionSchemas.read),
            headers: traced
        ),
        .failure(409, "Another request has the same uuid or Idempotency-Key."),
        .failure(
            429,
            "The client registers more executions than WEIR_EXECUTIONS_RATE_LIMIT allows.",
            headers: [.retryAfter]
        ),
    ]
    static let changed: [APIAnswer] = [
        APIAnswer(200, "The execution as it is now.", .named(ExecutionSchemas.read)),
        .failure(404, "There is no such execution."),
        .failure(409, "The status cannot become that one now; nothing is changed."),
    ]
    static let observed: [APIAnswer] = [
        APIAnswer(201, "The observation is stored.", .named(ExecutionSchemas.observation)),
        .failure(404, "There is no such execution."),
        .failure(409, "The axes would contradict the status; nothing is changed."),
    ]

    /// The answers about one execution, which may not exist.
    static func ofOne(_ type: APIType, headers: [APIAnswer.Header] = []) -> [APIAnswer] {
        [
            APIAnswer(200, "The result.", type, headers: [.lagLines] + headers),
            .failure(404, "There is no such execution."),
        ]
    }

    static let traced: [APIAnswer.Header] = [.traceParent, .traceState]

    static let writeRefusals: [APIAnswer] = [
        .failure(400, "A value is not valid; `failure.diagnostics` names each."),
        .failure(413, "The body is larger than 2 MiB."),
        .failure(415, "The body is not announced as application/json."),
        .failure(
            422,
            "A member is unknown, missing or of the wrong type; `failure.diagnostics` names each."
        ),
        .failure(500, "PostgreSQL refused it, or a bug in Weir; its log has the reason."),
        .failure(
            503,
            "PostgreSQL or the journal is away; the answer says whether the request is kept. Repeating it does no harm.",
            headers: [.retryAfter]
        ),
        .failure(507, "The disk of the journal is full.", headers: [.retryAfter]),
    ]

    static let readRefusals: [APIAnswer] = [
        .failure(400, "A parameter is not valid, or the id is not a UUID."),
        .failure(500, "A bug in Weir; its log has the reason."),
        .failure(503, "PostgreSQL is away or busy. Retry.", headers: [.retryAfter]),
    ]
}
