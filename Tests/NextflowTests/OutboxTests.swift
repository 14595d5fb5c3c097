import Core
import FeatureTestKit
import Foundation
import Journal
import Postgres
import Synchronization
import TestKit
import Testing

@testable import Ingest
@testable import Nextflow

/// A projection to whose outbox somebody listens.
private struct Listening {
    let harness: ProjectionHarness

    init() throws {
        harness = try ProjectionHarness()
        try harness.execute("INSERT INTO outbox_consumer (name) VALUES ('alerts')")
    }

    /// A line that arrived this many seconds after it was sent.
    static func line(_ seq: Int64, _ body: String, late seconds: Int = 1) throws -> JournalLine {
        let sent = try #require(body.firstMatch(of: /"utcTime" ?: ?"([^"]*)"/)).1
        let at = try #require(Timestamp(lenient: String(sent))).adding(seconds: seconds)
        return try ProjectionHarness.line(seq, body, at: at)
    }

    static func lines(_ bodies: [String], late seconds: Int = 1) throws -> [JournalLine] {
        try bodies.enumerated().map { try line(Int64($0.offset + 1), $0.element, late: seconds) }
    }

    /// Applies bodies as one batch.
    func apply(_ bodies: String..., late seconds: Int = 1) throws {
        #expect(try harness.apply([try Self.lines(bodies, late: seconds)]) == 0)
    }

    /// The kinds and subjects of all events, in the order in which they were written.
    func told() throws -> [String] {
        try harness.rows("SELECT kind, subject FROM outbox_event ORDER BY xid, id")
    }

    func details(_ kind: String) throws -> [String] {
        try harness.rows(
            "SELECT detail::text FROM outbox_event WHERE kind = 'nextflow.\(kind)' ORDER BY xid, id"
        )
    }

    func details(_ kind: String, _ member: String) throws -> [String] {
        try harness.rows(
            "SELECT detail ->> '\(member)' FROM outbox_event WHERE kind = 'nextflow.\(kind)' ORDER BY xid, id"
        )
    }
}

private func sample(_ name: String) throws -> String {
    try #require(try Fixture.samples().first { $0.name == "weblog_\(name).json" }).body
}

private func failed(
    _ id: Int,
    _ action: String?,
    attempt: Int = 1,
    name: String = "ALIGN (s1)",
    run: String = "brave_bell",
    at time: String = "2026-11-20T22:06:36Z"
) -> String {
    let action = action.map { #","error_action":"\#($0)""# } ?? ""
    return Body.task(
        id: "\(id)",
        status: "FAILED",
        exit: "137",
        attempt: "\(attempt)",
        hash: "ab/00000\(id)",
        more: #","name":"\#(name)"\#(action)"#,
        name: run,
        at: time
    )
}

private func submitted(_ id: Int, attempt: Int) -> String {
    Body.task(
        "process_submitted",
        id: "\(id)",
        status: "SUBMITTED",
        exit: "2147483647",
        attempt: "\(attempt)",
        hash: "ab/00000\(id)",
        more: #","name":"ALIGN (s1)""#,
        at: "2026-11-20T22:06:37Z"
    )
}

@Suite struct `What Nextflow tells other features` {
    @Test func `is nothing while nobody listens`() throws {
        let harness = try ProjectionHarness()
        try harness.apply(Body.started(), failed(1, "TERMINATE"), Body.completed(success: false))

        #expect(try harness.rows("SELECT kind FROM outbox_event") == [])
    }

    @Test(arguments: ["nextflow_core_23.04", "nextflow_plugin_23.10"])
    func `of a recorded run, with a task retried and another ignored, is its begin and its end`(
        name: String
    ) throws {
        let weir = try Listening()
        let lines = try Listening.lines(Fixture.bodies(name))

        #expect(try weir.harness.apply(lines.map { [$0] }) == 0)

        #expect(try weir.harness.rows("SELECT count(*) FROM completion WHERE status = 'FAILED'") == ["2"])
        #expect(
            try weir.harness.rows("SELECT kind FROM outbox_event ORDER BY xid, id")
                == ["nextflow.run_started", "nextflow.run_succeeded"]
        )
    }

    @Test func `of a run that failed is the task, the exit status and the report`() throws {
        let weir = try Listening()
        try weir.apply(
            sample("started"),
            sample("process_completed_failed_retry"),
            sample("process_completed_failed_terminate"),
            sample("process_completed_aborted")
        )

        #expect(
            try weir.told() == [
                "nextflow.run_started|3f0c2f1e-8a54-4d0b-9a63-5b8d1c7f42aa",
                "nextflow.task_failed|3f0c2f1e-8a54-4d0b-9a63-5b8d1c7f42aa/MICROBEQC:TRIM_READS",
            ]
        )
        #expect(
            try weir.details("run_started") == [
                """
                {"user": "mira", "resume": false, "project": "acme-bio/microbeqc", \
                "pipeline": "3f0c2f1e-8a54-4d0b-9a63-5b8d1c7f42aa", "pipeline_name": "elated_noyce"}
                """
            ]
        )
        #expect(
            try weir.details("task_failed") == [
                """
                {"tag": "S9 µm", "exit": 1, "hash": "d1/0ab34e", \
                "error": "The task MICROBEQC:TRIM_READS (S9 µm) failed with exit status 1 in attempt 1.", \
                "queue": "long", "stage": "7", "attempt": 1, "process": "MICROBEQC:TRIM_READS", \
                "project": "acme-bio/microbeqc", "workdir": "/data/projects/soil-survey/work/d1/0ab34e5be1d2f0a3c49687e0b1c2d3", \
                "pipeline": "3f0c2f1e-8a54-4d0b-9a63-5b8d1c7f42aa", "container": "quay.io/acme/fastp:0.23.4", \
                "native_id": "8841300", "stage_name": "MICROBEQC:TRIM_READS (S9 µm)", "error_action": "TERMINATE", \
                "pipeline_name": "elated_noyce"}
                """
            ]
        )

        try weir.apply(sample("completed_failed"))

        #expect(
            try weir.told().suffix(1) == ["nextflow.run_failed|3f0c2f1e-8a54-4d0b-9a63-5b8d1c7f42aa"]
        )
        #expect(try weir.details("run_failed", "exit") == ["1"])
        #expect(try weir.details("run_failed", "stage_name") == ["MICROBEQC:TRIM_READS (S9 µm)"])
        #expect(try weir.details("run_failed", "process") == ["MICROBEQC:TRIM_READS"])
        #expect(
            try weir.details("run_failed", "error").map { $0.prefix(57) }
                == ["Error executing process > 'MICROBEQC:TRIM_READS (S9 µm)'\n"]
        )
    }

    @Test func `of a failed task repeats the run's error when the run has told it`() throws {
        let weir = try Listening()
        try weir.apply(sample("started"), sample("completed_failed"))
        try weir.apply(sample("process_completed_failed_terminate"))

        #expect(
            try weir.details("task_failed", "error").map { $0.prefix(13) } == ["ERROR: igzip:"]
        )
    }

    @Test func `of a run that was cancelled is that it was aborted`() throws {
        let weir = try Listening()
        try weir.apply(sample("started"), sample("completed_cancelled_ctrl_c"))

        #expect(
            try weir.told().map { $0.prefix { $0 != "|" } } == [
                "nextflow.run_started", "nextflow.run_aborted",
            ]
        )
        #expect(try weir.details("run_aborted", "error") == ["SIGINT"])
    }

    @Test func `is no failure that is retried or ignored, and the one that is not`() throws {
        let weir = try Listening()
        try weir.apply(
            Body.started(),
            failed(1, "RETRY"),
            failed(2, "RETRY", attempt: 2),
            failed(9, "IGNORE")
        )
        #expect(try weir.details("task_failed") == [])

        try weir.apply(failed(3, "FINISH", attempt: 3))

        #expect(try weir.told().suffix(1) == ["nextflow.task_failed|r1/ALIGN"])
        #expect(try weir.details("task_failed", "attempt") == ["3"])
    }

    @Test func `of a failure without an error action waits until its run has failed`() throws {
        let weir = try Listening()
        try weir.apply(Body.started(), failed(1, nil))
        #expect(try weir.told() == ["nextflow.run_started|r1"])

        try weir.apply(Body.completed(success: false))

        #expect(
            try weir.told()
                == ["nextflow.run_started|r1", "nextflow.task_failed|r1/ALIGN", "nextflow.run_failed|r1"]
        )
        try weir.apply(failed(2, nil, name: "ALIGN (s2)"))
        #expect(try weir.told().suffix(1) == ["nextflow.task_failed|r1/ALIGN"])
        #expect(try weir.details("task_failed", "stage") == ["1", "2"])
    }

    @Test(arguments: [true, false])
    func `is no failure without an error action if its task was tried again`(hasFailedAgain: Bool) throws {
        let weir = try Listening()
        try weir.apply(Body.started(), failed(1, nil), submitted(2, attempt: 2))
        if hasFailedAgain { try weir.apply(failed(2, nil, attempt: 2)) }
        try weir.apply(Body.completed(success: false))

        #expect(try weir.details("task_failed", "attempt") == (hasFailedAgain ? ["2"] : []))
    }

    @Test(arguments: [Body.completed(success: true), Body.completed(success: false, message: "SIGTERM")])
    func `is no failure without an error action if its run did not fail`(end: String) throws {
        let weir = try Listening()
        try weir.apply(Body.started(), failed(1, nil), end)

        #expect(try weir.details("task_failed") == [])
    }

    @Test func `of a run that is resumed is each execution`() throws {
        let weir = try Listening()
        try weir.apply(Body.started(), failed(1, nil), Body.completed(success: false))
        try weir.apply(
            Body.started(start: "2026-11-20T23:00:00Z", at: "2026-11-20T23:00:01Z"),
            failed(2, nil, at: "2026-11-20T23:00:05Z"),
            Body.completed(success: true, start: "2026-11-20T23:00:00Z", at: "2026-11-20T23:10:00Z")
        )
        try weir.apply(Body.started(name: "calm_bell"), Body.completed(success: true, name: "calm_bell"))

        #expect(
            try weir.told() == [
                "nextflow.run_started|r1", "nextflow.task_failed|r1/ALIGN", "nextflow.run_failed|r1",
                "nextflow.run_started|r1", "nextflow.run_succeeded|r1",
                "nextflow.run_started|r1", "nextflow.run_succeeded|r1",
            ]
        )
        #expect(try weir.details("run_succeeded", "pipeline_name") == ["brave_bell", "calm_bell"])
    }

    @Test func `is told once, however often and whenever it is sent`() throws {
        let weir = try Listening()
        let bodies = [Body.started(), failed(1, "TERMINATE"), failed(2, nil), Body.completed(success: false)]
        for seconds in [1, 2, 1000] {
            try weir.harness.apply([try Listening.lines(bodies + bodies, late: seconds)])
        }

        #expect(
            try weir.told() == [
                "nextflow.run_started|r1", "nextflow.task_failed|r1/ALIGN", "nextflow.task_failed|r1/ALIGN",
                "nextflow.run_failed|r1",
            ]
        )
    }

    @Test func `is no history: neither old events nor what an import reconstructed`() throws {
        let old = try Listening()
        try old.apply(
            Body.started(),
            failed(1, "TERMINATE"),
            failed(2, nil),
            Body.completed(success: false),
            late: 6 * 3600 + 1
        )
        #expect(try old.told() == [])

        let imported = try Listening()
        let reconstructed = #"{"workflow":{"reconstructed":true,"success":false}}"#
        try imported.apply(
            Body.event("started", metadata: reconstructed),
            failed(1, "TERMINATE"),
            failed(2, nil),
            Body.event("completed", metadata: reconstructed)
        )
        #expect(try imported.told() == [])
    }

    @Test func `goes with its batch when that is rolled back, and comes with it again`() throws {
        struct Crash: Error {}
        let weir = try Listening()
        let lines = try Listening.lines([
            Body.started(), failed(1, "TERMINATE"), Body.completed(success: false),
        ])
        try Connection.withTemporary(weir.harness.database.target) { connection in
            try weir.harness.projection.prepare(connection)
            let applier = BatchApplier(projection: weir.harness.projection)
            let batch = applier.decode(lines.map { .init(journal: ProjectionHarness.journal, line: $0) })
            #expect(throws: Crash.self) { try applier.apply(batch, on: connection) { _ in throw Crash() } }
            #expect(try weir.told() == [])
        }
        try weir.harness.apply([lines])

        #expect(
            try weir.told()
                == ["nextflow.run_started|r1", "nextflow.task_failed|r1/ALIGN", "nextflow.run_failed|r1"]
        )
    }

    @Test func `is told by one of two Weirs that load the same run at once`() async throws {
        let weir = try Listening()
        // The end is told twice, before and after midnight of the new year: no rollup lets one Weir wait for the other.
        let bodies = [
            Body.started(), failed(1, "TERMINATE"),
            Body.completed(success: false, at: "2026-12-31T23:59:59Z"),
        ]
        let other = try Listening.line(10, Body.completed(success: false, at: "2027-01-01T00:00:01Z"))
        let second = Mutex(Task<Void, any Error>?.none)
        try Connection.withTemporary(weir.harness.database.target) { connection in
            try weir.harness.projection.prepare(connection)
            let applier = BatchApplier(projection: weir.harness.projection)
            let batch = applier.decode(
                try Listening.lines(bodies).map { .init(journal: ProjectionHarness.journal, line: $0) }
            )
            _ = try applier.apply(batch, on: connection) { _ in
                second.withLock { $0 = Task.detached { _ = try weir.harness.apply([[other]]) } }
                while try weir.harness.rows(Self.waiting) != ["t"] {}
            }
        }
        try await second.withLock { $0 }?.value

        #expect(
            try weir.told()
                == ["nextflow.run_started|r1", "nextflow.task_failed|r1/ALIGN", "nextflow.run_failed|r1"]
        )
    }

    private static let waiting = """
        SELECT EXISTS (
            SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
        )
        """

    /// The details say what was known at the time, and a failure without an error action whose retry is not yet known
    /// when its run has ended is told: this run has none of them.
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `depends neither on the order of events nor on the cut of batches`(seed: UInt64) throws {
        let bodies = [
            Body.started(), failed(1, "RETRY"), submitted(2, attempt: 2), failed(2, "TERMINATE", attempt: 2),
            failed(3, nil, name: "ALIGN (s3)"), failed(4, "IGNORE", name: "ALIGN (s4)"),
            failed(6, "RETRY", name: "ALIGN (s6)"),
            Body.completed(success: false),
            Body.started(name: "calm_bell"), failed(5, nil, run: "calm_bell"),
            Body.completed(success: true, name: "calm_bell"),
        ]
        let weir = try Listening()
        var generator = SeededGenerator(seed)
        var rest = try Listening.lines(bodies).shuffled(using: &generator)[...]
        var batches: [[JournalLine]] = []
        while !rest.isEmpty {
            let size = Int.random(in: 1...4, using: &generator)
            batches.append(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        try weir.harness.apply(batches)

        #expect(
            try weir.harness.rows(
                """
                SELECT kind, detail ->> 'pipeline_name', detail ->> 'stage_name', detail ->> 'attempt'
                FROM outbox_event
                WHERE kind IN ('nextflow.task_failed', 'nextflow.run_started', 'nextflow.run_succeeded')
                ORDER BY kind, 2, 3
                """
            ) == [
                "nextflow.run_started|brave_bell|∅|∅", "nextflow.run_started|calm_bell|∅|∅",
                "nextflow.run_succeeded|calm_bell|∅|∅",
                "nextflow.task_failed|brave_bell|ALIGN (s1)|2",
                "nextflow.task_failed|brave_bell|ALIGN (s3)|1",
            ]
        )
        #expect(try weir.details("run_failed", "pipeline_name") == ["brave_bell"])
    }
}
