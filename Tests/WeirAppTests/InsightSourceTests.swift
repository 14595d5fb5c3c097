import Core
import FeatureTestKit
import HTTP
import Ingest
import Pipelines
import TestKit
import Testing

@testable import WeirApp

/// Insights over what other features have stored.
@Suite struct `Insights of other features` {
    private static let rows = """
        INSERT INTO run (run_key, run_id, run_name, first_utc, last_utc, first_received_at, last_received_at,
                         started_utc, segment_start, completed_utc, completed_segment, success, project_name)
        SELECT md5('r1')::uuid, 'r1', 'mad_curie', t, t, t, t, t, t, t + interval '90 seconds', t, false, 'rnaseq'
        FROM (SELECT now() - interval '10 minutes') x (t);
        INSERT INTO completion (run_key, completion_key, telemetry_id, utc_time, has_process, process, attempt, status,
                                exit, error_action, realtime_ms)
        SELECT md5('r1')::uuid, md5('c' || i)::uuid, i, now() - interval '5 minutes', true, 'ALIGN', 1 + i % 2,
               CASE WHEN i <= 5 THEN 'FAILED' ELSE 'COMPLETED' END, '0', '', i * 1000
        FROM generate_series(1, 20) i;
        INSERT INTO agent_run (event_key, event_id, run_id, agent_name, job_type, status, created_at, created_order,
                               created_is_time, start_time, api_posted, received_at, document, ended_at, duration_ms)
        SELECT md5('a')::uuid, 'a', 'R', 'crawler', 'fetch', 'failure', t::text, t, true, t::text, false, t, '{}',
               t + interval '3 seconds', 3000
        FROM (SELECT now() - interval '8 minutes') x (t);
        """

    @Test func `are beside those of pipelines`() async throws {
        let feature = Feature.pipelines(
            templates: StoredLinkTemplates(),
            sources: [NextflowInsights(), TrackedRunInsights()]
        )
        let weir = try FeatureHarness(feature, loads: false)
        try weir.database.execute(Self.rows)
        try weir.database.execute(
            """
            INSERT INTO observability_integration_config (type, config_json)
            VALUES ('graylog', '{"searchUrlTemplate":"https://logs.example/?q=${executionId}"}')
            ON CONFLICT (type) DO UPDATE SET config_json = excluded.config_json
            """
        )
        let answer = try await weir.send(.get, "/observability/insights?range=1h")
        #expect(
            answer.text
                == #"{"slowestStages":[{"pipelineName":"rnaseq","stageName":"ALIGN","p95Ms":19000,"p50Ms":10000,"p99Ms":20000,"count":20,"source":"nextflow"},"#
                + #"{"pipelineName":"crawler","stageName":"fetch","p95Ms":3000,"p50Ms":3000,"p99Ms":3000,"count":1,"source":"runs"}],"#
                + #""errorHotspots":[{"pipelineName":"crawler","stageName":"fetch","failureRate":100,"avgRetries":0,"source":"runs"},"#
                + #"{"pipelineName":"rnaseq","stageName":"ALIGN","failureRate":25,"avgRetries":0.5,"source":"nextflow"}],"#
                + #""summary":{"executionsPerMin":0.03333333333333333,"failuresPerMin":0.03333333333333333,"successRate":0,"avgStageMs":10142.857142857143}}"#
                + "\n"
        )
        let traces = try await weir.send(.get, "/observability/traces?status=error&search=R").json
        #expect(traces.elements.compactMap { $0["runId"]?.string } == ["a", "r1"])
        #expect(traces.elements.compactMap { $0["durationMs"]?.int64 } == [3000, 90_000])
        #expect(
            traces.elements.compactMap { $0["logsUrl"]?.string } == [
                "https://logs.example/?q=a", "https://logs.example/?q=r1",
            ]
        )
        let series = try await weir.send(.get, "/observability/insights/series?range=1h").json
        let buckets = try #require(series["series"]).elements.map { $0 }
        #expect(buckets.reduce(0) { $0 + ($1["stagesFailed"]?.int64 ?? 0) } == 6)
        #expect(buckets.reduce(0) { $0 + ($1["pipelinesFailed"]?.int64 ?? 0) } == 2)
    }
}
