internal import Ingest

/// What `/openapi.json` says of runs. Contract §1.4, §1.8, §1.9, §2.1.
enum RunSchemas {
    /// A run as it is read.
    static let run = APISchema(
        "Run",
        [.init("id", "integer", isRequired: true)]
            + RunField.all.map { member($0, isRequired: true) }
            + [
                .init("commit_url", "string", isNullable: true),
                .init("repo_url", "string", isNullable: true),
            ]
    )

    /// A run as it is posted; what is missing gets its default.
    static let posted = APISchema(
        "PostedRun",
        RunField.all.filter { $0.rule != .own }.map { field in
            member(field, isRequired: field.rule == .required)
        }
    )

    /// What changes of a run; null leaves a member as it is.
    static let patch = APISchema("RunPatch", RunPatch.fields.map { member($0, isRequired: false) })

    /// A commit that a run made.
    static let commit = APISchema(
        "RunCommit",
        [
            .init("commit_hash", "string", isRequired: true, bounds: 7...40),
            .init("commit_source", "string", isRequired: true, words: CommitAssociation.sources),
            .init("commit_author", "string", isNullable: true),
            .init("commit_timestamp", "string", isNullable: true),
        ]
    )

    private static func member(_ field: RunField, isRequired: Bool) -> APISchema.Member {
        func described(
            _ type: String,
            isNullable: Bool,
            words: [String] = [],
            bounds: ClosedRange<Int64>? = nil
        ) -> APISchema.Member {
            .init(
                field.name,
                type,
                isNullable: isNullable,
                isRequired: isRequired,
                words: words,
                bounds: bounds
            )
        }
        return switch field.rule {
        case .required: described("string", isNullable: false)
        case .text: described("string", isNullable: false, words: RunStatus.words)
        case .optionalText, .lenientText: described("string", isNullable: true)
        case .counter: described("integer", isNullable: false, bounds: 0...Int64.max)
        case .optionalCounter: described("integer", isNullable: true, bounds: 0...Int64.max)
        case .object: described("object", isNullable: true)
        case .commitSource: described("string", isNullable: true, words: CommitAssociation.sources)
        case .flag: described("boolean", isNullable: false)
        case .own: described(field == .schemaVersion ? "integer" : "string", isNullable: false)
        }
    }
}
