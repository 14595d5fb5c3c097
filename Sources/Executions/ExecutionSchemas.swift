internal import API

/// Bodies and answers as `/openapi.json` describes them.
enum ExecutionSchemas {
    typealias Member = APISchema.Member

    static let uuid: APIType = {
        var type = APIType.text
        type.format = "uuid"
        return type
    }()

    private static func text(_ longest: Int) -> APIType {
        var type = APIType.sentText
        type.longest = longest
        return type
    }

    /// A text that is not blank.
    private static func name(_ longest: Int) -> APIType {
        var type = APIType.matching(#"^[^\u0000]*\S[^\u0000]*$"#)
        type.longest = longest
        return type
    }

    // MARK: - Bodies

    private static let source = APISchema(
        "ExecutionSource",
        [
            Member("source_identifier", name(100)),
            Member("sbids", APIType.list(.any).orNull, isRequired: false),
            Member("datasets", APIType.list(.any).orNull, isRequired: false),
        ]
    )

    static let new = APISchema(
        "NewExecution",
        [
            Member("project_module", name(200)),
            Member("archive_name", name(200)),
            Member("sources", .list(.named(source))),
            Member("uuid", uuid.orNull, isRequired: false),
            Member("output_verification_required", APIType.flag.orNull, isRequired: false),
            Member("output_verification_policy", .any, isRequired: false),
            Member("scheduler_name", text(64).orNull, isRequired: false),
            Member("deployment_profile", APIType.object.orNull, isRequired: false),
            Member("deployment_profile_id", uuid.orNull, isRequired: false),
            Member("deployment_profile_revision", APIType.integer(0...Int64.max).orNull, isRequired: false),
            Member("project_config_id", uuid.orNull, isRequired: false),
            Member("project_config_version", APIType.integer(0...Int64.max).orNull, isRequired: false),
            Member("discovery_signature", text(1000).orNull, isRequired: false),
            Member("workflow_manifest", APIType.object.orNull, isRequired: false),
        ]
    )

    static let change = APISchema(
        "ExecutionPatch",
        [Member("status", APIType.word(LedgerStatus.allCases.map(\.rawValue)).orNull, isRequired: false)]
            + ExecutionDecoder.changeable.map { Member($0.rawValue, sent($0), isRequired: false) }
            + [
                Member("deployment_profile", APIType.object.orNull, isRequired: false),
                Member(RunRecord.member, APIType.object.orNull, isRequired: false),
                Member("reason", text(1000).orNull, isRequired: false),
                Member("artifacts", APIType.list(.named(newArtifact)).orNull, isRequired: false),
            ]
    )

    private static func sent(_ column: ExecutionColumn) -> APIType {
        if let words = ExecutionDecoder.words[column] {
            let type = APIType.word(words)
            return ExecutionColumn.axes.contains(column) || column == .controlPhase ? type : type.orNull
        }
        return switch column {
        case .workflowManifest: APIType.object.orNull
        case .manifestSHA256, .sourceGraphSHA256, .patchedGraphSHA256, .physicalGraphSHA256:
            APIType.matching("^[0-9A-Fa-f]{64}$").orNull
        case .schedulerJobID: text(SchedulerJob.longest).orNull
        case .lastError: text(65_536).orNull
        case .submissionDeadlineAt, .submissionAbandonedAt: APIType.moment.orNull
        default: text(4096).orNull
        }
    }

    private static let newArtifact = APISchema(
        "NewExecutionArtifact",
        [
            Member("kind", .word(ExecutionArtifact.kinds)),
            Member("storage_kind", .word(ExecutionArtifact.storageKinds)),
            Member("sha256", .matching("^[0-9A-Fa-f]{64}$")),
            Member("uri", text(4096).orNull, isRequired: false),
            Member("inline_json", .any, isRequired: false),
            Member("media_type", text(200).orNull, isRequired: false),
            Member("size_bytes", APIType.integer(0...Int64.max).orNull, isRequired: false),
            Member("producer_phase", text(64).orNull, isRequired: false),
            Member("metadata", APIType.object.orNull, isRequired: false),
        ]
    )

    static let newObservation = APISchema(
        "NewExecutionObservation",
        [
            Member("kind", .word(ExecutionObservation.Kind.allCases.map(\.rawValue))),
            Member(
                "normalized_state",
                text(100).noting("May be absent when `raw_state` is what Slurm says."),
                isRequired: false
            ),
            Member("uuid", uuid.orNull, isRequired: false),
            Member("raw_state", text(4096).orNull, isRequired: false),
            Member("reason", text(4096).orNull, isRequired: false),
            Member("payload", APIType.object.orNull, isRequired: false),
            Member("source_version", text(200).orNull, isRequired: false),
            Member("observed_at", APIType.moment.orNull, isRequired: false),
        ]
    )

    // MARK: - Answers

    private static func shown(_ column: ExecutionColumn) -> Member {
        let type: APIType =
            switch column.kind {
            case .text: .text.orNull
            case .uuid: column == .uuid ? uuid : uuid.orNull
            case .integer: APIType.count.orNull
            case .flag: .flag
            case .time: .moment.orNull
            case .json: column == .sources ? .list(.any) : .any
            }
        return Member(
            column.rawValue,
            column == .status ? .word(LedgerStatus.allCases.map(\.rawValue)) : type
        )
    }

    static let read = APISchema(
        "Execution",
        ExecutionColumn.read.map(shown) + [
            Member(RunRecord.member, .any),
            Member("dim_session_status_url", .text.orNull),
            Member("dim_graph_status_url", .text.orNull),
            Member("slurm_session_dir", .text.orNull),
            Member("slurm_login_node", .text.orNull),
            Member("slurm_remote_user", .text.orNull),
            Member("trace_id", .text.noting("The trace of the execution, 32 hexadecimal digits.")),
            Member("span_id", .text.noting("Its span in that trace, 16 hexadecimal digits.")),
            Member("parent_span_id", .text.orNull.noting("The span of the backend that registered it.")),
            Member("tracestate", .text.orNull.noting("What the vendors of the backend carry along.")),
        ]
    )

    static let page = APISchema(
        "ExecutionPage",
        [
            Member("items", .list(.named(APISchema("ExecutionRow", ExecutionColumn.raw.map(shown))))),
            Member("total", .count),
            Member("page", .integer(1)),
            Member("items_per_page", .integer(1...500)),
        ]
    )

    static let status = APISchema(
        "ExecutionStatus",
        ExecutionEncoder.statusColumns.map(shown) + [
            Member("slurm_state", .text.orNull),
            Member("dim_state", .text.orNull),
            Member("last_observation_at", .moment.orNull),
            Member("duration_seconds", APIType.amount.orNull),
        ]
    )

    static let summary = APISchema(
        "ExecutionSummary",
        [.uuid, .projectModule, .archiveName, .status].map(shown) + [
            Member("requested_source_count", .count),
            Member("requested_source_identifiers", .list(.text)),
            Member("scheduler_name", .text.orNull),
            Member("scheduler_job_id", .text.orNull),
            Member("daliuge_session_id", .text.orNull),
            Member("control_phase", .text),
            Member("scheduler_state", .text),
            Member("daliuge_state", .text),
            Member("terminal_outcome", .text.orNull),
            Member("last_error", .text.orNull),
        ]
    )

    static let snapshot = APISchema(
        "ExecutionLedgerSnapshot",
        [.uuid, .status, .executionPhase, .schedulerName, .schedulerJobID].map(shown) + [
            Member("correlation_id", .text, isRequired: false),
            Member("workflow_manifest", .any, isRequired: false),
            Member("last_error", .text.orNull),
            Member("run_record_phases", .object),
            Member("provenance_summary", .object),
        ]
    )

    static let observation = APISchema(
        "ExecutionObservation",
        [
            Member("uuid", uuid),
            Member("execution_id", uuid),
            Member("kind", .word(ExecutionObservation.Kind.allCases.map(\.rawValue))),
            Member("normalized_state", .text),
            Member("raw_state", .text.orNull),
            Member("reason", .text.orNull),
            Member("payload", .object),
            Member("source_version", .text.orNull),
            Member("observed_at", .moment),
        ]
    )

    static let artifact = APISchema(
        "ExecutionArtifact",
        [
            Member("uuid", uuid),
            Member("execution_id", uuid),
            Member("kind", .word(ExecutionArtifact.kinds)),
            Member("storage_kind", .word(ExecutionArtifact.storageKinds)),
            Member("uri", .text.orNull),
            Member("inline_json", .any),
            Member("media_type", .text.orNull),
            Member("sha256", .text),
            Member("size_bytes", APIType.count.orNull),
            Member("producer_phase", .text.orNull),
            Member("metadata", .object),
            Member("created_at", .moment),
        ]
    )
}
