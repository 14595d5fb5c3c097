import Core
import Ingest
import Postgres
import TestKit
import Testing

@testable import Nextflow

@Suite struct `What is measured of Nextflow` {
    private static func measure<Value>(
        _ harness: ProjectionHarness,
        at moment: String,
        _ body: (NextflowMeasurements) throws -> Value
    ) throws -> Value {
        try Connection.withTemporary(harness.database.target) { connection in
            try ReadSnapshot.read(connection) { _ in
                try body(
                    NextflowMeasurements(
                        connection: connection,
                        now: Timestamp(iso8601: moment)!,
                        staleAfter: RunSilence(weblog: .seconds(3600))
                    )
                )
            }
        }
    }

    private static func task(
        _ id: Int,
        _ process: String,
        _ status: String,
        _ more: String = "",
        attempt: Int = 1,
        at time: String = "2026-11-20T22:06:36Z"
    ) -> String {
        Body.task(
            id: "\(id)",
            process: process,
            status: status,
            attempt: "\(attempt)",
            hash: "ab/\(id)",
            more: more,
            at: time
        )
    }

    private static func started(_ name: String, at time: String) -> String {
        Body.event(
            "started",
            name: name,
            at: time,
            metadata: #"{"workflow":{"start":"\#(time)","projectName":"acme/qc"}}"#
        )
    }

    @Test(arguments: ["2026-11-20T22:00:00Z", "2026-11-20T21:17:03Z", "2026-10-21T22:00:00Z"])
    func `of a process is how its tasks ended, and how long they took`(since: String) throws {
        let harness = try ProjectionHarness()
        try harness.apply(
            Self.started("brave_bell", at: "2026-11-20T22:00:01Z"),
            Self.task(1, "ALIGN", "COMPLETED", #","realtime":1000"#),
            Self.task(2, "ALIGN", "COMPLETED", #","realtime":3000"#),
            Self.task(3, "ALIGN", "FAILED", #","realtime":9,"error_action":"RETRY""#),
            Self.task(4, "ALIGN", "COMPLETED", #","realtime":5000"#, attempt: 2),
            Self.task(5, "ALIGN", "FAILED", #","error_action":"IGNORE""#),
            Self.task(6, "ALIGN", "FAILED", #","error_action":"TERMINATE""#),
            Self.task(7, "QC", "ABORTED"),
            Self.task(8, "QC", "COMPLETED", at: "2026-11-20T23:59:59Z")
        )
        let window = MeasuredWindow(
            since: Timestamp(iso8601: since),
            until: Timestamp(iso8601: "2026-11-20T23:00:00Z")
        )

        let measured = try Self.measure(harness, at: "2026-11-20T23:00:00Z") { try $0.processes(in: window) }

        #expect(
            measured == [
                MeasuredProcess(
                    project: "acme/qc",
                    process: "ALIGN",
                    tasks: MeasuredTasks(
                        completions: 6,
                        succeeded: 3,
                        failed: 3,
                        failedForGood: 1,
                        ignored: 1,
                        aborted: 0,
                        cached: 0,
                        retried: 1
                    ),
                    durations: 3,
                    meanMilliseconds: 3000,
                    p95Milliseconds: 4800
                ),
                MeasuredProcess(
                    project: "acme/qc",
                    process: "QC",
                    tasks: MeasuredTasks(
                        completions: 1,
                        succeeded: 0,
                        failed: 0,
                        failedForGood: 0,
                        ignored: 0,
                        aborted: 1,
                        cached: 0,
                        retried: 0
                    ),
                    durations: 0,
                    meanMilliseconds: nil,
                    p95Milliseconds: nil
                ),
            ]
        )
        #expect(measured.map(\.tasks.failureRatio) == [0.5, nil])
    }

    @Test func `of open runs is what they do, and how long their project usually takes`() throws {
        let harness = try ProjectionHarness()
        for number in 1...20 {
            let name = "done_\(number)"
            try harness.apply(
                Self.started(name, at: "2026-11-20T20:00:00Z"),
                Body.event(
                    "completed",
                    name: name,
                    at: "2026-11-20T21:00:00Z",
                    metadata: """
                        {"workflow":{"start":"2026-11-20T20:00:00Z","projectName":"acme/qc","success":true,\
                        "duration":\(number * 1000)}}
                        """
                )
            )
        }
        try harness.apply(
            Self.started("silent", at: "2026-11-20T20:00:00Z"),
            Body.task("process_submitted", id: "1", name: "silent", at: "2026-11-20T20:00:05Z"),
            Self.started("brave_bell", at: "2026-11-20T22:00:00Z"),
            Body.task(
                "process_started",
                id: "1",
                status: "RUNNING",
                hash: "ab/1",
                at: "2026-11-20T22:00:05Z"
            ),
            Body.task(
                "process_submitted",
                id: "2",
                status: "SUBMITTED",
                hash: "ab/2",
                more: #","submit":1795212004000"#,
                at: "2026-11-20T22:00:06Z"
            ),
            Self.task(3, "ALIGN", "FAILED", at: "2026-11-20T22:00:07Z")
        )

        let runs = try Self.measure(harness, at: "2026-11-20T22:30:00Z") { try $0.openRuns() }

        #expect(runs.map(\.runName) == ["brave_bell", "silent"])
        #expect(runs.map(\.state) == [.running, .stale])
        #expect(runs.map(\.project) == ["acme/qc", "acme/qc"])
        #expect(runs.map(\.runningTasks) == [1, 0])
        #expect(runs.map(\.queuedTasks) == [1, 0])
        #expect(runs.map(\.failedAttempts) == [1, 0])
        #expect(runs.map(\.usualMilliseconds) == [19050, 19050])
        #expect(runs.map(\.startedAt).first == Timestamp(iso8601: "2026-11-20T22:00:00Z"))
        #expect(runs.map(\.lastEventAt).first == Timestamp(iso8601: "2026-11-20T22:00:07Z"))
        #expect(
            NextflowMeasurements.pendingWork(of: runs) == [
                MeasuredPending(
                    project: "acme/qc",
                    tasks: 1,
                    oldestSubmittedAt: Timestamp(microseconds: 1_795_212_004_000_000)
                )
            ]
        )
    }

    @Test func `of a window are the runs and the tasks that ended in it`() throws {
        let harness = try ProjectionHarness()
        try harness.apply(
            Body.completed(success: true),
            Body.completed(success: false, name: "bad"),
            Body.completed(success: false, message: "SIGINT", name: "stopped"),
            Body.completed(success: false, name: "later", at: "2026-11-21T22:00:00Z"),
            Self.task(1, "ALIGN", "COMPLETED"),
            Self.task(2, "QC", "FAILED", attempt: 2)
        )
        let window = MeasuredWindow(
            since: Timestamp(iso8601: "2026-11-20T00:00:00Z"),
            until: Timestamp(iso8601: "2026-11-21T00:00:00Z")
        )

        let totals = try Self.measure(harness, at: "2026-11-21T00:00:00Z") { try $0.totals(in: window) }

        #expect(
            totals
                == MeasuredTotals(
                    runsSucceeded: 1,
                    runsFailed: 1,
                    runsAborted: 1,
                    tasks: MeasuredTasks(
                        completions: 2,
                        succeeded: 1,
                        failed: 1,
                        failedForGood: 1,
                        ignored: 0,
                        aborted: 0,
                        cached: 0,
                        retried: 1
                    )
                )
        )
    }

    @Test func `of a long window that ends now begins at a whole hour`() {
        let now = Timestamp(iso8601: "2026-11-20T22:06:36Z")!

        #expect(
            MeasuredWindow(last: .seconds(3600), before: now).since
                == Timestamp(iso8601: "2026-11-20T21:06:36Z")
        )
        #expect(
            MeasuredWindow(last: .seconds(86_400), before: now).since
                == Timestamp(iso8601: "2026-11-19T22:00:00Z")
        )
    }
}
