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
        "/pipelines", "/pipelines/77", "/pipelines?applicationId=3&pageSize=5",
        "/pipelines?search=p7&pageNumber=9",
        "/pipelines?search=nothing", "/pipelines?search=77", "/pipelines?statuses=Failed",

        "/pipelines?keywords=rare",
        "/pipelines?pipelineStartFrom=2026-01-01T00:00:00Z&pipelineStartTo=2026-01-02T00:00:00Z",
        "/workers", "/workers?state=ready", "/workers?search=nothing", "/workers?applicationId=3",
        "/workers/5/events", "/workers/events?limit=5", "/workers/events?applicationId=3",
        "/observability/traces", "/observability/traces?range=15m", "/observability/traces?status=success",
        "/observability/traces?status=error", "/observability/traces?status=running",
        "/observability/traces?search=nothing", "/observability/traces?search=t77",
        "/observability/traces?search=77&status=success", "/observability/traces?applicationId=3",
        "/observability/traces?before=2026-01-01T00:00:00Z,5", "/observability/insights?range=15m",
        "/observability/insights?range=7d", "/observability/insights/series?range=15m",
        "/observability/insights/series?range=7d",
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
        SELECT i, i % 100, now() - i * interval '1 s', 'INFO', 't', 'm' FROM generate_series(1, 20000) i;
        INSERT INTO worker_client (id, application_id, instance_id, worker_name, state, started_at, last_seen_at, updated_at)
        SELECT i, i % 100, 'i' || i, 'w', 'ready', now(), now() - i * interval '1 s', now() FROM generate_series(1, 20000) i;
        INSERT INTO keyword (key, value) SELECT 'k' || i, 'v' FROM generate_series(1, 5000) i;
        INSERT INTO keyword (key, value) VALUES ('k', 'rare');
        INSERT INTO pipeline_keyword SELECT i, k.id FROM keyword k, generate_series(1, 3) i WHERE k.value = 'rare';
        UPDATE pipeline SET status = 'Failed' WHERE id % 500 = 0;
        UPDATE pipeline SET status = 'Running', is_completed = false, finished_at = NULL WHERE id < 20
        """

    /// Every table but those that are counted, or are small.
    private static let scans = """
        SELECT relname || ' ' || seq_scan FROM pg_stat_user_tables
        WHERE relname IN ('pipeline', 'stage', 'stage_io', 'stage_options', 'stage_log', 'stage_retry', 'stage_report',
                          'worker_client', 'worker_event') ORDER BY 1
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
