import Core
import Testing

@testable import Pipelines

@Suite("How a stage changes")
struct StageTransitionTests {
    private static let now = Timestamp(microseconds: 1_000_000_000)
    private static let begun = Timestamp(microseconds: 900_000_000)

    private func stage(_ status: StageStatus, attempt: Int = 0, retries: Int = 0, interval: Int = 0)
        -> StageState
    {
        var stage = StageState(id: 1, pipelineID: 1, name: "s")
        stage.status = status
        stage.startedAt = status == .notStarted ? nil : Self.begun
        stage.retryAttempt = attempt
        stage.maxRetries = retries
        stage.retryInterval = interval
        return stage
    }

    private func after(_ change: StageChange, _ stage: StageState) -> String {
        switch StageTransition.apply(change, to: stage, at: Self.now) {
        case .changed(_, let next): next.status.rawValue
        case .unchanged: "unchanged"
        case .notActive: "not active"
        }
    }

    /// What becomes of a stage in each status: NotStarted, Pending, Running, RetryScheduled, Completed, Failed, Skipped.
    private static let table: [(StageChange, [String])] = [
        (
            .dispatched,
            ["Pending", "not active", "not active", "Pending", "not active", "not active", "not active"]
        ),
        (
            .result(isSuccess: true),
            ["not active", "Completed", "Completed", "not active", "not active", "not active", "not active"]
        ),
        (
            .result(isSuccess: false),
            ["not active", "Failed", "Failed", "not active", "not active", "not active", "not active"]
        ),
        (
            .status(.running),
            ["Running", "Running", "unchanged", "Running", "not active", "not active", "not active"]
        ),
        (
            .status(.failed),
            ["Failed", "Failed", "Failed", "Failed", "not active", "unchanged", "not active"]
        ),
        (
            .rerun,
            ["unchanged", "NotStarted", "NotStarted", "NotStarted", "NotStarted", "NotStarted", "NotStarted"]
        ),
        (.skip, ["Skipped", "Skipped", "Skipped", "Skipped", "Skipped", "Skipped", "unchanged"]),
        (
            .expired(begun),
            ["not active", "Failed", "not active", "not active", "not active", "not active", "not active"]
        ),
    ]

    @Test func `follows the table`() {
        for (change, expected) in Self.table {
            let got = StageStatus.allCases.map { after(change, stage($0)) }
            #expect(got == expected, "\(change)")
        }
    }

    @Test func `repeats a failure while there are retries and an interval`() {
        #expect(
            after(.result(isSuccess: false), stage(.running, attempt: 1, retries: 2, interval: 5))
                == "RetryScheduled"
        )
        #expect(
            after(.result(isSuccess: false), stage(.running, attempt: 2, retries: 2, interval: 5)) == "Failed"
        )
        #expect(after(.result(isSuccess: false), stage(.running, retries: 2)) == "Failed")
        #expect(after(.result(isSuccess: false), stage(.running, interval: 5)) == "Failed")
        let failed = stage(.running, attempt: 1, retries: 2, interval: 5)
        guard
            case .changed(_, let next) = StageTransition.apply(
                .result(isSuccess: false),
                to: failed,
                at: Self.now
            )
        else { return #expect(Bool(false)) }
        #expect(next.retryAttempt == 2)
        #expect(next.nextRetryAt == Timestamp(microseconds: 1_005_000_000))
        #expect(next.finishedAt == Self.now)
    }

    @Test func `does not end an attempt that began later than the one that expired`() {
        #expect(after(.expired(Timestamp(microseconds: 1)), stage(.pending)) == "not active")
    }

    @Test func `begins an attempt when it is handed out, and clears it for a rerun`() {
        guard
            case .changed(_, let begun) = StageTransition.apply(
                .dispatched,
                to: stage(.retryScheduled),
                at: Self.now
            ),
            case .changed(_, let running) = StageTransition.apply(
                .status(.running),
                to: begun,
                at: Self.now + .seconds(9)
            ),
            case .changed(_, let again) = StageTransition.apply(.rerun, to: running, at: Self.now)
        else { return #expect(Bool(false)) }
        #expect(begun.startedAt == Self.now)
        #expect(running.startedAt == Self.now)
        #expect(again == StageState(id: 1, pipelineID: 1, name: "s"))
    }
}

@Suite("What stages make of a pipeline")
struct PipelineStateTests {
    private static let shown: [(String, PipelineStatus)] = [
        ("", .notStarted), ("N", .notStarted), ("NN", .notStarted), ("PN", .running), ("CN", .running),
        ("SN", .running), ("FN", .failed), ("FR", .running), ("FT", .running), ("CC", .completed),
        ("CS", .completed), ("CF", .failed), ("TN", .running),
    ]

    private static func status(_ letter: Character) -> StageStatus {
        switch letter {
        case "P": .pending
        case "R": .running
        case "T": .retryScheduled
        case "C": .completed
        case "F": .failed
        case "S": .skipped
        default: .notStarted
        }
    }

    @Test func `is shown by the table`() {
        for (letters, expected) in Self.shown {
            #expect(PipelineStatus(of: letters.map(Self.status)) == expected, "\(letters)")
        }
    }

    private func state(_ letters: String, wasStarted: Bool = false) -> PipelineState {
        let stages = letters.enumerated().map { place, letter in
            var stage = StageState(id: Int64(place), pipelineID: 1, name: "s")
            stage.status = Self.status(letter)
            if stage.status.isOver { stage.finishedAt = Timestamp(microseconds: Int64(place + 1)) }
            return stage
        }
        return PipelineState(of: stages, wasStarted: wasStarted)
    }

    @Test func `is over with the first failure for good, at its time`() {
        #expect(state("CFRF").status == .failed)
        #expect(state("CFRF").finishedAt == Timestamp(microseconds: 2))
        #expect(state("CFRF").isCompleted)
    }

    @Test func `is over when all stages are done, at the last one's time`() {
        #expect(state("CSC").status == .completed)
        #expect(state("CSC").finishedAt == Timestamp(microseconds: 3))
        #expect(!state("CSN").isCompleted)
    }

    @Test func `runs from its first stage on, also when all are done again`() {
        #expect(state("NN").status == .notStarted)
        #expect(state("NN", wasStarted: true).status == .running)
    }
}
