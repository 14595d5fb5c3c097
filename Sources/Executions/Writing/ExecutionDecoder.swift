internal import API
internal import Core

/// Turns bodies into executions, changes and observations. The projection reads the lines of the journal with it, too.
enum ExecutionDecoder {
    /// The most sources of an execution.
    static let mostSources = 10_000

    static let createMembers: Set<String> = [
        "uuid", "project_module", "archive_name", "sources", "output_verification_required",
        "output_verification_policy", "scheduler_name", "deployment_profile", "deployment_profile_id",
        "deployment_profile_revision", "project_config_id", "project_config_version", "discovery_signature",
        "workflow_manifest",
    ]

    /// What PATCH may change, by the type of the value. Contract beampipe §5.
    static let changeable: [ExecutionColumn] = [
        .executionPhase, .schedulerName, .schedulerJobID, .daliugeSessionID, .daliugeManagerURL,
        .daliugeRawStatus,
        .remoteSessionDir, .controlPhase, .submissionState, .submissionDeadlineAt, .submissionAbandonedAt,
        .schedulerState, .schedulerRawState, .schedulerReason, .daliugeState, .outputState, .terminalOutcome,
        .failureClass, .discoverySignature, .manifestSHA256, .sourceGraphSHA256, .patchedGraphSHA256,
        .physicalGraphSHA256, .workflowManifest, .lastError,
    ]

    static let changeMembers: Set<String> =
        Set(changeable.map(\.rawValue)).union([
            "status", RunRecord.member, "reason", "artifacts", "deployment_profile",
        ])

    /// The columns that are never null.
    private static let required: Set<ExecutionColumn> = [
        .controlPhase, .submissionState, .schedulerState, .daliugeState, .outputState,
    ]

    // MARK: - Creating

    /// A new execution; `uuid` is its id if the body has none.
    static func execution(_ root: JSONNode, uuid minted: UUID128, at time: Timestamp)
        throws(OperatorFailure) -> Execution
    {
        var reader = BodyReader(root, members: createMembers)
        var execution = Execution(new: reader.uuid("uuid") ?? minted, at: time)
        execution.set(.projectModule, reader.text("project_module", isRequired: true, atMost: 200))
        execution.set(.archiveName, reader.text("archive_name", isRequired: true, atMost: 200))
        execution[.sources] = sources(&reader)
        if reader.flag("output_verification_required") == true {
            execution[.outputVerificationRequired] = Array("true".utf8)
            execution.set(.outputState, OutputState.pending.rawValue)
        }
        execution[.outputVerificationPolicy] = reader.node("output_verification_policy").map {
            Array($0.rawBytes)
        }
        execution.set(.schedulerName, reader.text("scheduler_name", atMost: 64))
        execution[.deploymentProfileSnapshot] = reader.object("deployment_profile")
        for (column, name) in [
            (ExecutionColumn.deploymentProfileID, "deployment_profile_id"),
            (.projectConfigID, "project_config_id"),
        ] {
            if let uuid = reader.uuid(name) { execution.set(column, uuid) }
        }
        for (column, name) in [
            (ExecutionColumn.deploymentProfileRevision, "deployment_profile_revision"),
            (.projectConfigVersion, "project_config_version"),
        ] {
            execution[column] = reader.integer(name).map { Array(String($0).utf8) }
        }
        execution.set(.discoverySignature, reader.text("discovery_signature"))
        execution[.workflowManifest] = manifest(&reader)
        try reader.finish()
        return execution
    }

    private static func sources(_ reader: inout BodyReader) -> [UInt8]? {
        guard let node = reader.node("sources"), node.kind == .array else {
            return reader.mistyped("sources", "an array of sources")
        }
        var count = 0
        for (index, element) in node.elements.enumerated() {
            count += 1
            guard count <= mostSources else {
                return reader.refuse("sources", "too_many", "has more than \(mostSources) sources")
            }
            guard element.kind == .object else {
                return reader.mistyped("sources[\(index)]", "an object with source_identifier")
            }
            var source = BodyReader(
                element,
                at: "sources[\(index)]",
                members: ["source_identifier", "sbids", "datasets"]
            )
            _ = source.text("source_identifier", isRequired: true, atMost: 100)
            for name in ["sbids", "datasets"] {
                if let node = source.node(name), node.kind != .array {
                    let _: Int? = source.mistyped(name, "an array")
                }
            }
            reader.add(source)
        }
        guard count > 0 else { return reader.refuse("sources", "empty", "has no source") }
        return Array(node.rawBytes)
    }

    /// A manifest, with its run record bounded.
    private static func manifest(_ reader: inout BodyReader) -> [UInt8]? {
        guard reader.object("workflow_manifest") != nil, let node = reader.node("workflow_manifest") else {
            return nil
        }
        var tree = JSONTree(node)
        guard let record = tree[RunRecord.member] else { return Array(node.rawBytes) }
        tree[RunRecord.member] = RunRecord.bounded(record)
        return tree.bytes
    }

    // MARK: - Changing

    /// A change.
    static func change(_ root: JSONNode) throws(OperatorFailure) -> ExecutionChange {
        var reader = BodyReader(root, members: changeMembers)
        var change = ExecutionChange()
        change.status = reader.word("status", LedgerStatus.allCases.map(\.rawValue)).flatMap(
            LedgerStatus.init
        )
        for column in changeable where reader.has(column.rawValue) {
            if reader.node(column.rawValue) == nil {
                if required.contains(column) {
                    let _: Int? = reader.mistyped(column.rawValue, "one of its words")
                } else {
                    change.values.updateValue(nil, forKey: column)
                }
            } else if let value = value(column, &reader) {
                change.values.updateValue(value, forKey: column)
            }
        }
        if let profile = reader.object("deployment_profile") {
            change.values.updateValue(profile, forKey: .deploymentProfileSnapshot)
        }
        if reader.object(RunRecord.member) != nil {
            change.runRecord = reader.node(RunRecord.member).map { JSONTree($0) }
        }
        change.reason = reader.text("reason", atMost: 1000)
        change.artifacts = artifacts(&reader)
        try reader.finish()
        return change
    }

    private static func value(_ column: ExecutionColumn, _ reader: inout BodyReader) -> [UInt8]? {
        let name = column.rawValue
        switch column {
        case .workflowManifest: return manifest(&reader)
        case .manifestSHA256, .sourceGraphSHA256, .patchedGraphSHA256, .physicalGraphSHA256:
            return reader.digest(name).map(JSONText.quoted)
        case .schedulerJobID:
            return reader.text(name, atMost: SchedulerJob.longest).map(JSONText.quoted)
        case .lastError: return reader.text(name, atMost: 65_536).map(JSONText.quoted)
        default:
            if column.kind == .time { return reader.time(name).map { JSONText.quoted($0.iso8601()) } }
            if let words = words[column] { return reader.word(name, words).map(JSONText.quoted) }
            return reader.text(name, atMost: 4096).map(JSONText.quoted)
        }
    }

    /// The words that a column may have.
    static let words: [ExecutionColumn: [String]] = [
        .executionPhase: ExecutionPhase.allCases.map(\.rawValue),
        .controlPhase: ControlPhase.allCases.map(\.rawValue),
        .submissionState: SubmissionState.allCases.map(\.rawValue),
        .schedulerState: SchedulerState.allCases.map(\.rawValue),
        .daliugeState: DaliugeState.allCases.map(\.rawValue),
        .outputState: OutputState.allCases.map(\.rawValue),
        .terminalOutcome: TerminalOutcome.allCases.map(\.rawValue),
        .failureClass: FailureClass.allCases.map(\.rawValue),
    ]
}

// MARK: - Artifacts and observations

extension ExecutionDecoder {
    static let artifactMembers: Set<String> = [
        "kind", "storage_kind", "uri", "inline_json", "media_type", "sha256", "size_bytes", "producer_phase",
        "metadata",
    ]
    static let observationMembers: Set<String> = [
        "uuid", "kind", "normalized_state", "raw_state", "reason", "payload", "source_version", "observed_at",
    ]
    private static let mostArtifacts = 100

    private static func artifacts(_ reader: inout BodyReader) -> [ExecutionArtifact] {
        guard let node = reader.node("artifacts") else { return [] }
        guard node.kind == .array else { return reader.mistyped("artifacts", "an array of objects") ?? [] }
        var artifacts: [ExecutionArtifact] = []
        for (index, element) in node.elements.enumerated() {
            guard index < mostArtifacts else {
                return reader.refuse("artifacts", "too_many", "has more than \(mostArtifacts)") ?? []
            }
            var part = BodyReader(element, at: "artifacts[\(index)]", members: artifactMembers)
            if let artifact = artifact(&part) { artifacts.append(artifact) }
            reader.add(part)
        }
        return artifacts
    }

    private static func artifact(_ reader: inout BodyReader) -> ExecutionArtifact? {
        let kind = reader.word("kind", ExecutionArtifact.kinds, isRequired: true)
        let storage = reader.word("storage_kind", ExecutionArtifact.storageKinds, isRequired: true)
        let digest = reader.digest("sha256", isRequired: true)
        let uri = reader.text("uri", atMost: 4096)
        let inline = reader.node("inline_json").map { Array($0.rawBytes) }
        let (media, size) = (reader.text("media_type", atMost: 200), reader.integer("size_bytes"))
        let (phase, metadata) = (reader.text("producer_phase", atMost: 64), reader.object("metadata"))
        guard uri != nil || inline != nil else {
            return reader.refuse("uri", "missing", "is missing, and inline_json, too")
        }
        guard let kind, let storage, let digest else { return nil }
        return ExecutionArtifact(
            kind: kind,
            storageKind: storage,
            uri: uri,
            inlineJSON: inline,
            mediaType: media,
            sha256: digest,
            sizeBytes: size,
            producerPhase: phase,
            metadata: metadata ?? Array("{}".utf8)
        )
    }

    /// An observation; `minted` is its id if the body has none, `time` its moment if the body says none.
    static func observation(_ root: JSONNode, uuid minted: UUID128, at time: Timestamp)
        throws(OperatorFailure) -> ExecutionObservation
    {
        var reader = BodyReader(root, members: observationMembers)
        let word = reader.word("kind", ExecutionObservation.Kind.allCases.map(\.rawValue), isRequired: true)
        let kind = word.flatMap(ExecutionObservation.Kind.init) ?? .scheduler
        let raw = reader.text("raw_state", atMost: 4096)
        var state = reader.word("normalized_state", kind.states)
        // What Slurm says can be sent as it stands.
        if !reader.has("normalized_state"), kind == .scheduler, let raw {
            state = SchedulerState(slurm: raw).rawValue
        }
        if state == nil, !reader.has("normalized_state") {
            let _: Int? = reader.mistyped("normalized_state", "there")
        } else if reader.has("normalized_state"), reader.node("normalized_state") == nil {
            let _: Int? = reader.mistyped("normalized_state", "a text")
        }
        let uuid = reader.uuid("uuid") ?? minted
        let (reason, payload) = (reader.text("reason", atMost: 4096), reader.object("payload"))
        let version = reader.text("source_version", atMost: 200)
        let observed = reader.time("observed_at") ?? time
        try reader.finish()
        return ExecutionObservation(
            uuid: uuid,
            kind: kind,
            state: state ?? "unknown",
            rawState: raw,
            reason: reason,
            payload: payload ?? Array("{}".utf8),
            sourceVersion: version,
            observedAt: observed
        )
    }
}
