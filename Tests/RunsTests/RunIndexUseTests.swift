import Core
import FeatureTestKit
import OpenTelemetry
import Postgres
import TestKit
import Testing

@testable import Runs

/// No list and no count may read all runs.
@Suite("Reading runs by index", .serialized)
struct RunIndexUseTests {
    private static let targets = [
        "/api/v1/runs", "/api/v1/runs?offset=500", "/api/v1/runs?agent_name=agent-3",
        "/api/v1/runs?agent_name=agent-3&status=running", "/api/v1/runs?status=failure",
        "/api/v1/runs?job_type=job-2",
        "/api/v1/runs?status=success&limit=10", "/api/v1/runs?run_id=run-77",
        "/api/v1/runs?parent_run_id=run-9",
        "/api/v1/runs?insight_id=i-30", "/api/v1/runs?website=w-20&website_section=s",
        "/api/v1/runs?git_commit_hash=h-50",
        "/api/v1/runs?api_posted=true", "/api/v1/runs?created_before=2024-06-01&limit=10",
        "/api/v1/runs?created_after=2026-01-01T00:00:00Z", "/api/v1/runs?start_time_from=2026-11-01&limit=10",
        "/api/v1/runs?agent_name=agent-3&created_before=2025-01-01", "/api/v1/runs/event-5",
        "/api/v1/runs?trace=true", "/api/v1/runs/event-5?trace=true",
        "/api/v1/runs/event-5/commit-url", "/api/v1/metadata", "/api/v1/metadata/job_type", "/metrics",
    ]

    private func fill(_ weir: RunsHarness) throws {
        try weir.execute(
            """
            INSERT INTO agent_run (
                event_key, event_id, run_id, agent_name, job_type, status, created_at, created_order, created_is_time,
                start_time, start_instant, api_posted, parent_run_id, insight_id, website, website_section, git_repo,
                git_commit_hash, received_at, document
            )
            SELECT
                CASE i WHEN 5 THEN '\(RunKeys.run("event-5"))' ELSE md5('e' || i)::uuid END, 'event-' || i, 'run-' || i,
                'agent-' || i % 40, 'job-' || i % 7,
                CASE WHEN i % 500 = 0 THEN 'running' WHEN i % 200 = 0 THEN 'failure' ELSE 'success' END,
                t::text, t, true, t::text, t, i % 5000 = 0,
                CASE WHEN i % 1000 = 0 THEN 'run-' || i / 1000 END, CASE WHEN i % 1000 = 1 THEN 'i-' || i / 1000 END,
                CASE WHEN i % 1000 = 2 THEN 'w-' || i / 1000 END, 's', 'r',
                CASE WHEN i % 1000 = 3 THEN 'h-' || i / 1000 END, t, '{"event_id":"x"}'
            FROM generate_series(1, 60000) i, LATERAL (SELECT timestamptz '2024-01-01' + i * interval '25 minutes') x (t);
            INSERT INTO agent_run_tally
            SELECT 'agent_name', md5(agent_name)::uuid, agent_name, count(*) FROM agent_run GROUP BY agent_name;
            """
        )
        // Not within a transaction, as a script of several statements is.
        try weir.execute("VACUUM ANALYZE agent_run")
    }

    @Test("no answer reads the table whole")
    func byIndex() async throws {
        let filled = try await RunsHarness(loads: false)
        try fill(filled)
        for target in Self.targets {
            let before = try filled.wholeReads()
            let weir = try await RunsHarness(loads: false, over: filled.database)
            // A prepared statement gets its lasting plan after five executions.
            for _ in 1...7 { #expect(try await weir.get(target).status == 200, "\(target)") }
            try await weir.endSessions()
            #expect(try filled.wholeReads() == before, "\(target)")
        }
        let before = try filled.wholeReads()
        let trace = TrackedRunTrace.trace(of: "event-5")
        let found = try Connection.withTemporary(filled.database.target) { connection in
            try (1...7).map { _ in try TrackedRunTrace.find(trace, on: connection).count }
        }
        #expect(found == Array(repeating: 1, count: 7))
        try await filled.endSessions()
        #expect(try filled.wholeReads() == before)
    }
}
