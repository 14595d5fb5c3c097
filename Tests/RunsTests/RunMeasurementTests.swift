import Core
import FeatureTestKit
import Postgres
import TestKit
import Testing

@testable import Runs

/// What alerts ask of tracked runs.
@Suite("Measurements of runs", .serialized)
struct RunMeasurementTests {
    private func measure<Value: Sendable>(
        _ weir: RunsHarness,
        _ body: (RunMeasurements) throws -> Value
    ) throws -> Value {
        try Connection.withTemporary(weir.database.target) { try body(RunMeasurements(connection: $0)) }
    }

    private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(iso8601: text)) }

    private func ended(_ id: String, _ status: String, _ end: String, milliseconds: Int, more: String = "")
        -> String
    {
        RunBody.run(
            id,
            created: "2026-01-01T00:00:00Z",
            more: #","status":"\#(status)","end_time":"\#(end)","duration_ms":\#(milliseconds)\#(more)"#
        )
    }

    @Test func `what ended in a window is counted by agent and job type`() async throws {
        let weir = try await RunsHarness()
        let bodies = [
            ended("a", "success", "2026-01-01T10:00:00Z", milliseconds: 1000, more: #","api_retry_count":2"#),
            ended("b", "failure", "2026-01-01T10:30:00Z", milliseconds: 9000),
            ended("c", "timeout", "2026-01-01T10:59:59Z", milliseconds: 3000),
            ended("d", "success", "2026-01-01T11:00:00Z", milliseconds: 5000), RunBody.run("e"),
        ]
        _ = try await weir.post("/api/v1/runs/batch", "[\(bodies.joined(separator: ","))]")
        let (start, end) = (try time("2026-01-01T10:00:00Z"), try time("2026-01-01T11:00:00Z"))
        let found = try measure(weir) { try $0.ended(from: start, to: end) }
        #expect(found.count == 1)
        let agent = try #require(found.first)
        #expect(agent.agent == "agent" && agent.jobType == "job")
        #expect(agent.finished == 3 && agent.failed == 2)
        #expect(agent.p95Milliseconds == 9000)
        #expect(agent.retries == 2)
        #expect(try measure(weir) { try $0.ended(from: start, to: end, agent: "other") }.isEmpty)
    }

    @Test func `a run that is ended by a patch ended then`() async throws {
        let weir = try await RunsHarness()
        _ = try await weir.post("/api/v1/runs", RunBody.run("a"))
        _ = try await weir.patch("a", #"{"status":"success","end_time":"2026-01-01T00:00:05Z"}"#)
        _ = try await weir.patch("a", #"{"output_summary":"more"}"#)
        let found = try weir.rows("SELECT ended_at AT TIME ZONE 'UTC', duration_ms FROM agent_run")
        #expect(found == ["2026-01-01 00:00:05|5000"])
    }

    @Test func `open runs know how long such runs usually take`() async throws {
        let weir = try await RunsHarness()
        let bodies = (1...30).map { number in
            RunBody.run(
                "e\(number)",
                created: "2026-01-01T00:00:\(number + 10)Z",
                more:
                    #","status":"success","end_time":"2026-01-02T00:00:00Z","duration_ms":\#(number * 1000)"#
            )
        }
        _ = try await weir.post("/api/v1/runs/batch", "[\(bodies.joined(separator: ","))]")
        _ = try await weir.post("/api/v1/runs", RunBody.run("open", start: "2026-01-03T00:00:00Z"))
        _ = try await weir.post(
            "/api/v1/runs",
            RunBody.run("first", job: "other", start: "2026-01-02T00:00:00Z")
        )
        let open = try measure(weir) { try $0.open() }
        #expect(open.map(\.eventID) == ["first", "open"])
        // The last 20 took 11 to 30 seconds.
        #expect(open.map(\.usualMilliseconds) == [nil, 29_000])
        #expect(open.map(\.usualRuns) == [0, 20])
        #expect(open[1].startedAt == (try time("2026-01-03T00:00:00Z")))
    }

    @Test func `an agent was heard of last when one of its runs came to its status`() async throws {
        let weir = try await RunsHarness()
        _ = try await weir.post(
            "/api/v1/runs",
            ended("a", "success", "2026-01-01T10:00:00Z", milliseconds: 1)
        )
        _ = try await weir.post(
            "/api/v1/runs",
            ended("b", "failure", "2026-01-01T12:00:00Z", milliseconds: 1)
        )
        let last = try #require(try measure(weir) { try $0.lastRuns() }.first)
        #expect(last.agent == "agent")
        #expect(last.at == (try time("2026-01-01T12:00:00Z")))
        #expect(last.startedAt == nil)
        #expect(last.succeededAt == (try time("2026-01-01T10:00:00Z")))
        #expect(try measure(weir) { try $0.lastRuns(of: "other") }.isEmpty)
    }

    @Test func `no measurement reads all runs`() async throws {
        let weir = try await RunsHarness(loads: false)
        try weir.execute(
            """
            INSERT INTO agent_run (
                event_key, event_id, run_id, agent_name, job_type, status, created_at, created_order, created_is_time,
                start_time, start_instant, api_posted, received_at, document, ended_at, duration_ms
            )
            SELECT md5('e' || i)::uuid, 'e' || i, 'r' || i, 'agent-' || i % 40, 'job-' || i % 7,
                   CASE WHEN i % 500 = 0 THEN 'running' ELSE 'success' END, t::text, t, true, t::text, t, false, t, '{}',
                   CASE WHEN i % 500 <> 0 THEN t END, i
            FROM generate_series(1, 60000) i, LATERAL (SELECT timestamptz '2024-01-01' + i * interval '25 minutes') x (t)
            """
        )
        try weir.execute("VACUUM ANALYZE agent_run")
        try weir.execute("VACUUM ANALYZE agent_run_tally")
        let before = try weir.wholeReads()
        let (start, end) = (try time("2026-06-01T00:00:00Z"), try time("2026-06-02T00:00:00Z"))
        for _ in 1...2 {
            let found = try measure(weir) { measured in
                // A prepared statement gets its lasting plan after five executions.
                for _ in 1...6 { _ = try measured.ended(from: start, to: end) }
                for _ in 1...6 { _ = try measured.open() }
                for _ in 1...6 { _ = try measured.lastRuns() }
                return try (measured.ended(from: start, to: end).count, measured.open().count)
            }
            #expect(found == (57, 120))
        }
        try await weir.endSessions()
        #expect(try weir.wholeReads() == before)
    }
}
