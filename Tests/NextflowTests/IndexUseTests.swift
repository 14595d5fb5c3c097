import Core
import Ingest
import Postgres
import TestKit
import Testing

@testable import Nextflow

/// What an answer costs must not grow with what was ever stored: no question may read a large table whole.
@Suite struct `Reading by index` {
    /// A few hundred runs with a hundred tasks each, over two years.
    private static func fill(_ harness: ProjectionHarness) throws {
        let shown = NextflowKeys.run(id: "session-8", name: "name-17")
        try harness.execute(
            """
            CREATE TABLE telemetry_all PARTITION OF telemetry DEFAULT;
            INSERT INTO run (
                run_key, run_id, run_name, first_utc, last_utc, first_received_at, last_received_at, task_utc,
                started_utc, completed_utc, completed_segment, success, user_name, project_name
            )
            SELECT
                CASE i WHEN 17 THEN '\(shown)' ELSE md5('run' || i)::uuid END, 'session-' || i / 2, 'name-' || i, t, t + interval '1 hour', t,
                t + interval '1 hour', t, t, CASE WHEN i % 100 > 0 THEN t END, CASE WHEN i % 100 > 0 THEN t END,
                CASE WHEN i % 100 > 0 THEN i % 10 > 0 END, 'user-' || i % 50, 'project-' || i % 50
            FROM generate_series(1, 600) i, LATERAL (SELECT timestamptz '2024-12-01' + i * interval '29 hours') x (t);

            INSERT INTO run_segment (run_key, segment_start, told_by_completed, told_utc, told_digest)
            VALUES ('\(shown)', '-infinity', false, now(), '\(shown)');

            INSERT INTO completion (
                run_key, completion_key, telemetry_id, utc_time, has_process, process, attempt, status, exit,
                error_action, task_id, pct_cpu, pct_mem, peak_rss, executor, machine_type
            )
            SELECT
                run_key, md5(run_key || '/' || i)::uuid, i, first_utc + i * interval '30 seconds', true,
                'P' || i % 40, 1, CASE WHEN i % 20 = 0 THEN 'FAILED' ELSE 'COMPLETED' END, '0', '', i, i, i, i,
                CASE WHEN i % 25 = 0 THEN 'awsbatch' END, CASE WHEN i % 50 = 0 THEN 'm5.large' END
            FROM run, generate_series(1, 100) i;

            INSERT INTO task (
                run_key, task_number, task_id, hash, status_rank, submitted, started, completed, first_utc, last_utc,
                process, name
            )
            SELECT
                run_key, i, i, '', CASE WHEN completed_utc IS NULL AND i < 5 THEN 3 ELSE 5 END, true, true,
                completed_utc IS NOT NULL OR i >= 5, first_utc, last_utc, 'P' || i % 40, 'name'
            FROM run, generate_series(1, 100) i;

            INSERT INTO run (run_key, run_id, run_name, first_utc, last_utc, first_received_at, last_received_at,
                started_utc, completed_utc, completed_segment, success, user_name, project_name)
            SELECT
                md5('idle' || i)::uuid, 'idle-' || i, 'idle-' || i, t, t, t, t, t, t, t, true,
                'user-' || i % 500, 'project-' || i % 500
            FROM generate_series(1, 20000) i, LATERAL (SELECT timestamptz '2024-12-01' + i * interval '50 minutes') x (t);

            INSERT INTO telemetry
            SELECT
                row_number() OVER (), run_id, run_name, 'process_completed', first_utc, 'null', 'null',
                first_utc + i * interval '30 seconds', md5('journal')::uuid, i, run_key, false, false
            FROM run, generate_series(1, 100) i
            WHERE run_name LIKE 'name-%';
            """
        )
        try fillTower(harness)
        try CompletionFixture.rollUp(harness)
        try Connection.withTemporary(harness.database.target) { connection in
            let now = Timestamp.now()
            for _ in 1...2 { try SealedSketches.seal(on: connection, now: now, for: .seconds(60)) }
        }
        try harness.execute("VACUUM ANALYZE")
    }

    /// What Tower's client tells of the same runs: a call for each task.
    private static func fillTower(_ harness: ProjectionHarness) throws {
        try harness.execute(
            """
            CREATE TABLE tower_call_all PARTITION OF tower_call DEFAULT;
            INSERT INTO tower_workflow SELECT 'id-' || run_name, run_key, run_id, run_name, first_utc FROM run;
            INSERT INTO run_tower (run_key, workflow_id, workspace_id)
            SELECT run_key, 'id-' || run_name, abs(hashtext(run_name)) % 5000 FROM run;
            INSERT INTO tower_call
            SELECT
                t, md5('journal')::uuid, i, 'id-' || run_name, NULL, 'progress', t, false, false,
                jsonb_build_object('body', jsonb_build_object('tasks', jsonb_build_array(
                    jsonb_build_object('taskId', i, 'status', 'COMPLETED', 'script', repeat('x', 200)))))
            FROM run, generate_series(1, 100) i, LATERAL (SELECT first_utc + i * interval '30 seconds') x (t)
            WHERE run_name LIKE 'name-%';
            UPDATE task t
            SET tower_told = 5::bigint << 56
                | (extract(epoch FROM r.first_utc + task_number * interval '30 seconds') * 1000000)::bigint
            FROM run r
            WHERE r.run_key = t.run_key;
            """
        )
    }

    /// How often each table was read whole.
    private static func wholeReads(_ harness: ProjectionHarness) throws -> [String] {
        try harness.rows(
            """
            SELECT relname, seq_scan FROM pg_stat_user_tables
            WHERE relname IN (
                'run', 'task', 'completion', 'telemetry_all', 'completion_rollup', 'run_rollup', 'run_process',
                'sealed_sketch', 'tower_call_all', 'tower_workflow', 'run_tower'
            )
            ORDER BY relname
            """
        )
    }

    private static let targets = [
        "/metrics/processes/summary", "/metrics/processes/retries", "/metrics/processes/failures",
        "/metrics/processes/failure-signatures", "/metrics/processes/resources-by-attempt",
        "/metrics/processes/summary?since=2026-11-20T10:17:03Z",
        "/metrics/processes/resources-by-attempt?since=2026-11-20T10:17:03Z",
        "/metrics/processes/resources-by-attempt?since=2025-11-20T10:17:03Z&until=2026-11-20T10:17:03Z&limit=1000",
        "/metrics/processes/resources-by-attempt?process=P7", "/metrics/processes/timeline?process=P7",
        "/metrics/processes/summary?process=P7&since=2025-11-20T10:17:03Z&until=2026-11-20T10:17:03Z",
        "/metrics/processes/summary?process=P7", "/metrics/processes/summary?run_name=name-17",
        "/metrics/processes/resources-by-attempt?run_name=name-17",
        "/metrics/processes/running", "/metrics/processes/timeline?since=2026-11-01T00:00:00Z",
        "/metrics/processes/tasks", "/metrics/processes/tasks?status=FAILED",
        "/metrics/processes/tasks?process=P7",
        "/metrics/processes/tasks?run_name=name-17",
        "/metrics/processes/summary?executor=awsbatch&since=2026-11-01T00:00:00Z",
        "/metrics/processes/resources-by-attempt?machine_type=m5.large&since=2026-11-01T00:00:00Z",
        "/metrics/processes/timeline?executor=awsbatch&machine_type=m5.large&since=2026-11-01T00:00:00Z",
        "/metrics/processes/tasks?machine_type=m5.large",
        "/metrics/processes/running?executor=awsbatch",
        "/api/nextflow/runs", "/api/nextflow/runs?name=name-17", "/api/nextflow/runs?user=user-3",
        "/api/nextflow/runs?project=project-3", "/api/nextflow/runs?run_id=session-8",
        "/api/nextflow/runs?state=running", "/api/nextflow/runs?state=failed",
        "/api/nextflow/runs?state=aborted", "/api/nextflow/runs?state=succeeded&state=stale",
        "/api/nextflow/runs?until=2025-01-01T00:00:00Z",
        "/api/nextflow/runs/session-8", "/api/nextflow/runs/session-8/name-17",
        "/api/nextflow/runs/session-8/name-17/tasks?status=FAILED",
        "/api/nextflow/runs/session-8/name-17/events?order=newest",
        "/tower/workflow", "/tower/workflow?offset=300", "/tower/workflow?search=NAME-17",
        "/tower/workflow?search=project-3*", "/tower/workflow?workspaceId=17",
        "/tower/workflow/id-name-17", "/tower/workflow/id-name-17/progress",
        "/tower/workflow/id-name-17/metrics",
        "/tower/workflow/id-name-17/tasks", "/tower/workflow/id-name-17/tasks?max=10&offset=50&search=n",
        "/tower/workflow/id-name-17/tasks?sortBy=status&sortDir=desc", "/tower/workflow/id-name-17/task/17",
        "/tower/workflow/\(TowerWorkflowID.make(sessionID: "session-8", runName: "name-17"))/progress",
    ]

    @Test func `no answer reads a large table whole`() async throws {
        let database = try ProjectionHarness()
        try Self.fill(database)
        for target in Self.targets {
            let before = try Self.wholeReads(database)
            let harness = try RouteHarness(over: database)
            // A prepared statement gets its lasting plan after five executions.
            for _ in 1...7 {
                #expect(try await harness.get(target).status == 200, Comment(rawValue: target))
            }
            // A session tells what it read when it ends.
            await harness.pool.close()
            while try database.rows(Self.otherSessions) != ["0"] { await Task.yield() }
            let after = try Self.wholeReads(database)
            #expect(after == before, Comment(rawValue: target))
        }
        let before = try Self.wholeReads(database)
        try Self.measure(database)
        try Self.trace(database)
        while try database.rows(Self.otherSessions) != ["0"] { await Task.yield() }
        #expect(try Self.wholeReads(database) == before)
    }

    /// Reads the spans of a run from its middle on.
    private static func trace(_ harness: ProjectionHarness) throws {
        try Connection.withTemporary(harness.database.target) { connection in
            for _ in 1...7 {
                let run = try #require(
                    try NextflowTrace(runID: "session-8", runName: "name-17", on: connection)
                )
                let middle = NextflowTrace.Position(number: 50, taskID: "50", hash: "")
                let page = try run.page(after: middle, attempts: 10, now: .epoch, on: connection)
                #expect(page.spans.count >= 10)
            }
        }
    }

    /// Measures everything, in windows of minutes and of months.
    private static func measure(_ harness: ProjectionHarness) throws {
        let now = Timestamp(iso8601: "2026-11-20T10:17:03Z")!
        try Connection.withTemporary(harness.database.target) { connection in
            for _ in 1...7 {
                try ReadSnapshot.read(connection) { _ in
                    let measurements = NextflowMeasurements(
                        connection: connection,
                        now: now,
                        staleAfter: RunSilence(weblog: .seconds(86_400))
                    )
                    for seconds in [60, 3600, 86_400, 30 * 86_400] {
                        let window = MeasuredWindow(last: .seconds(seconds), before: now)
                        _ = try measurements.processes(in: window)
                        _ = try measurements.totals(in: window)
                        _ = try measurements.processes(in: MeasuredWindow(since: window.since, until: now))
                    }
                    _ = try measurements.openRuns()
                }
            }
        }
    }

    private static let otherSessions = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
        """
}
