import Core
import Testing

@testable import Nextflow

@Suite struct `Counts of completions` {
    private func group(
        _ process: VerbatimText = "P",
        attempt: Int64 = 1,
        status: VerbatimText = "COMPLETED",
        exit: VerbatimText = "0",
        action: VerbatimText = "",
        rows: Int64 = 1,
        at seconds: Int = 0
    ) -> CompletionGroup {
        CompletionGroup(
            process: process,
            attempt: attempt,
            status: status,
            exit: exit,
            errorAction: action,
            rows: rows,
            lastUTC: Timestamp.epoch.adding(seconds: seconds)
        )
    }

    @Test func `other statuses than success and failure count in totals only`() {
        let tallies = CompletionTallies(
            ["COMPLETED", "FAILED", "ABORTED", "CACHED", "", "completed"].map { group(status: $0, rows: 2) }
        )
        #expect(tallies.total.rows == 12)
        #expect(tallies.total.succeeded == 2)
        #expect(tallies.total.failed == 4)
    }

    @Test func `attempts above one are retries`() {
        let tallies = CompletionTallies([
            group(attempt: 0), group(attempt: 1), group(attempt: 2), group(attempt: 3, status: "ABORTED"),
            group(attempt: 4, status: ""),
        ])
        #expect(tallies.total.retried == 3)
        #expect(tallies.total.retriedAndSucceeded == 1)
        #expect(tallies.total.retriedAndFailed == 1)
        #expect(tallies.total.maxAttempt == 4)
        #expect(tallies.attempts.map(\.attempt) == [0, 1, 2, 3, 4])
    }

    @Test func `the latest time is the latest of all groups`() {
        let tallies = CompletionTallies([group(at: 5), group("Q", at: 9), group(at: 7)])
        #expect(tallies.total.lastUTC == Timestamp.epoch.adding(seconds: 9))
        #expect(CompletionTallies([]).total.lastUTC == nil)
    }

    @Test func `processes that differ in their bytes only are two`() {
        let tallies = CompletionTallies([group("\u{E9}"), group("e\u{301}")])
        #expect(tallies.processCount == 2)
    }

    @Test func `failures rank by count, share, total and then the bytes of the name`() {
        let tallies = CompletionTallies([
            group("c", status: "FAILED", rows: 2), group("c", rows: 2),
            group("b", status: "FAILED", rows: 2), group("b", rows: 1),
            group("a", status: "FAILED", rows: 3), group("a", rows: 30),
            group("z"), group("Z"), group("é"), group("y", rows: 2),
        ])
        let names = tallies.processesByFailures(minSamples: 1, limit: 10).map(\.process.string)
        #expect(names == ["a", "b", "c", "y", "Z", "z", "é"])
        #expect(tallies.processesByFailures(minSamples: 2, limit: 2).map(\.process.string) == ["a", "b"])
        #expect(tallies.processesByFailures(minSamples: 34, limit: 2).isEmpty)
    }

    @Test func `shares that are shown alike rank by the total`() {
        let tallies = CompletionTallies([
            group("a", status: "FAILED"), group("a", rows: 30000),
            group("b", status: "FAILED"), group("b", rows: 40000),
        ])
        #expect(tallies.processesByFailures(minSamples: 1, limit: 2).map(\.process.string) == ["b", "a"])
    }

    @Test func `the most frequent exit code decides, then the least text`() {
        let tallies = CompletionTallies([
            group(status: "FAILED", exit: "137", action: "RETRY"),
            group(status: "FAILED", exit: "1", rows: 2),
            group(status: "ABORTED", exit: "137"), group(exit: "0", rows: 9),
        ])
        let shown = tallies.processesByFailures(minSamples: 1, limit: 1)
        #expect(tallies.modes(of: shown)["P"]?.exit == "1")
        #expect(tallies.modes(of: shown)["P"]?.action == "RETRY")
        #expect(tallies.exitCodes(limit: 5).map(\.value.string) == ["1", "137"])
        #expect(tallies.exitCodes(limit: 1).map(\.failures) == [2])
    }

    @Test func `a process without failures has no modes`() {
        let tallies = CompletionTallies([group()])
        let modes = tallies.modes(of: tallies.processesByFailures(minSamples: 1, limit: 1))
        #expect(modes["P"]?.exit == nil)
        #expect(modes["P"]?.action == nil)
    }

    @Test func `signatures add error actions up unless they are asked for`() {
        let tallies = CompletionTallies([
            group(status: "FAILED", exit: "1", action: "RETRY"), group(status: "FAILED", exit: "1"),
            group("A", status: "FAILED", exit: "1", action: "RETRY"),
        ])
        #expect(tallies.signatures(withAction: false, limit: 9).map(\.failures) == [2, 1])
        let split = tallies.signatures(withAction: true, limit: 9)
        #expect(split.map(\.value.process.string) == ["A", "P", "P"])
        #expect(split.map { $0.value.errorAction?.string } == ["RETRY", "", "RETRY"])
    }
}
