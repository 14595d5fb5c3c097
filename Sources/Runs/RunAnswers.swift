internal import API
internal import HTTP

/// The answers of the runs surface in `/openapi.json`. Contract §1.
enum RunAnswers {
    /// An answer from the rows.
    static func found(_ schema: APISchema) -> APIAnswer {
        APIAnswer(200, "The result.", .named(schema), headers: [.lagLines])
    }

    /// The answers about one object, which may not exist.
    static func ofOne(_ schema: APISchema) -> [APIAnswer] { [found(schema), notFound] }

    /// The answers about one run.
    static let one: [APIAnswer] = [
        found(RunSchemas.run).adding([.traceParent, .traceState]),
        .refusal(400, "`trace` is neither true nor false."), notFound,
    ]

    static let list: [APIAnswer] = [
        APIAnswer(
            200,
            "A page of runs, in the media type that Accept prefers.",
            contents: [
                .init(RunsEncoder.Format.json.rawValue, .list(.named(RunSchemas.run))),
                .init(RunsEncoder.Format.ndjson.rawValue, APIType.text.noting("A `Run` a line.")),
                .init(
                    RunsEncoder.Format.csv.rawValue,
                    APIType.text.noting("RFC 4180: a row of the members' names, then a row for each run.")
                ),
            ],
            headers: [
                .init("Link", .text, "The next page, `rel=\"next\"` (RFC 8288); absent on the last."),
                .init("Weir-Total-Count", .integer(0), "How many runs all pages have; with total=true."),
                .init(
                    "Weir-Page-Rows",
                    .integer(1),
                    "How many runs this page has when WEIR_MAX_PAGE_BYTES ended it before its limit."
                ),
                .init("Vary", .text, "`Accept`."),
                .lagLines,
            ]
        ),
        .refusal(400, "A word, a time or a cursor is invalid."),
        wrongInput,
    ]

    static func created(duplicates: Status) -> [APIAnswer] {
        let created = APIAnswer(
            201,
            "The run is recorded, now or by an earlier request.",
            .named(RunSchemas.receipt),
            headers: [.traceParent, .traceState]
        )
        guard duplicates.code != 201 else { return [created, wrongInput, deadLetter] }
        let duplicate = APIAnswer(
            duplicates.code,
            "The run was recorded by an earlier request.",
            .named(RunSchemas.receipt)
        )
        return [created, duplicate, wrongInput, deadLetter]
    }

    static let batch = [
        APIAnswer(200, "The outcome of each run.", .named(RunSchemas.batchReceipt)), wrongInput,
    ]

    static let patched = [
        APIAnswer(200, "The run is changed.", .named(RunSchemas.patched)),
        .refusal(400, "Nothing would change, or the body is not UTF-8."), notFound, wrongInput, deadLetter,
    ]

    static let associated = [
        APIAnswer(200, "The commit is stored with the run.", .named(RunSchemas.associated)), notFound,
        wrongInput,
        deadLetter,
    ]

    // MARK: - Refusals

    static let writeRefusals =
        [
            tooManyRequests,
            .refusal(
                503,
                "PostgreSQL or the journal is away; the answer says whether the request is kept. Repeating it does "
                    + "no harm.",
                headers: [.retryAfter]
            ),
        ] + APIAnswer.journalRefusals.filter { $0.status != 503 }

    static let readRefusals = [tooManyRequests] + APIAnswer.storeRefusals

    private static let notFound = APIAnswer.refusal(404, "It does not exist.")

    private static let wrongInput = APIAnswer(
        422,
        "Parameters or members of the body are wrong; one entry for each.",
        .named(RunSchemas.faults)
    )

    private static let deadLetter = APIAnswer.refusal(
        500,
        "PostgreSQL refused it. It is kept as a dead letter: `weir dead-letters list`."
    )

    private static let tooManyRequests = APIAnswer.refusal(
        429,
        "The client sent more requests than WEIR_RUNS_RATE_LIMIT_RPM allows.",
        headers: [
            .retryAfter,
            .init("X-RateLimit-Limit", .integer(1), "How many requests a minute are allowed."),
            .init("X-RateLimit-Remaining", .integer(0), "How many are left: 0."),
        ]
    )
}
