import Core
import FeatureTestKit
import Journal
import Postgres
import TestKit
import Testing

@testable import Ingest
@testable import Runs

/// What the server does about runs that are old or abandoned. Contract §4.1, §4.2.
@Suite("Care of runs", .serialized)
struct RunCareTests {
    private let now = Timestamp(iso8601: "2026-03-01T00:00:00Z") ?? .epoch

    // MARK: - Retention

    @Test("runs go by age, whatever their status, and the counts follow")
    func retention() async throws {
        let weir = try await RunsHarness()
        let bodies = (1...9).map { day in
            let status = ["running", "success", "failure"][day % 3]
            return RunBody.run(
                "e\(day)",
                agent: day < 4 ? "gone" : "a\(day % 2)",
                created: "2026-02-0\(day)T10:00:00Z",
                more: #","status":"\#(status)""#
            )
        }
        _ = try await weir.post("/api/v1/runs/batch", "[\(bodies.joined(separator: ","))]")
        let limit = try #require(Timestamp(iso8601: "2026-02-06T10:00:00Z"))
        let (survey, outcome) = try Connection.withTemporary(weir.database.target) { connection in
            (
                try AgingRuns().survey(before: limit, on: connection),
                try RetentionSweep(AgingRuns(), before: limit, batchSize: 2).run(on: connection)
            )
        }
        #expect(survey.total == 9 && survey.expired == 5)
        #expect(survey.oldest?.description == "2026-02-01T10:00:00.000000Z")
        // The run of the limit itself is not older than it.
        #expect(outcome == RetentionSweep.Outcome(deleted: 5, batches: 3, isComplete: true))
        #expect(try weir.rows("SELECT event_id FROM agent_run ORDER BY 1") == ["e6", "e7", "e8", "e9"])
        let tally = """
            SELECT facet, value, runs FROM agent_run_tally WHERE runs <> 0 ORDER BY facet, value
            """
        let hours = (6...9).map { "created_hour|2026-02-0\($0)T10|1" }
        let kinds = [
            "a0\",\"job\",\"failure", "a0\",\"job\",\"running", "a1\",\"job\",\"running",
            "a1\",\"job\",\"success",
        ]
        .map { "agent_job_status|[\"\($0)\"]|1" }
        let names = ["agent_name|a0|2", "agent_name|a1|2"]
        #expect(try weir.rows(tally) == kinds + names + hours + ["job_type|job|4"])
        let metadata = try await weir.get("/api/v1/metadata").text
        #expect(!metadata.contains("gone"), "\(metadata)")
    }

    @Test("a sweep leaves what a loader has in its hands, and finds it the next time")
    func retentionBesideLoader() async throws {
        let weir = try await RunsHarness()
        for day in 1...3 {
            _ = try await weir.post(
                "/api/v1/runs",
                RunBody.run("e\(day)", created: "2026-02-0\(day)T10:00:00Z")
            )
        }
        let limit = now
        let target = weir.database.target
        try Connection.withTemporary(target) { holder in
            try holder.transaction {
                try holder.executeScript("SELECT FROM agent_run WHERE event_id = 'e2' FOR UPDATE")
                let deleted = try Connection.withTemporary(target) {
                    try RetentionSweep(AgingRuns(), before: limit).run(on: $0).deleted
                }
                #expect(deleted == 2)
            }
        }
        #expect(try weir.rows("SELECT event_id FROM agent_run") == ["e2"])
        let rest = try Connection.withTemporary(target) {
            try RetentionSweep(AgingRuns(), before: limit).run(on: $0).deleted
        }
        #expect(rest == 1)
        #expect(try weir.rows("SELECT coalesce(sum(runs), 0) FROM agent_run_tally") == ["0"])
    }

    @Test("the oldest runs are found by an index")
    func retentionPlan() async throws {
        let weir = try await RunsHarness(loads: false)
        let plan = try weir.rows(
            """
            EXPLAIN SELECT event_key FROM agent_run WHERE created_order < now() ORDER BY created_order LIMIT 10
            """
        )
        #expect(plan.contains { $0.contains("Index Scan Backward using agent_run_created") }, "\(plan)")
    }

    // MARK: - Abandoned runs

    @Test("abandoned runs are ended by a line of the journal, in the words of the original")
    func staleRuns() async throws {
        let weir = try await RunsHarness()
        try weir.execute("INSERT INTO outbox_consumer (name) VALUES ('test')")
        for (id, created, status) in [
            ("old", "2026-02-27T00:00:00Z", "running"), ("young", "2026-02-28T23:30:00Z", "running"),
            ("ended", "2026-02-01T00:00:00Z", "success"),
        ] {
            let body = RunBody.run(id, created: created, more: #","status":"\#(status)""#)
            _ = try await weir.post("/api/v1/runs", body)
        }
        try await perform(weir, status: .timeout)
        let run = try await weir.get("/api/v1/runs/old").json
        #expect(run["status"]?.string == "timeout")
        #expect(run["end_time"]?.string == "2026-03-01T00:00:00.000000+00:00")
        #expect(run["error_summary"]?.string == "Stale run cleaned up (created at 2026-02-27T00:00:00Z)")
        #expect(run["output_summary"]?.string == "Process did not complete - marked as timeout")
        #expect(try await weir.get("/api/v1/runs/young").json["status"]?.string == "running")
        #expect(try await weir.get("/api/v1/runs/ended").json["end_time"]?.isNull == true)
        let events = try weir.rows("SELECT kind FROM outbox_event WHERE subject = 'old' ORDER BY id")
        #expect(events == ["run.started", "run.stale", "run.timed_out"])
    }

    @Test("a turn writes nothing while the lines of the one before are not loaded")
    func staleTurns() async throws {
        let weir = try await RunsHarness(loads: false)
        try weir.execute(
            """
            INSERT INTO agent_run (event_key, event_id, run_id, agent_name, job_type, status, created_at,
                                   created_order, created_is_time, start_time, api_posted, received_at, document)
            VALUES (gen_random_uuid(), 'e', 'r', 'a', 'j', 'running', '2026-01-01', '2026-01-01', true, 's', false,
                    now(), '{}')
            """
        )
        let job = StaleRuns(
            journal: weir.journal,
            progress: weir.progress,
            after: .seconds(3600),
            status: .cancelled
        ).job
        for _ in 1...3 {
            try Connection.withTemporary(weir.database.target) { try job.perform($0, now) }
        }
        weir.journal.close()
        #expect(weir.journal.durableSeq == 1)
    }

    private func perform(_ weir: RunsHarness, status: StaleRunStatus) async throws {
        let job = StaleRuns(
            journal: weir.journal,
            progress: weir.progress,
            after: .seconds(3600),
            status: status
        ).job
        let before = weir.journal.durableSeq
        try Connection.withTemporary(weir.database.target) { try job.perform($0, now) }
        _ = await weir.progress.wait(for: before + 1, atMost: .seconds(30))
    }

    // MARK: - The rules, without a database

    @Test("the end of an abandoned run holds only while it is running")
    func staleRule() throws {
        let patch = try RunPatch(JSONDocument(Array(#"{"status":"cancelled","end_time":"t"}"#.utf8)))
        func outcome(_ status: String, endTime: String? = nil) throws -> (RunWriteOutcome?, RunTable) {
            var record = RunRecord()
            record.set(.eventID, "e")
            record.set(.status, status)
            record.set(.endTime, endTime)
            let key = RunKeys.run("e")
            var table = RunTable([key: RunTable.Entry(record: record, receivedAt: now)])
            var element = RunElement(seq: 1, at: now, place: 0, key: key, operation: .closeStale(patch))
            table.apply(&element)
            return (element.outcome, table)
        }
        let (running, table) = try outcome("running")
        #expect(running == .updated)
        #expect(table.events.map(\.kind) == ["run.stale", "run.cancelled"])
        for status in ["success", "failure", "partial", "timeout", "cancelled"] {
            let (ended, table) = try outcome(status, endTime: "its own")
            #expect(ended == .ended)
            #expect(table.entries.values.first?.record.text(.endTime) == "its own")
            #expect(table.entries.values.first?.isChanged == false && table.events.isEmpty)
        }
        var empty = RunTable()
        var element = RunElement(
            seq: 1,
            at: now,
            place: 0,
            key: RunKeys.run("e"),
            operation: .closeStale(patch)
        )
        empty.apply(&element)
        #expect(element.outcome == .notFound)
    }

    @Test("a run that tells its end before the line is loaded keeps it")
    func endBeforeStale() async throws {
        let weir = try await RunsHarness()
        _ = try await weir.post("/api/v1/runs", RunBody.run("e", created: "2026-02-01T00:00:00Z"))
        _ = try await weir.patch("e", #"{"status":"success","output_summary":"all well"}"#)
        // The maintenance job had looked before the patch came: its line stands behind it.
        let run = StaleRun(eventID: "e", createdAt: "2026-02-01T00:00:00Z")
        let position = try await weir.journal.append(
            kind: "run.stale/1",
            members: RunLine.members("e"),
            body: StaleRuns.body(run, .cancelled, at: now)
        )
        #expect(await weir.progress.wait(for: position.seq, atMost: .seconds(30)))
        let stored = try await weir.get("/api/v1/runs/e").json
        #expect(stored["status"]?.string == "success")
        #expect(stored["output_summary"]?.string == "all well")
        #expect(stored["error_summary"]?.isNull == true)
    }
}
