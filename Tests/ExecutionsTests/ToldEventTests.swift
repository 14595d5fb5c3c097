import Core
import Ingest
import Testing

@testable import Executions

/// The catalogue of contract beampipe §3.4, as far as Weir writes it: actor, correlation id, members of the payload.
@Suite struct `What is told of an execution` {
    private static let cause = ExecutionLedger.Cause(at: .epoch, request: "r-1")

    private static func execution(
        _ values: [ExecutionColumn: String] = [:],
        json: [ExecutionColumn: String] = [:]
    )
        -> Execution
    {
        var execution = Execution(new: UUID128("019e80f2-cd6f-7883-93e1-62b9ccd35cdf")!, at: .epoch)
        execution.set(.projectModule, "wallaby")
        execution.set(.archiveName, "a.tar")
        execution[.sources] = Array(#"[{"source_identifier":"S1"},{"source_identifier":"S2"}]"#.utf8)
        for (column, text) in values { execution.set(column, text) }
        for (column, text) in json { execution[column] = Array(text.utf8) }
        return execution
    }

    private static func change(_ status: LedgerStatus?, _ values: [ExecutionColumn: String] = [:])
        -> ExecutionChange
    {
        var change = ExecutionChange()
        change.status = status
        for (column, text) in values { change.values.updateValue(Array("\"\(text)\"".utf8), forKey: column) }
        return change
    }

    private static let payload = "from_status,to_status"
    private static let end = payload + ",source_identifiers,status,scheduler_job_id,daliuge_session_id"
    private static let record =
        #"{"beampipe_run_record":{"output_verification":{"artifact_id":"a1","inventory_schema":"v1"}}}"#

    /// An execution, its change, and what is told last: kind, actor, members of the payload.
    private static let told: [(Execution, ExecutionChange, String)] = [
        (execution(), change(.running), "execution.running system:execution \(payload)"),
        (
            execution([.status: "running"]), change(.awaitingScheduler),
            "execution.awaiting_scheduler system:execution \(payload)"
        ),
        (
            execution([.status: "running"]), change(nil, [.executionPhase: "submit"]),
            "execution.execute_started system:execution execution_phase"
        ),
        (
            execution([.status: "running"]), change(nil, [.submissionState: "uncertain"]),
            "execution.submission_uncertain system:execution error,submission_state,system_action"
        ),
        (
            execution([.status: "running", .daliugeState: "running"]),
            change(nil, [.schedulerState: "succeeded"]),
            "execution.reconciliation_mismatch system:reconciler "
                + "code,message,requires_operator,previous_control_phase,scheduler_state,daliuge_state"
        ),
        (
            execution([.status: "failed"]), change(.retrying),
            "execution.retry_requested system:execution \(payload),retry_count,stage,reason,job_id,system_action"
        ),
        (execution([.status: "running"]), change(.failed), "execution.failed system:execution \(end),error"),
        (execution([.status: "running"]), change(.cancelled), "execution.cancelled system:execution \(end)"),
        (
            execution([.status: "running"]), change(.notSubmitted),
            "execution.not_submitted system:execution \(end)"
        ),
        (execution([.status: "running"]), change(.completed), "execution.completed system:execution \(end)"),
        (
            execution(
                [.status: "running", .outputState: "verified"],
                json: [
                    .outputVerificationRequired: "true", .workflowManifest: record,
                    .phaseTimestamps: #"{"outputs_verified":"x"}"#,
                ]
            ),
            change(.completed),
            "execution.completed system:execution \(end),completion_gate,output_inventory_artifact_id"
        ),
        (
            execution([.status: "running"], json: [.workflowManifest: record]),
            change(nil, [.outputState: "verified"]),
            "execution.outputs_verified system:execution "
                + "artifact_id,inventory_sha256,report_sha256,destination_uri,inventory_schema"
        ),
    ]

    private static func summary(_ event: OutboxEvent) throws -> String {
        let detail = try JSONDocument(event.detail).root
        #expect(detail["project"]?.string == "wallaby")
        #expect(detail["source_identifier"]?.string == "S1")
        #expect(detail["correlation_id"]?.string == "r-1")
        let members = detail["payload"]?.members.compactMap { $0.key.string } ?? []
        return "\(event.kind) \(detail["actor"]?.string ?? "nobody") \(members.joined(separator: ","))"
    }

    @Test func `has the actors and members of the catalogue`() throws {
        for (execution, change, expected) in Self.told {
            var ledger = ExecutionLedger(execution, Self.cause)
            try ledger.apply(change)
            #expect(try ledger.events.last.map(Self.summary) == expected)
        }
        var new = ExecutionLedger(Self.execution(), Self.cause)
        new.create()
        #expect(
            try new.events.map(Self.summary) == [
                "execution.created system:api "
                    + "archive_name,sources,output_verification_required,output_verification_policy"
            ]
        )
    }

    /// Contract beampipe §10 row 12: verification and completion are told once, a repetition adds nothing.
    @Test func `is told once of outputs, whatever is repeated`() throws {
        var ledger = ExecutionLedger(
            Self.execution(
                [.status: "running", .daliugeState: "finished", .outputState: "pending"],
                json: [.outputVerificationRequired: "true", .workflowManifest: Self.record]
            ),
            Self.cause
        )
        for _ in 0..<3 { try ledger.apply(Self.change(nil, [.outputState: "verified"])) }
        #expect(ledger.events.map(\.kind) == ["execution.completed", "execution.outputs_verified"])
        let verified = try JSONDocument(ledger.events[1].detail).root["payload"]
        #expect(verified?["artifact_id"]?.string == "a1")
        #expect(verified?["inventory_schema"]?.string == "v1")
    }
}
