import Core
import Testing

@testable import Nextflow

@Suite struct `What counts once` {
    @Test func `the same body again within ten minutes is stored as a resend and counts nowhere`() throws {
        let harness = try ProjectionHarness()
        try harness.apply(Body.task(), Body.task())

        #expect(try harness.rows("SELECT is_resend FROM telemetry ORDER BY seq") == ["f", "t"])
        #expect(try harness.rows("SELECT count(*) FROM completion") == ["1"])
        #expect(
            try harness.rows("SELECT DISTINCT event, rows FROM event_rollup") == ["process_completed|1"]
        )
    }

    @Test(arguments: [(600, "t"), (601, "f")])
    func `ten minutes are the window of a resend, over batches too`(seconds: Int, isResend: String) throws {
        let harness = try ProjectionHarness()
        let start = Timestamp(iso8601: "2026-11-20T22:00:00Z")!
        try harness.apply([[try ProjectionHarness.line(1, Body.task(), at: start)]])
        try harness.apply([[try ProjectionHarness.line(2, Body.task(), at: start.adding(seconds: seconds))]])

        #expect(try harness.rows("SELECT is_resend FROM telemetry ORDER BY seq") == ["f", isResend])
        #expect(try harness.rows("SELECT count(*) FROM completion") == ["1"])
    }

    @Test func `a batch that spans more than ten minutes tells its own resends`() throws {
        let harness = try ProjectionHarness()
        let start = Timestamp(iso8601: "2026-11-20T22:00:00Z")!
        let lines = try [0, 300, 700, 900, 1400].enumerated().map { index, second in
            try ProjectionHarness.line(Int64(index), Body.event("beat"), at: start.adding(seconds: second))
        }
        try harness.apply([lines])

        #expect(
            try harness.rows("SELECT is_resend FROM telemetry ORDER BY seq") == ["f", "t", "f", "t", "f"]
        )
        #expect(try harness.rows("SELECT DISTINCT rows FROM event_rollup WHERE grain = 'year'") == ["3"])
    }

    @Test func `a completion is known by what it says, not by when it was said`() throws {
        let harness = try ProjectionHarness()
        try harness.apply(
            Body.task(at: "2026-11-20T22:06:36Z"),
            Body.task(at: "2026-11-20T22:06:40Z"),
            Body.task(id: "2", attempt: "2", hash: "ab/cdef13"),
            Body.task(name: "other_name")
        )

        #expect(try harness.rows("SELECT count(*) FROM completion") == ["3"])
        #expect(
            try harness.rows("SELECT grain, sum(rows) FROM completion_rollup GROUP BY 1 ORDER BY 1")
                == ["hour|3", "day|3", "month|3", "year|3"]
        )
    }

    @Test(arguments: ["", #","trace":null"#, #","trace":"text""#, #","trace":[1]"#, #","trace":{}"#])
    func `without a task id every line that is no resend is a completion and no task`(trace: String) throws {
        let harness = try ProjectionHarness()
        func body(_ second: Int) -> String {
            #"{"runId":"r","runName":"n","event":"process_completed","utcTime":"2026-11-20T22:00:0\#(second)Z"\#(trace)}"#
        }
        try harness.apply(body(1), body(1), body(2))

        #expect(
            try harness.rows("SELECT process, has_process, attempt, status, exit FROM completion")
                == ["<null>|f|0||<null>", "<null>|f|0||<null>"]
        )
        #expect(try harness.rows("SELECT count(*) FROM task") == ["0"])
    }

    @Test func `absent and null objects are jsonb null, never SQL NULL`() throws {
        let harness = try ProjectionHarness()
        try harness.apply(Body.event("a"), Body.event("b", metadata: "null", trace: "null"))

        #expect(try harness.rows("SELECT metadata_, trace FROM telemetry") == ["null|null", "null|null"])
    }
}

@Suite struct `Tasks` {
    @Test func `the events of a task may come in any order`() throws {
        let harness = try ProjectionHarness()
        try harness.apply(
            Body.task("process_started", status: "RUNNING", exit: "2147483647"),
            Body.task(
                status: "FAILED",
                exit: "137",
                more: #","error_action":"RETRY","submit":1771524362512"#
            ),
            Body.task("process_submitted", status: "SUBMITTED", exit: "2147483647", more: #","start":0"#)
        )

        #expect(
            try harness.rows(
                """
                SELECT task_status(status_rank), exit, error_action, submitted, started, completed,
                       submit_at, start_at
                FROM task
                """
            ) == ["FAILED|137|RETRY|t|t|t|2026-02-19 18:06:02.512+00|∅"]
        )
    }

    @Test func `a resumed segment that counts from 1 again overwrites nothing`() throws {
        let harness = try ProjectionHarness()
        try harness.apply(
            Body.started(start: "2026-11-20T22:00:00Z"),
            Body.task(hash: "aa/000001"),
            Body.completed(success: false),
            Body.started(start: "2026-11-20T23:00:00Z", at: "2026-11-20T23:00:01Z"),
            Body.task(process: "COUNT", hash: "bb/000002", at: "2026-11-20T23:06:36Z")
        )

        #expect(
            try harness.rows("SELECT task_id, hash, process FROM task ORDER BY hash")
                == ["1|aa/000001|ALIGN", "1|bb/000002|COUNT"]
        )
        #expect(
            try harness.rows("SELECT segment_start, completed_utc FROM run_segment ORDER BY 1")
                == ["2026-11-20 22:00:00+00|2026-11-20 22:10:00+00", "2026-11-20 23:00:00+00|∅"]
        )
    }

    @Test func `an error that repeats a task's trace adds no failure`() throws {
        let harness = try ProjectionHarness()
        let trace = #"{"task_id":1,"process":"A","status":"FAILED","exit":1,"attempt":1}"#
        try harness.apply(
            Body.event("process_completed", trace: trace),
            Body.event("error", at: "2026-11-20T22:06:37Z", trace: trace)
        )

        #expect(try harness.rows("SELECT count(*) FROM completion") == ["1"])
        #expect(try harness.rows("SELECT count(*) FROM task") == ["1"])
    }
}

@Suite struct `Values that break other servers` {
    @Test(arguments: [
        (#""attempt":"-","memory":"4 GB","cpus":"2","%cpu":" 98.5 ""#, "0|∅|2|98.5"),
        (#""attempt":1.5,"memory":true,"cpus":{},"%cpu":"NaN""#, "0|∅|∅|∅"),
        (#""attempt":1e2,"memory":"-","cpus":null,"%cpu":"0x10""#, "100|∅|∅|∅"),
        (#""attempt":" 3 ","memory":17179869184,"cpus":"","%cpu":1.0E-4"#, "3|17179869184|∅|0.0001"),
        (#""attempt":99999999999,"memory":1e999,"cpus":1e300,"%cpu":[]"#, "0|∅|∅|∅"),
    ])
    func `odd numbers count as absent`(members: String, expected: String) throws {
        let harness = try ProjectionHarness()
        let letters = try harness.apply(
            Body.event("process_completed", trace: #"{"task_id":"x","process":"P",\#(members)}"#)
        )

        #expect(letters == 0)
        #expect(try harness.rows("SELECT attempt, memory, cpus, pct_cpu FROM completion") == [expected])
    }

    @Test func `what jsonb cannot hold is altered and marked, and the rest of the event is there`() throws {
        let harness = try ProjectionHarness()
        let deep = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
        let letters = try harness.apply(
            Body.event("process_completed", trace: #"{"task_id":7,"script":"a\u0000b","process":"P\u0000"}"#),
            Body.event("lone", metadata: #"{"s":"\ud83d"}"#),
            Body.event("huge", metadata: #"{"n":1e999999}"#),
            Body.event("deep", metadata: deep),
            Body.event("twice", metadata: #"{"k":1,"k":2}"#)
        )

        #expect(letters == 0)
        #expect(
            try harness.rows("SELECT altered FROM telemetry ORDER BY seq") == ["t", "t", "t", "t", "f"]
        )
        #expect(try harness.rows("SELECT trace->>'script' FROM telemetry WHERE seq = 1") == ["a\u{2400}b"])
        #expect(try harness.rows("SELECT process FROM completion") == ["P\u{2400}"])
        #expect(try harness.rows("SELECT metadata_->>'s' FROM telemetry WHERE seq = 2") == ["\u{FFFD}"])
        #expect(try harness.rows("SELECT metadata_->>'n' FROM telemetry WHERE seq = 3") == ["1e999999"])
        #expect(try harness.rows("SELECT metadata_->>'k' FROM telemetry WHERE seq = 5") == ["2"])
    }

    @Test func `texts longer than an index entry are kept, and runs that share their beginning stay apart`()
        throws
    {
        let harness = try ProjectionHarness()
        let long = String(repeating: "ü", count: 5_000)
        let letters = try harness.apply(
            Body.task(process: long, run: long + "1", name: long),
            Body.task(process: long, run: long + "2", name: long)
        )

        #expect(letters == 0)
        #expect(try harness.rows("SELECT count(*), count(DISTINCT run_id) FROM run") == ["2|2"])
        #expect(try harness.rows("SELECT DISTINCT length(run_id) FROM telemetry") == ["5001"])
    }
}
