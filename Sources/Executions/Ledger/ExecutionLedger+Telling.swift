internal import Core
internal import Ingest

// MARK: - What is told of a change. Contract beampipe §3.4.

extension ExecutionLedger {
    /// Who did it, in the words of the contract. Contract beampipe §3.4.
    enum Actor {
        static let api = "system:api"
        static let execution = "system:execution"
        static let reconciler = "system:reconciler"
    }

    mutating func tellStatus(from before: LedgerStatus, to after: LedgerStatus, _ reason: String?) {
        guard let kind = after.outboxKind else { return }
        tell(kind, by: Actor.execution) { payload, execution in
            payload.member("from_status", before.rawValue)
            payload.member("to_status", after.rawValue)
            if after == .retrying {
                payload.member("retry_count", execution.retryCount)
                payload.member("stage", execution.text(.executionPhase))
                payload.member("reason", reason)
                // Weir has no jobs; its backend takes the execution up again.
                payload.member("job_id", raw: Array("null".utf8))
                payload.member("system_action", "The execution is open again, and its axes are fresh.")
            }
            guard after.isTerminal else { return }
            payload.array("source_identifiers") { list in
                for source in execution.sourceIdentifiers { list.value(source) }
            }
            payload.member("status", after.rawValue)
            payload.member("scheduler_job_id", execution.text(.schedulerJobID))
            payload.member("daliuge_session_id", execution.text(.daliugeSessionID))
            if after == .failed { payload.member("error", execution.text(.lastError)) }
            if after == .completed, execution.needsOutputs {
                let verification = execution.runRecord?["output_verification"]
                payload.member("completion_gate", "output_verification")
                payload.member("output_inventory_artifact_id", verification?["artifact_id"]?.string)
            }
        }
    }

    /// What happened beside the status.
    mutating func tellSteps(_ before: Execution) {
        if execution.text(.executionPhase) == ExecutionPhase.submit.rawValue,
            before[.executionPhase] != execution[.executionPhase]
        {
            tell("execution.execute_started", by: Actor.execution) { payload, _ in
                payload.member("execution_phase", ExecutionPhase.submit.rawValue)
            }
        }
        if execution.axes.submission == .uncertain, before.axes.submission != .uncertain {
            tell("execution.submission_uncertain", by: Actor.execution) { payload, execution in
                payload.member("error", execution.text(.lastError))
                payload.member("submission_state", SubmissionState.uncertain.rawValue)
                payload.member("system_action", "The execution waits until it is known.")
            }
        }
        let wasVerified = before.tree(.phaseTimestamps)?["outputs_verified"] != nil
        if execution.axes.output == .verified, !wasVerified {
            tell("execution.outputs_verified", by: Actor.execution) { payload, execution in
                let verification = execution.runRecord?["output_verification"]
                let names = [
                    "artifact_id", "inventory_sha256", "report_sha256", "destination_uri", "inventory_schema",
                ]
                for name in names { payload.member(name, verification?[name]?.string) }
            }
        }
    }

    mutating func tell(
        _ kind: String,
        by actor: String,
        _ write: (_ payload: inout JSONWriter, _ execution: Execution) -> Void
    ) {
        events.append(
            OutboxEvent(kind, execution, actor: actor, at: cause.at, request: cause.request) { payload in
                write(&payload, execution)
            }
        )
    }
}
