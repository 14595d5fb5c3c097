import Core
import FeatureTestKit
import HTTP
import TestKit
import Testing

@testable import Pipelines

@Suite("Insights from rows", .serialized)
struct InsightRoutesTests {
    /// 20 stages of 1 to 20 seconds of which 3 failed, and 6 pipelines of which 3 failed: contract pipelogiq §12.
    private static let example = """
        INSERT INTO pipeline (id, name, status, created_at, finished_at, is_completed, trace_id, w3c_trace_id)
        SELECT i, 'a', CASE WHEN i <= 3 THEN 'FAILED' ELSE 'Completed' END, now() - interval '10 minutes' + i * interval '1 second',
               now() - interval '5 minutes', true, lpad(i::text, 32, '0'), lpad(i::text, 32, '0')
        FROM generate_series(1, 6) i;
        INSERT INTO stage (id, pipeline_id, name, status, created_at, started_at, finished_at)
        SELECT i, 1, 'x', CASE WHEN i <= 3 THEN 'failed' ELSE 'Completed' END, t, t, t + i * interval '1 second'
        FROM generate_series(1, 20) i, LATERAL (SELECT now() - interval '9 minutes') x (t);
        """

    @Test func `are those of the contract to the digit`() async throws {
        let weir = try FeatureHarness(.pipelines(), loads: false)
        try weir.database.execute(Self.example)
        let answer = try await weir.send(.get, "/observability/insights?timeRange=1h&source=pipelines")
        #expect(
            answer.text
                == #"{"slowestStages":[{"pipelineName":"a","stageName":"x","p95Ms":19000,"p50Ms":10000,"p99Ms":20000,"count":20,"source":"pipelines"}],"#
                + #""errorHotspots":[{"pipelineName":"a","stageName":"x","failureRate":15,"avgRetries":0,"source":"pipelines"}],"#
                + #""summary":{"executionsPerMin":0.1,"failuresPerMin":0.05,"successRate":50,"avgStageMs":10500}}"#
                + "\n"
        )
        let rows = try await weir.send(.get, "/api/observability/traces?status=error&range=1h&limit=2").json
        #expect(rows.elements.compactMap { $0["executionId"]?.int64 } == [3, 2])
        #expect(rows.elements.compactMap { $0["spansCount"]?.int64 } == [0, 0])
        let cursors = rows.elements.compactMap { $0["cursor"]?.string }
        let cursor = try #require(cursors.last)
        let next = try await weir.send(.get, "/observability/traces?status=error&before=\(cursor)").json
        #expect(next.elements.compactMap { $0["executionId"]?.int64 } == [1])
        #expect(try await weir.send(.get, "/observability/traces?search=%25").text == "[]\n")
        #expect(
            try await weir.send(.get, "/observability/traces?search=6&status=nonsense").json.elements.reduce(
                0
            ) { n, _ in n + 1 } == 1
        )
        let series = try await weir.send(.get, "/observability/insights/series?range=1h").json
        let buckets = try #require(series["series"]).elements.map { $0 }
        #expect(buckets.count == 30)
        #expect(buckets.reduce(0) { $0 + ($1["pipelinesCreated"]?.int64 ?? 0) } == 6)
        #expect(buckets.reduce(0) { $0 + ($1["stagesFailed"]?.int64 ?? 0) } == 3)
        try weir.database.execute(
            """
            DELETE FROM stage;
            INSERT INTO stage (id, pipeline_id, name, created_at, started_at, finished_at)
            SELECT 1000 * n + i, 1, 'n' || n, t, t, t + i * interval '1 millisecond'
            FROM unnest(ARRAY[1, 19, 20, 21, 40, 100]) n, generate_series(1, n) i,
                 LATERAL (SELECT now() - interval '9 minutes') x (t);
            INSERT INTO pipeline (id, name, created_at, w3c_trace_id) VALUES (7, 'a::b', now(), ''), (8, 'a', now(), '');
            INSERT INTO stage (id, pipeline_id, name, created_at, started_at) VALUES
                (900001, 7, 'c', now(), now() - interval '2 minutes'), (900002, 8, 'b::c', now(), now() - interval '1 minute');
            """
        )
        let more = try await weir.send(.get, "/observability/insights?range=15m").json
        let slowest = try #require(more["slowestStages"]).elements.map { $0 }
        let names = slowest.map { [$0["pipelineName"]?.string, $0["stageName"]?.string].compactMap(\.self) }
        #expect(names.prefix(2) == [["a::b", "c"], ["a", "b::c"]])
        #expect(slowest.dropFirst(2).compactMap { $0["p95Ms"]?.int64 } == [95, 38, 20, 19, 19, 1])
    }
}
