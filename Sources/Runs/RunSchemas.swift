internal import API

/// The schemas of runs in `/openapi.json`. Contract §1.1, §1.4, §1.8, §1.9, §2.1.
enum RunSchemas {
    private typealias Member = APISchema.Member

    // MARK: - Requests

    /// A posted run; absent members get their defaults.
    static let posted = APISchema("PostedRun", postedMembers(in: .alone) + traceFields)

    /// The trace context of the sender, which is no part of the record.
    private static let traceFields = [
        Member(
            "traceparent",
            APIType.any.noting(
                "The span that the run is part of, as the header field of W3C Trace Context, and before it; anything "
                    + "else is ignored."
            ),
            isRequired: false
        ),
        Member(
            "tracestate",
            APIType.any.noting("What vendors carry along with it; anything else is ignored."),
            isRequired: false
        ),
    ]

    /// A batch of posted runs: a run that the table refuses is an error in the response, and does not affect the
    /// others.
    static func batch(mostRuns: Int) -> APIType {
        var runs = APIType.list(.named(APISchema("BatchRun", postedMembers(in: .batch) + traceFields)))
        runs.mostItems = mostRuns
        return .any(of: [runs, .named(APISchema("RunBatch", [Member("runs", runs)]))])
    }

    /// The changes of a run; null leaves a member unchanged.
    static let patch = APISchema(
        "RunPatch",
        RunPatch.fields.map { Member($0.name, type($0, in: .alone).orNull, isRequired: false) }
    )

    /// A commit that a run made.
    static let commit: APISchema = {
        var hash = APIType.sentText
        (hash.shortest, hash.longest) = (7, 40)
        return APISchema(
            "RunCommit",
            [
                Member("commit_hash", hash),
                Member("commit_source", .word(CommitAssociation.sources)),
                Member("commit_author", APIType.sentText.orNull, isRequired: false),
                Member("commit_timestamp", APIType.sentText.orNull, isRequired: false),
            ]
        )
    }()

    // MARK: - Answers

    /// A run in a response.
    static let run = APISchema(
        "Run",
        [Member("id", .integer(1))] + RunField.all.map { Member($0.name, answered($0)) } + [
            Member("commit_url", APIType.text.orNull), Member("repo_url", APIType.text.orNull),
        ] + RunTrace.members
    )

    static let receipt = APISchema(
        "RunReceipt",
        [
            Member(
                "status",
                APIType.word(["created", "accepted", "duplicate"]).noting(
                    "`accepted`: it is durable, and PostgreSQL gets it when it is back."
                )
            ),
            Member("event_id", .text),
            Member("run_id", APIType.text.noting("Absent for a duplicate."), isRequired: false),
            Member("message", APIType.text.noting("Only for a duplicate."), isRequired: false),
        ]
    )

    static let batchReceipt = APISchema(
        "RunBatchReceipt",
        [
            Member("inserted", .count), Member("duplicates", .count),
            Member(
                "errors",
                APIType.list(.text).noting("`<event_id>: <reason>` for each run that the table refuses.")
            ),
            Member("total", .count),
        ]
    )

    static let patched = APISchema(
        "RunPatchReceipt",
        [
            Member("event_id", .text), Member("updated", .flag),
            Member("fields_updated", .list(.word(RunPatch.fields.map(\.name)))),
        ]
    )

    static let associated = APISchema(
        "RunCommitReceipt",
        [
            Member("status", .word(["success"])), Member("event_id", .text), Member("run_id", .text),
            Member("commit_hash", .text),
        ]
    )

    static let commitLink = APISchema("RunCommitLink", [Member("commit_url", APIType.text.orNull)])
    static let repositoryLink = APISchema("RunRepositoryLink", [Member("repo_url", APIType.text.orNull)])

    static let names = APISchema(
        "RunNames",
        [
            Member("agent_names", .list(.text)), Member("job_types", .list(.text)),
            Member(
                "counts",
                .named(
                    APISchema("RunNameCounts", [Member("agent_names", .count), Member("job_types", .count)])
                )
            ),
            Member("cache_hit", .flag),
        ]
    )

    static let fieldNames = APISchema(
        "RunFieldNames",
        [
            Member("field", .word(RunsRoutes.namedFields)), Member("values", .list(.text)),
            Member("count", .count),
        ]
    )

    /// The response of the listener profile `runs` to `GET /metrics`.
    static let counts = APISchema(
        "RunCounts",
        [
            Member("total_runs", .count), Member("agents", .map(.count)), Member("recent_24h", .count),
            Member(
                "performance",
                .named(APISchema("RunStorage", [Member("db_path", .text), Member("journal_mode", .text)]))
            ),
        ]
    )

    /// Why a request is 422, in pydantic's words.
    static let faults = ValidationDialect.pydantic2.schema("RunFaults", entry: "RunFault")

    // MARK: - Members

    /// Whether a run is alone or in a batch: alone it is refused for values that the table refuses.
    private enum Place {
        case alone, batch
    }

    private static func postedMembers(in place: Place) -> [Member] {
        RunField.all.filter { $0.rule != .own }.map { field in
            Member(field.name, type(field, in: place), isRequired: field.rule == .required)
        }
    }

    /// The type in requests.
    private static func type(_ field: RunField, in place: Place) -> APIType {
        switch field.rule {
        case .required: field == .eventID ? .sentName : .sentText
        case .text: place == .batch ? .sentText : .word(RunStatus.words)
        case .optionalText: APIType.sentText.orNull
        // Anything else is ignored.
        case .lenientText: APIType.any.noting("A text; anything else is ignored.")
        case .counter: place == .batch ? .anySentInteger : .sentCount
        case .optionalCounter: (place == .batch ? APIType.anySentInteger : .sentCount).orNull
        case .object: APIType.object.orNull.noting("A text with a JSON object is accepted, too.")
        case .commitSource: APIType.word(CommitAssociation.sources).orNull
        case .flag: .sentFlag
        case .own: .any
        }
    }

    /// The type in responses.
    private static func answered(_ field: RunField) -> APIType {
        switch field.rule {
        case .required: .text
        case .text: .word(RunStatus.allCases.map(\.rawValue))
        case .optionalText: field == .createdAt ? .text : APIType.text.orNull
        case .lenientText: APIType.text.orNull
        case .counter, .optionalCounter: .integer(0...Int64.max)
        case .object: APIType.object.orNull
        case .commitSource: APIType.word(CommitAssociation.sources).orNull
        case .flag: .flag
        case .own: field == .schemaVersion ? APIType(.integer) : .text
        }
    }
}

extension APIType {
    /// A count as `IntegerReading` reads it; a text of more than 18 digits may exceed the stored range.
    static let sentCount: APIType = {
        var type = APIType(.integer, .string, .boolean)
        (type.least, type.most) = (0, .max)
        type.pattern = #"^(\+?(0_?)*([0-9]_?){0,17}[0-9]|-(0_?)*0)(\.0*)?$"#
        return type
    }()

    /// An identifying text: never empty.
    static let sentName: APIType = {
        var type = APIType.sentText
        type.shortest = 1
        return type
    }()

    /// An integer as `IntegerReading` reads it.
    static let anySentInteger: APIType = {
        var type = APIType(.integer, .string, .boolean)
        (type.least, type.most) = (.min, .max)
        type.pattern = #"^[+-]?(0_?)*([0-9]_?){0,17}[0-9](\.0*)?$"#
        return type
    }()

    /// A boolean as `FlagReading` reads it.
    static let sentFlag: APIType = {
        let words =
            "[Tt]([Rr][Uu][Ee])?|[Ff]([Aa][Ll][Ss][Ee])?|[Yy]([Ee][Ss])?|[Nn][Oo]?|[Oo][Nn]|[Oo][Ff][Ff]|"
            + "[01]"
        return .any(of: [.flag, .integer(0...1), .matching("^(\(words))$")])
    }()
}
