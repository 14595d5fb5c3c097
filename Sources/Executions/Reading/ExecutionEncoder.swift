internal import Core
internal import Notifications

/// Turns executions into JSON. Secrets are masked everywhere (D32). Contract beampipe §5.2, §6.6.
enum ExecutionEncoder {
    /// `ExecutionRead`: the columns, the run record, and where to look.
    static func read(_ execution: Execution, to writer: inout JSONWriter) {
        writer.object { body in
            for column in ExecutionColumn.read {
                write(column, of: execution, to: &body)
                if column == .workflowManifest { runRecord(execution, to: &body) }
            }
            DebugFields(execution).write(to: &body)
            ExecutionTraceIDs(execution).write(to: &body)
        }
    }

    /// A row of a list.
    static func raw(_ execution: Execution, to writer: inout JSONWriter) {
        writer.object { body in
            for column in ExecutionColumn.raw { write(column, of: execution, to: &body) }
        }
    }

    /// How an execution stands. `now` measures one that runs.
    static func status(_ execution: Execution, at now: Timestamp, to writer: inout JSONWriter) {
        let record = execution.runRecord
        let slurm = record?["slurm"]?["last_observation"]
        let dim = record?["dim"]?["last_observation"]
        let session = dim?["session_state"]?.string.flatMap { $0 == "unknown" ? nil : $0 }
        let times = [slurm, dim].compactMap { $0?["observed_at"]?.string.flatMap { Timestamp(lenient: $0) } }
        let isUndated = slurm != nil || dim != nil
        let seenAt = times.max() ?? (isUndated ? execution.time(.lastReconciledAt) : nil)
        writer.object { body in
            for column in Self.statusColumns { write(column, of: execution, to: &body) }
            body.member("slurm_state", slurm?["state"]?.string)
            body.member("dim_state", session ?? execution.text(.daliugeState))
            body.member("last_observation_at", seenAt, offset: .z)
            body.member("duration_seconds", seconds(execution, at: now))
        }
    }

    /// The columns of a status.
    static let statusColumns: [ExecutionColumn] = [
        .uuid, .projectModule, .archiveName, .status, .executionPhase, .schedulerName, .schedulerJobID,
        .daliugeSessionID, .controlPhase, .submissionState, .schedulerState, .schedulerRawState,
        .schedulerReason,
        .daliugeState, .outputState, .terminalOutcome, .failureClass, .phaseTimestamps, .lastReconciledAt,
        .lastError,
        .retryCount, .startedAt, .completedAt, .createdAt,
    ]

    private static func seconds(_ execution: Execution, at now: Timestamp) -> Double? {
        guard let start = execution.time(.startedAt) else { return nil }
        return max(0, ((execution.time(.completedAt) ?? now) - start) / .seconds(1))
    }

    static func summary(_ execution: Execution, to writer: inout JSONWriter) {
        let sources = execution.sourceIdentifiers
        writer.object { body in
            for column in [ExecutionColumn.uuid, .projectModule, .archiveName, .status] {
                write(column, of: execution, to: &body)
            }
            body.member("requested_source_count", sources.count)
            body.array("requested_source_identifiers") { list in
                for source in sources { list.value(source) }
            }
            let rest: [ExecutionColumn] = [
                .schedulerName, .schedulerJobID, .daliugeSessionID, .controlPhase, .schedulerState,
                .daliugeState,
                .terminalOutcome, .lastError,
            ]
            for column in rest { write(column, of: execution, to: &body) }
        }
    }

    /// The ledger in short, with what the run record says of each part. Contract beampipe §5.2, §5.5.
    static func snapshot(
        _ execution: Execution,
        events: [[UInt8]],
        withManifest: Bool,
        to writer: inout JSONWriter
    ) {
        writer.object { body in
            let head: [ExecutionColumn] = [
                .uuid, .status, .executionPhase, .schedulerName, .schedulerJobID,
            ]
            for column in head { write(column, of: execution, to: &body) }
            if let request = execution.text(.correlationID) { body.member("correlation_id", request) }
            if withManifest { write(.workflowManifest, of: execution, to: &body) }
            write(.lastError, of: execution, to: &body)
            phases(execution, to: &body)
            body.object("provenance_summary") { summary in
                summary.member("config_version", raw: execution[.projectConfigVersion] ?? null)
                summary.member("discovery_signature", execution.text(.discoverySignature))
                summary.array("recent_events") { list in
                    for event in events { list.raw(Redaction.masked(event)) }
                }
            }
        }
    }

    private static func phases(_ execution: Execution, to body: inout JSONWriter) {
        let record = execution.runRecord
        body.object("run_record_phases") { phases in
            for name in ["slurm", "dim", "scheduler", "slurm_poll", "dim_poll"] {
                guard let part = record?[name] else { continue }
                phases.object(name) { phase in
                    phase.member("last_at", (part["started_at"] ?? part["submitted_at"])?.string)
                    phase.member("state", raw: masked(part["state"] ?? part["terminal"]))
                    phase.member("round", raw: masked(part["round"]))
                }
            }
            if let sources = record?["requested_sources"] {
                phases.member("requested_sources", raw: masked(sources))
            }
        }
    }

    // MARK: - Pieces

    private static let null = Array("null".utf8)

    private static func runRecord(_ execution: Execution, to body: inout JSONWriter) {
        body.member(RunRecord.member, raw: masked(execution.runRecord))
    }

    private static func masked(_ tree: JSONTree?) -> [UInt8] {
        tree.map { Redaction.masked($0.bytes) } ?? null
    }

    private static func write(_ column: ExecutionColumn, of execution: Execution, to body: inout JSONWriter) {
        let name = column.rawValue
        switch column.kind {
        case .time: body.member(name, execution.time(column), offset: .z)
        case .json: body.member(name, raw: execution[column].map(Redaction.masked) ?? null)
        case .text: body.member(name, execution.text(column).map { Redaction.masked(text: $0) })
        case .uuid, .integer, .flag: body.member(name, raw: execution[column] ?? null)
        }
    }
}
