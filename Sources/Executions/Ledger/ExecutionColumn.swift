/// The columns of `execution`, by their names in SQL and JSON. Contract beampipe §5.2, §9.
enum ExecutionColumn: String, CaseIterable, Sendable {
    case uuid
    case projectModule = "project_module"
    case archiveName = "archive_name"
    case sources, status
    case executionPhase = "execution_phase"
    case schedulerName = "scheduler_name"
    case schedulerJobID = "scheduler_job_id"
    case daliugeSessionID = "daliuge_session_id"
    case remoteSessionDir = "remote_session_dir"
    case controlPhase = "control_phase"
    case submissionState = "submission_state"
    case submissionDeadlineAt = "submission_deadline_at"
    case submissionAbandonedAt = "submission_abandoned_at"
    case schedulerState = "scheduler_state"
    case schedulerRawState = "scheduler_raw_state"
    case schedulerReason = "scheduler_reason"
    case daliugeState = "daliuge_state"
    case outputState = "output_state"
    case outputVerificationRequired = "output_verification_required"
    case outputVerificationPolicy = "output_verification_policy"
    case terminalOutcome = "terminal_outcome"
    case failureClass = "failure_class"
    case discoverySignature = "discovery_signature"
    case manifestSHA256 = "manifest_sha256"
    case sourceGraphSHA256 = "source_graph_sha256"
    case patchedGraphSHA256 = "patched_graph_sha256"
    case physicalGraphSHA256 = "physical_graph_sha256"
    case phaseTimestamps = "phase_timestamps"
    case lastReconciledAt = "last_reconciled_at"
    case workflowManifest = "workflow_manifest"
    case lastError = "last_error"
    case retryCount = "retry_count"
    case startedAt = "started_at"
    case completedAt = "completed_at"
    case createdAt = "created_at"
    case createdByID = "created_by_id"
    case deploymentProfileID = "deployment_profile_id"
    case deploymentProfileRevision = "deployment_profile_revision"
    case projectConfigID = "project_config_id"
    case projectConfigVersion = "project_config_version"
    // What raw rows show, too.
    case deploymentProfileSnapshot = "deployment_profile_snapshot"
    case daliugeManagerURL = "daliuge_manager_url"
    case daliugeRawStatus = "daliuge_raw_status"
    case createIdempotencyKey = "create_idempotency_key"
    case createRequestSHA256 = "create_request_sha256"
    case updatedAt = "updated_at"
    // Weir's own.
    case correlationID = "correlation_id"
    case mismatchCode = "mismatch_code"
    case schedulerObservedAt = "scheduler_observed_at"
    case daliugeObservedAt = "daliuge_observed_at"
    case outputObservedAt = "output_observed_at"
    case traceID = "trace_id"
    case traceParent = "traceparent"
    case traceState = "tracestate"
    case traceSentAt = "trace_sent_at"

    /// The types of values.
    enum Kind: Sendable {
        case text, uuid, integer, flag, time, json
    }

    var kind: Kind {
        switch self {
        case .uuid, .createdByID, .deploymentProfileID, .projectConfigID, .traceID: .uuid
        case .retryCount, .deploymentProfileRevision, .projectConfigVersion: .integer
        case .outputVerificationRequired: .flag
        case .submissionDeadlineAt, .submissionAbandonedAt, .lastReconciledAt, .startedAt, .completedAt,
            .createdAt,
            .updatedAt, .schedulerObservedAt, .daliugeObservedAt, .outputObservedAt,
            .traceSentAt:
            .time
        case .sources, .outputVerificationPolicy, .phaseTimestamps, .workflowManifest,
            .deploymentProfileSnapshot:
            .json
        default: .text
        }
    }

    /// The members of `ExecutionRead` that are columns, in their order; the run record stands behind the manifest.
    static let read = allCases.prefix { $0 != .deploymentProfileSnapshot }

    /// The members of a row in a list.
    static let raw: [ExecutionColumn] =
        allCases.prefix { $0 != .correlationID }.filter {
            $0 != .projectConfigID && $0 != .projectConfigVersion
        }

    /// The axes that decide the status together.
    static let axes: [ExecutionColumn] = [.submissionState, .schedulerState, .daliugeState, .outputState]
}
