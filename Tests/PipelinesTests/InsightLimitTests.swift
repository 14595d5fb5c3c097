import Core
import FeatureTestKit
import HTTP
import Metrics
import Postgres
import TestKit
import Testing

@testable import Pipelines

/// Contract pipelogiq §9: the empty window, the cap of a list and its order, texts in patterns; and what bounds an answer.
@Suite("Insights within their limits", .serialized)
struct InsightLimitTests {
    private static let now = Timestamp(microseconds: 1_700_000_000_000_000)

    /// Pipelines 1 to 60, a minute apart, the last the newest; of each one stage, of as many seconds as its number.
    private static let rows = """
        INSERT INTO pipeline (id, name, status, created_at, finished_at, is_completed, trace_id, w3c_trace_id)
        SELECT i, CASE WHEN i = 7 THEN 'a_b' ELSE 'axb' END, CASE WHEN i % 10 = 0 THEN 'Failed' WHEN i = 3 THEN 'Running' ELSE 'Completed' END,
               t, CASE WHEN i <> 3 THEN t + interval '30 s' END, i <> 3, 'trace-' || i, md5(i::text)
        FROM generate_series(1, 60) i, LATERAL (SELECT to_timestamp(1700000000) - (60 - i) * interval '1 minute') x (t);
        INSERT INTO stage (id, pipeline_id, name, status, created_at, started_at, finished_at)
        SELECT id, id, 's', status, created_at, created_at, CASE WHEN id <> 3 THEN created_at + id * interval '1 s' END FROM pipeline
        """

    private func ids(_ weir: FeatureHarness, _ target: String) async throws -> [Int64] {
        try await weir.send(.get, target).json.elements.compactMap { $0["executionId"]?.int64 }
    }

    @Test func `are empty, cut at fifty, found by their words, and say what they leave out`() async throws {
        let weir = try FeatureHarness(.pipelines(), loads: false)
        let empty = try await weir.send(.get, "/observability/insights?range=7d")
        #expect(
            empty.text
                == #"{"slowestStages":[],"errorHotspots":[],"summary":{"executionsPerMin":0,"failuresPerMin":0,"successRate":0,"avgStageMs":0}}"#
                + "\n"
        )
        #expect(try await weir.send(.get, "/observability/traces").text == "[]\n")
        try weir.database.execute(Self.rows)
        #expect(try await ids(weir, "/observability/traces") == Array((11...60).reversed()))
        #expect(try await ids(weir, "/observability/traces?limit=500").count == 60)
        #expect(try await ids(weir, "/observability/traces?limit=0") == [60])
        #expect(try await ids(weir, "/observability/traces?search=A_B") == [7])
        #expect(try await ids(weir, "/observability/traces?search=TRACE-6") == [60, 6])
        #expect(try await ids(weir, "/observability/traces?search=3&limit=3") == [53, 43, 39])
        #expect(try await ids(weir, "/observability/traces?status=RUNNING") == [3])
        #expect(try await ids(weir, "/observability/traces?status=error&limit=2") == [60, 50])
        #expect(try await ids(weir, "/observability/traces?status=success&limit=2") == [59, 58])
        let list = try await weir.send(.get, "/pipelines?search=trace-6&pageSize=1&pageNumber=2").json
        #expect(list["totalCount"]?.int64 == 2)
        #expect(list["items"]?.elements.compactMap { $0["id"]?.int64 } == [6])
        try await look(weir)
    }

    private func look(_ weir: FeatureHarness) async throws {
        let few = InsightLimits(samples: 3)
        let since = Self.now - .seconds(3600)
        try await weir.pool.withConnection { connection in
            let source = PipelineInsights()
            let groups = try source.stageGroups(since: since, now: Self.now, few, on: connection)
            #expect(groups.value.map { [$0.count, $0.failed, $0.p50, $0.p95] } == [[3, 1, 59_000, 60_000]])
            #expect(groups.since == Self.now - .seconds(120))
            let all = try source.stageGroups(
                since: since,
                now: Self.now,
                InsightLimits(samples: 61),
                on: connection
            )
            #expect(all.value.map(\.count).sorted() == [1, 59])
            #expect(all.since == nil)
            let totals = try source.totals(since: since, few, on: connection)
            #expect(totals.value == PipelineTotals(total: 30, failed: 3))
            #expect(totals.since == Self.now - .seconds(29 * 60))
            let series = try source.series(InsightRange.hour.buckets(at: Self.now), few, on: connection)
            #expect(series.list.reduce(0) { $0 + $1.pipelinesCreated } == 30)
            #expect(series.list.reduce(0) { $0 + $1.stagesCompleted + $1.stagesFailed } == 30)
            #expect(series.list.contains { $0.isSampled })
            #expect(series.since != nil)
            var query = TraceQuery()
            query.search = "a_b"
            let none = try source.traces(query, now: Self.now, few, on: connection)
            #expect(none.value.isEmpty)
            #expect(none.since == Self.now - .seconds(120))
            query.search = "trace-7"
            #expect(
                try source.traces(query, now: Self.now, few, on: connection).value.map(\.executionID) == [7]
            )
            query.status = .error
            #expect(try source.traces(query, now: Self.now, few, on: connection).value.isEmpty)
            query = TraceQuery()
            query.status = .success
            query.limit = 2
            let newest = try source.traces(query, now: Self.now, few, on: connection)
            #expect(newest.value.map(\.executionID) == [59, 58])
            #expect(newest.since == nil)
        }
    }
}

@Suite("Insights of groups")
struct InsightComputationTests {
    private func group(
        _ pipeline: String,
        _ stage: String,
        p95: Int64,
        failed: Int64 = 0,
        of count: Int64 = 10
    )
        -> Insights.Group
    {
        let group = StageGroup(
            pipeline: pipeline,
            stage: stage,
            count: count,
            failed: failed,
            retries: 5,
            sumMs: Double(p95 * count),
            p50: 0,
            p95: p95,
            p99: 0
        )
        return (group, "pipelines")
    }

    private func totals(_ total: Int64, _ failed: Int64, _ minutes: Double) -> (
        totals: PipelineTotals, minutes: Double
    ) {
        (PipelineTotals(total: total, failed: failed), minutes)
    }

    @Test func `are the slowest ten and those that fail most, equal ones by their names`() {
        let many = (1...12).map { group("p\($0)", "s", p95: Int64($0), failed: Int64($0 % 4)) }
        let insights = Insights(many.shuffled(), [], listed: 10)
        #expect(insights.slowest.map(\.group.p95) == [12, 11, 10, 9, 8, 7, 6, 5, 4, 3])
        #expect(
            insights.hotspots.map(\.group.pipeline) == [
                "p11", "p3", "p7", "p10", "p2", "p6", "p1", "p5", "p9",
            ]
        )
        let equal = [group("b", "a", p95: 1), group("a", "c", p95: 1), group("a", "b", p95: 1)]
        let sorted = Insights(equal, [], listed: 10).slowest.map { $0.group.pipeline + $0.group.stage }
        #expect(sorted == ["ab", "ac", "ba"])
        #expect(Insights(equal, [], listed: 10).hotspots.isEmpty)
    }

    @Test func `add up sources, each over its own time`() {
        let own = [totals(6, 3, 60), totals(4, 0, 60), totals(30, 10, 10)]
        let insights = Insights([group("a", "x", p95: 2), group("b", "y", p95: 8, of: 20)], own, listed: 10)
        #expect(insights.executionsPerMinute == 10.0 / 60 + 3)
        #expect(insights.failuresPerMinute == 3.0 / 60 + 1)
        #expect(insights.successRate == 27.0 / 40 * 100)
        #expect(insights.meanStageMs == 6)
        let none = Insights([], [totals(0, 0, 60)], listed: 10)
        #expect([none.executionsPerMinute, none.successRate, none.meanStageMs] == [0, 0, 0])
    }

    @Test func `of a bucket with two sources have the percentiles of the one with more stages`() {
        var bucket = InsightBucket()
        (bucket.stagesCompleted, bucket.stagesFailed, bucket.p50, bucket.p95) = (2, 1, 10, 20)
        var other = InsightBucket()
        (other.stagesCompleted, other.stagesFailed, other.p50, other.p95) = (1, 2, 30, 40)
        bucket.add(other)
        #expect([bucket.stagesCompleted, bucket.stagesFailed, bucket.p50, bucket.p95] == [3, 3, 10, 20])
        other.stagesFailed = 6
        bucket.add(other)
        #expect([bucket.stagesCompleted, bucket.stagesFailed, bucket.p50, bucket.p95] == [4, 9, 30, 40])
    }
}

/// Contract pipelogiq §5.
@Suite("Metrics of pipelines")
struct MetricFamilyTests {
    @Test func `are there from the start, and have a bound`() {
        let registry = Registry()
        let metrics = PipelinesMetrics(registry: registry)
        metrics.created()
        let text = String(decoding: registry.exposition(as: .prometheusText), as: UTF8.self)
        for line in [
            "ext_pipeline_created_total 1", "stage_result_processed_total 0", "stage_published_total 0",
            #"pipelogiq_pipelines_total{status="Completed"} 0"#,
            #"pipelogiq_pipelines_total{status="Failed"} 0"#,
        ] { #expect(text.contains(line), "\(line)") }
    }
}
