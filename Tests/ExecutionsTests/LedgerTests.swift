import Core
import Ingest
import Testing

@testable import Executions

/// Contract beampipe §5.3, §10 row 29.
@Suite struct `The ledger` {
    private static let time = Timestamp(iso8601: Array("2026-11-20T22:03:53.440986Z".utf8)[...]) ?? .epoch
    private static let cause = ExecutionLedger.Cause(at: time, request: "r-1")

    private static func execution(
        _ status: LedgerStatus = .pending,
        _ more: [ExecutionColumn: String] = [:]
    ) -> Execution {
        var execution = Execution(new: UUID128("019e80f2-cd6f-7883-93e1-62b9ccd35cdf")!, at: time)
        execution.set(.projectModule, "wallaby")
        execution.set(.archiveName, "a.tar")
        execution[.sources] = Array(#"[{"source_identifier":"S1"},{"source_identifier":"S2"}]"#.utf8)
        execution.set(.status, status.rawValue)
        for (column, text) in more { execution.set(column, text) }
        return execution
    }

    private static func change(_ status: LedgerStatus?, _ values: [ExecutionColumn: String] = [:])
        -> ExecutionChange
    {
        var change = ExecutionChange()
        change.status = status
        for (column, text) in values {
            change.values.updateValue(Array("\"\(text)\"".utf8), forKey: column)
        }
        return change
    }

    private static let table: [(from: LedgerStatus, next: [LedgerStatus])] = [
        (.pending, [.running, .cancelled, .failed]),
        (.running, [.awaitingScheduler, .completed, .notSubmitted, .failed, .cancelled]),
        (.awaitingScheduler, [.running, .completed, .failed, .cancelled]),
        (.notSubmitted, [.running, .cancelled]),
        (.failed, [.retrying, .running, .cancelled]),
        (.retrying, [.running, .failed, .cancelled]),
        (.completed, []),
        (.cancelled, []),
    ]

    @Test(arguments: LedgerStatus.allCases) func `allows what the table allows`(from: LedgerStatus) throws {
        let next = try #require(Self.table.first { $0.from == from }).next
        for wish in LedgerStatus.allCases where wish != from {
            var ledger = ExecutionLedger(Self.execution(from), Self.cause)
            let isFinal = from == .completed || from == .cancelled
            if next.contains(wish) {
                try ledger.apply(Self.change(wish))
                #expect(ledger.execution.status == wish)
                #expect(ledger.events.count == 1, "\(from) to \(wish)")
            } else if isFinal {
                try ledger.apply(Self.change(wish, [.schedulerJobID: "7"]))
                #expect(ledger.execution.status == from)
                #expect(ledger.execution.text(.schedulerJobID) == "7")
                #expect(ledger.events == [])
            } else {
                #expect(throws: ExecutionLedger.Refusal.self) { try ledger.apply(Self.change(wish)) }
            }
        }
    }

    @Test func `is over in four statuses`() {
        #expect(
            LedgerStatus.allCases.filter(\.isTerminal) == [.notSubmitted, .completed, .failed, .cancelled]
        )
    }

    @Test func `sets times once, counts retries, and forgets an error when it is mended`() throws {
        var ledger = ExecutionLedger(Self.execution(), Self.cause)
        try ledger.apply(Self.change(.running))
        #expect(ledger.execution.text(.startedAt) == "2026-11-20T22:03:53.440986Z")
        try ledger.apply(Self.change(.failed, [.lastError: "boom", .schedulerState: "failed"]))
        #expect(ledger.execution.text(.completedAt) == "2026-11-20T22:03:53.440986Z")
        #expect(ledger.execution.text(.terminalOutcome) == "failed")
        #expect(ledger.execution.text(.controlPhase) == "terminal")
        try ledger.apply(Self.change(.retrying))
        #expect(ledger.execution.retryCount == 1)
        #expect(ledger.execution.text(.schedulerState) == "not_submitted")
        #expect(ledger.execution.text(.lastError) == "boom")
        #expect(ledger.execution[.terminalOutcome] == nil && ledger.execution[.completedAt] == nil)
        try ledger.apply(Self.change(.running))
        #expect(ledger.execution[.lastError] == nil)
        try ledger.apply(Self.change(.completed))
        #expect(ledger.execution.text(.terminalOutcome) == "succeeded")
        #expect(
            ledger.execution.tree(.phaseTimestamps)?["retry_1"]?.string == "2026-11-20T22:03:53.440986+00:00"
        )
        #expect(
            ledger.events.map(\.kind) == [
                "execution.running", "execution.failed", "execution.retry_requested", "execution.running",
                "execution.completed",
            ]
        )
    }

    @Test func `keeps the phase that comes with the end`() throws {
        var ledger = ExecutionLedger(Self.execution(.running, [.executionPhase: "submit"]), Self.cause)
        try ledger.apply(Self.change(.failed))
        #expect(ledger.execution[.executionPhase] == nil)
        ledger = ExecutionLedger(Self.execution(.running, [.executionPhase: "submit"]), Self.cause)
        try ledger.apply(Self.change(.failed, [.executionPhase: "submit"]))
        #expect(ledger.execution.text(.executionPhase) == "submit")
    }

    @Test func `follows its axes, over running where a status has to come first`() throws {
        var ledger = ExecutionLedger(Self.execution(), Self.cause)
        try ledger.apply(Self.change(nil, [.schedulerState: "pending"]))
        #expect(ledger.execution.status == .awaitingScheduler)
        #expect(ledger.events.map(\.kind) == ["execution.running", "execution.awaiting_scheduler"])
        try ledger.apply(Self.change(nil, [.schedulerState: "running"]))
        try ledger.apply(Self.change(nil, [.schedulerState: "running"]))
        try ledger.apply(Self.change(.running))
        #expect(ledger.events.map(\.kind).suffix(1) == ["execution.running"])
        #expect(ledger.events.count == 3)
    }

    @Test func `infers the session of a Slurm job that succeeded`() throws {
        var ledger = ExecutionLedger(Self.execution(.running, [.schedulerName: "slurm"]), Self.cause)
        try ledger.apply(Self.change(nil, [.schedulerState: "succeeded"]))
        #expect(ledger.execution.text(.daliugeState) == "finished")
        #expect(ledger.execution.status == .completed)
    }

    @Test func `tells a contradiction once as long as it lasts`() throws {
        var ledger = ExecutionLedger(Self.execution(.running), Self.cause)
        for _ in 0..<3 {
            try ledger.apply(Self.change(nil, [.schedulerState: "succeeded", .daliugeState: "unknown"]))
            try ledger.apply(Self.change(nil, [.daliugeState: "unreachable"]))
        }
        #expect(
            ledger.events.map(\.kind) == [
                "execution.awaiting_scheduler", "execution.reconciliation_mismatch",
            ]
        )
    }

    @Test func `keeps the end of a job when the manifest is replaced`() throws {
        var execution = Self.execution(.running)
        execution[.workflowManifest] = Array(
            #"{"a":1,"beampipe_run_record":{"slurm":{"terminal":{"state":"FAILED"}}}}"#.utf8
        )
        var ledger = ExecutionLedger(execution, Self.cause)
        var change = ExecutionChange()
        let new = #"{"b":2,"beampipe_run_record":{"slurm":{"terminal":{"state":"X"},"session_id":"s"}}}"#
        change.values.updateValue(Array(new.utf8), forKey: .workflowManifest)
        try ledger.apply(change)
        #expect(
            ledger.execution[.workflowManifest].map { String(decoding: $0, as: UTF8.self) }
                == #"{"b":2,"beampipe_run_record":{"slurm":{"terminal":{"state":"FAILED"},"session_id":"s"}}}"#
        )
    }

    @Test func `marks what contradicts itself at the end`() throws {
        var ledger = ExecutionLedger(Self.execution(.running, [.daliugeState: "running"]), Self.cause)
        try ledger.apply(Self.change(nil, [.schedulerState: "succeeded"]))
        #expect(ledger.execution.status == .failed)
        #expect(ledger.execution.text(.terminalOutcome) == "inconsistent")
        #expect(ledger.execution.text(.failureClass) == "inconsistent_state")
        #expect(
            ledger.events.map(\.kind) == ["execution.failed", "execution.reconciliation_mismatch"]
        )
    }

    @Test func `is not complete before required outputs are verified`() throws {
        var execution = Self.execution(.running, [.outputState: "pending"])
        execution[.outputVerificationRequired] = Array("true".utf8)
        var ledger = ExecutionLedger(execution, Self.cause)
        #expect(throws: ExecutionLedger.Refusal.self) { try ledger.apply(Self.change(.completed)) }
        ledger = ExecutionLedger(execution, Self.cause)
        try ledger.apply(Self.change(nil, [.daliugeState: "finished"]))
        #expect(ledger.execution.status == .running)
        try ledger.apply(Self.change(nil, [.outputState: "verified"]))
        #expect(ledger.execution.status == .completed)
        #expect(
            ledger.events.map(\.kind) == ["execution.completed", "execution.outputs_verified"]
        )
        // Once complete, its outputs stay verified.
        #expect(throws: ExecutionLedger.Refusal.self) {
            try ledger.apply(Self.change(nil, [.outputState: "failed"]))
        }
    }

    @Test func `is not held by a clock that is a day ahead`() throws {
        func observe(_ state: String, seen: Int, came: Int, _ execution: Execution) throws -> Execution {
            let cause = ExecutionLedger.Cause(at: Self.time.adding(seconds: came), request: nil)
            var ledger = ExecutionLedger(execution, cause)
            try ledger.observe(
                ExecutionObservation(
                    uuid: .random(),
                    kind: .scheduler,
                    state: state,
                    payload: [],
                    observedAt: Self.time.adding(seconds: seen)
                )
            )
            return ledger.execution
        }
        var execution = try observe("running", seen: 86_400, came: 0, Self.execution(.running))
        execution = try observe("pending", seen: 59, came: 59, execution)
        #expect(execution.text(.schedulerState) == "running")
        execution = try observe("pending", seen: 61, came: 61, execution)
        #expect(execution.text(.schedulerState) == "pending")
    }

    @Test func `moves an axis by its newest observation, and an execution that is over by none`() throws {
        func seen(_ state: String, _ seconds: Int) -> ExecutionObservation {
            ExecutionObservation(
                uuid: .random(),
                kind: .scheduler,
                state: state,
                rawState: nil,
                reason: nil,
                payload: [],
                sourceVersion: nil,
                observedAt: Self.time.adding(seconds: seconds)
            )
        }
        var ledger = ExecutionLedger(Self.execution(.running), Self.cause)
        try ledger.observe(seen("running", 10))
        try ledger.observe(seen("pending", 5))
        #expect(ledger.execution.text(.schedulerState) == "running")
        try ledger.observe(seen("failed", 20))
        try ledger.observe(seen("running", 30))
        #expect(ledger.execution.status == .failed)
        #expect(ledger.execution.text(.schedulerState) == "failed")
    }

    @Test func `tells with the names that provenance and alerts read, and without secrets`() throws {
        var ledger = ExecutionLedger(Self.execution(.running), Self.cause)
        try ledger.apply(Self.change(.failed, [.lastError: "get http://h?token=abc&x=1"]))
        let detail = String(decoding: ledger.events[0].detail, as: UTF8.self)
        #expect(
            detail == """
                {"project":"wallaby","source_identifier":"S1","source_identifiers":["S1","S2"],\
                "execution_id":"019e80f2-cd6f-7883-93e1-62b9ccd35cdf","actor":"system:execution","correlation_id":"r-1",\
                "trace_id":"019e80f2cd6f788393e162b9ccd35cdf",\
                "occurred_at":"2026-11-20T22:03:53.440986Z","pipeline":"019e80f2-cd6f-7883-93e1-62b9ccd35cdf",\
                "pipeline_name":"a.tar","error":"get http://h?token=[REDACTED]&x=1","payload":{"from_status":"running",\
                "to_status":"failed","source_identifiers":["S1","S2"],"status":"failed","scheduler_job_id":null,\
                "daliuge_session_id":null,"error":"get http://h?token=[REDACTED]&x=1"}}
                """
        )
        #expect(ledger.events[0].subject == "019e80f2-cd6f-7883-93e1-62b9ccd35cdf")
    }
}
