import Core
import Journal
import Postgres
import TestKit
import Testing

@testable import Nextflow

/// A run whose weblog had gaps, and the trace file that fills them.
@Suite struct `A task that two sources tell` {
    /// What the weblog tells of tasks 1 and 2, and of the run.
    private static let weblog = [
        Body.started(),
        Body.task(
            id: "1",
            hash: "aa/000001",
            more: #","submit":1795212001412,"start":1795212002000,"complete":1795212009833"#
        ),
        Body.task(
            id: "2",
            status: "FAILED",
            exit: "1",
            attempt: "2",
            hash: "aa/000002",
            more: #","submit":1795212001451,"start":1795212002000,"complete":1795212009999"#
        ),
        Body.completed(success: true, at: "2026-11-20T22:07:00Z"),
    ]

    /// What an import makes of the columns task_id, hash, name, status, exit, submit and duration.
    private static let trace = [
        reconstructed("started", #""success":false"#, at: "2026-11-20T22:00:01.412Z"),
        completion("1", "aa/000001", "COMPLETED", exit: 0, submit: 1_795_212_001_412),
        completion("2", "aa/000002", "FAILED", exit: 1, submit: 1_795_212_001_451),
        completion("3", "aa/000003", "COMPLETED", exit: 0, submit: 1_795_212_001_500),
        reconstructed("completed", #""success":false"#, at: "2026-11-20T22:09:00Z"),
    ]

    private static func completion(_ id: String, _ hash: String, _ status: String, exit: Int, submit: Int)
        -> String
    {
        Body.event(
            "process_completed",
            at: "2026-11-20T22:06:35.9Z",
            trace: """
                {"task_id":\(id),"hash":"\(hash)","name":"ALIGN (s\(id))","process":"ALIGN","status":"\(status)",\
                "exit":\(exit),"submit":\(submit),"complete":\(submit + 9400)}
                """
        )
    }

    private static func reconstructed(_ event: String, _ members: String, at time: String) -> String {
        Body.event(
            event,
            at: time,
            metadata: #"{"workflow":{"start":"2026-11-20T22:00:01.412Z","reconstructed":true,\#(members)}}"#
        )
    }

    private static func lines(_ bodies: [String]) throws -> [JournalLine] {
        try bodies.enumerated().map { try ProjectionHarness.line(Int64($0.offset + 1), $0.element) }
    }

    static let orders = [weblog + trace, trace + weblog, (weblog + trace).reversed()]

    @Test(arguments: orders) func `is counted once, whichever comes first`(bodies: [String]) throws {
        for batches in [[bodies], bodies.map { [$0] }] {
            let harness = try ProjectionHarness()
            try harness.apply(try batches.map { batch in try Self.lines(batch) })

            #expect(
                try harness.rows("SELECT task_id, status, exit FROM completion ORDER BY task_id")
                    == ["1|COMPLETED|0", "2|FAILED|1", "3|COMPLETED|0"]
            )
            #expect(
                try harness.rows(
                    "SELECT sum(rows), sum(succeeded), sum(failed) FROM run_rollup WHERE grain = 'day'"
                )
                    == ["3|2|1"]
            )
            #expect(try harness.rows("SELECT count(*) FROM task") == ["3"])
        }
    }

    @Test(arguments: orders) func `leaves the run to what it said of itself`(bodies: [String]) async throws {
        let projection = try ProjectionHarness()
        for body in bodies { try projection.apply(body) }
        let weir = try RouteHarness(over: projection)

        let run = try await weir.get("/api/nextflow/runs/r1/brave_bell").text

        #expect(run.contains(#""state":"succeeded""#) && run.contains(#""success":true"#))
        #expect(run.contains(#""completed_utc":"2026-11-20T22:07:00.000000+00:00""#))
        #expect(run.ranges(of: #""completed_utc""#).count == 2, "one segment: \(run)")
    }

    @Test func `ends a run whose own end was lost`() async throws {
        let projection = try ProjectionHarness()
        for body in Self.weblog.dropLast() + Self.trace { try projection.apply(body) }
        let weir = try RouteHarness(over: projection)

        let run = try await weir.get("/api/nextflow/runs/r1/brave_bell").text

        #expect(run.contains(#""state":"failed""#))
        #expect(run.contains(#""completed_utc":"2026-11-20T22:09:00.000000+00:00""#))
    }

    @Test func `does not end an execution that began again afterwards`() throws {
        let harness = try ProjectionHarness()
        for body in Self.weblog + Self.trace { try harness.apply(body) }
        try harness.apply(Body.started(start: "2026-11-20T23:00:00Z", at: "2026-11-20T23:00:01Z"))

        #expect(try harness.rows("SELECT outcome FROM run") == ["∅"])
    }

    @Test func `of a trace file alone is a run that has ended`() async throws {
        let projection = try ProjectionHarness()
        for body in Self.trace { try projection.apply(body) }
        let weir = try RouteHarness(over: projection)

        let run = try await weir.get("/api/nextflow/runs/r1/brave_bell").text

        #expect(run.contains(#""state":"failed""#))
        #expect(run.contains(#""start":"2026-11-20T22:00:01.412000+00:00""#), "\(run)")
    }

    @Test func `without a hash is known by all that it says`() throws {
        let harness = try ProjectionHarness()
        try harness.apply(
            Body.task(hash: ""),
            Body.task(hash: "", at: "2026-11-20T22:06:40Z"),
            Body.task(attempt: "2", hash: "")
        )

        #expect(try harness.rows("SELECT attempt FROM completion ORDER BY 1") == ["1", "2"])
    }
}
