import Testing

@testable import Executions

/// Contract beampipe §5.4.
@Suite struct `The reconciliation table` {
    struct Row: Sendable, CustomTestStringConvertible {
        let number: Int
        let axes: Reconciliation.Axes
        var status: LedgerStatus?
        var outcome: TerminalOutcome?
        var mismatch: Reconciliation.Mismatch?

        var testDescription: String { "row \(number)" }
    }

    private static func axes(
        _ scheduler: SchedulerState = .notSubmitted,
        _ daliuge: DaliugeState = .notCreated,
        submission: SubmissionState = .submitted,
        output: OutputState = .notStarted,
        needsOutputs: Bool = false
    ) -> Reconciliation.Axes {
        Reconciliation.Axes(
            submission: submission,
            scheduler: scheduler,
            daliuge: daliuge,
            output: output,
            needsOutputs: needsOutputs
        )
    }

    private static let rows: [Row] = [
        Row(number: 1, axes: axes(.running, .running, output: .failed), status: .failed, outcome: .failed),
        Row(number: 1, axes: axes(submission: .failed), status: .failed, outcome: .failed),
        Row(number: 2, axes: axes(.succeeded, .failed), status: .failed, outcome: .failed),
        Row(
            number: 2,
            axes: axes(.running, .failed),
            status: .failed,
            outcome: .failed,
            mismatch: .daliugeFailedSchedulerActive
        ),
        Row(number: 3, axes: axes(.timedOut, .finished), status: .failed, outcome: .failed),
        Row(
            number: 3,
            axes: axes(.failed, .deploying),
            status: .failed,
            outcome: .failed,
            mismatch: .schedulerFailedDaliugeActive
        ),
        Row(
            number: 4,
            axes: axes(.succeeded, .running),
            status: .failed,
            outcome: .inconsistent,
            mismatch: .schedulerFinishedDaliugeActive
        ),
        Row(number: 5, axes: axes(.cancelled, .notCreated), status: .cancelled, outcome: .cancelled),
        Row(
            number: 5,
            axes: axes(.cancelled, .pristine),
            status: .cancelled,
            outcome: .inconsistent,
            mismatch: .partialCancellation
        ),
        Row(
            number: 5,
            axes: axes(.pending, .cancelled),
            status: .cancelled,
            outcome: .inconsistent,
            mismatch: .partialCancellation
        ),
        Row(number: 6, axes: axes(.succeeded, .finished), status: .completed, outcome: .succeeded),
        Row(number: 6, axes: axes(.notSubmitted, .finished), status: .completed, outcome: .succeeded),
        Row(
            number: 6,
            axes: axes(.succeeded, .finished, output: .pending, needsOutputs: true),
            status: .running
        ),
        Row(
            number: 6,
            axes: axes(.succeeded, .finished, output: .verified, needsOutputs: true),
            status: .completed,
            outcome: .succeeded
        ),
        Row(
            number: 7,
            axes: axes(.running, submission: .uncertain),
            status: .awaitingScheduler,
            mismatch: .submissionOutcomeUncertain
        ),
        Row(number: 8, axes: axes(.pending), status: .awaitingScheduler),
        Row(number: 9, axes: axes(.running), status: .running),
        Row(number: 9, axes: axes(.notSubmitted, .building), status: .running),
        Row(
            number: 10,
            axes: axes(.succeeded, .unreachable),
            status: .awaitingScheduler,
            mismatch: .schedulerFinishedDaliugeUnconfirmed
        ),
        Row(number: 11, axes: axes(.unknown), status: .awaitingScheduler),
        Row(number: 12, axes: axes()),
    ]

    @Test(arguments: rows) func `decides by the first row that fits`(row: Row) {
        let verdict = Reconciliation(row.axes)
        #expect(verdict.status == row.status)
        #expect(verdict.outcome == row.outcome)
        #expect(verdict.mismatch == row.mismatch)
    }

    @Test func `needs a person for two contradictions`() {
        #expect(
            Reconciliation.Mismatch.allCases.filter(\.needsOperator) == [
                .schedulerFinishedDaliugeActive, .partialCancellation,
            ]
        )
    }

    /// Contract beampipe §11.5.
    @Test(
        arguments: zip(
            [
                "CANCELLED by 1000", "OUT_OF_MEMORY", "COMPLETING", "SUSPENDED", "PENDING+RUNNING", "",
                "NOVEL",
            ],
            ["CANCELLED", "FAILED", "RUNNING", "PENDING", "RUNNING", "UNKNOWN", "UNKNOWN"]
        )
    )
    func `reads what Slurm says`(text: String, word: String) {
        #expect(SchedulerState(slurm: text).slurmWord == word)
    }

    /// Contract beampipe §5.1, §11.5.
    @Test func `reads composite job ids`() {
        let whole = SchedulerJob("s:123|/d")
        #expect([whole.session, whole.job, whole.directory] == ["s", "123", "/d"])
        let bare = SchedulerJob("12345")
        #expect([bare.session, bare.job, bare.directory] == [nil, "12345", nil])
        let short = SchedulerJob("s:9")
        #expect([short.session, short.job, short.directory] == ["s", "9", nil])
    }
}
