import Configuration
import Core
import FeatureTestKit
import HTTP
import Postgres
import TestKit
import Testing

@testable import Pipelines

/// No answer and no sweep may read the big tables whole.
@Suite("Reading pipelines by index", .serialized)
struct PipelineIndexUseTests {
    private static let targets = [
        "/pipelines", "/pipelines/77", "/pipelines?applicationId=3&pageSize=5", "/workers/5/events",
        "/workers/events?limit=5", "/observability/traces", "/observability/traces?range=15m",
        "/observability/insights?range=15m", "/observability/insights/series?range=15m",
    ]

    private static let filled = """
        INSERT INTO pipeline (id, application_id, name, status, created_at, finished_at, is_completed, trace_id, w3c_trace_id)
        SELECT i, i % 100, 'p' || i % 50, 'Completed', t, t + interval '5 s', true, 't' || i, md5(i::text)
        FROM generate_series(1, 20000) i, LATERAL (SELECT now() - i * interval '1 minute') s (t);
        INSERT INTO stage (id, pipeline_id, name, status, created_at, started_at, finished_at, span_id)
        SELECT id * 2 + n, id, 's' || n, 'Completed', created_at, created_at, finished_at, left(md5(id::text), 16)
        FROM pipeline, generate_series(0, 1) n;
        INSERT INTO stage_log (stage_id, log, created_at) SELECT id, 'x', created_at FROM stage;
        INSERT INTO stage_io SELECT id, 'i', 'o' FROM stage;
        INSERT INTO stage_options (stage_id) SELECT id FROM stage;
        INSERT INTO worker_event (id, worker_id, ts, level, event_type, message)
        SELECT i, i % 100, now() - i * interval '1 s', 'INFO', 't', 'm' FROM generate_series(1, 20000) i
        """

    /// Every table but those that are counted, or are small.
    private static let scans = """
        SELECT relname || ' ' || seq_scan FROM pg_stat_user_tables
        WHERE relname IN ('stage', 'stage_io', 'stage_options', 'stage_log', 'stage_retry', 'worker_event') ORDER BY 1
        """

    @Test func `no answer reads the tables whole`() async throws {
        let database = try TemporaryDatabase.withSchema()
        try database.execute(Self.filled)
        try database.execute("VACUUM ANALYZE")
        for target in Self.targets {
            let before = try database.rows(Self.scans)
            let weir = try FeatureHarness(.pipelines(), loads: false, over: database)
            // A prepared statement gets its lasting plan after five executions.
            for _ in 1...7 { #expect(try await weir.send(.get, target).status == 200, "\(target)") }
            await weir.pool.close()
            try await eventually { try database.rows(Self.sessions) == ["0"] }
            #expect(try database.rows(Self.scans) == before, "\(target)")
        }
    }

    private static let sessions = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
        """
}
