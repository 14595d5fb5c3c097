import Core
import FeatureTestKit
import TestKit
import Testing

@testable import Workers

/// The SQL surface of the original: contract noetl §3.2, §4.3.
@Suite("SQL of the original") struct OriginalSQLTests {
    private static func name(_ days: Int) -> String {
        CareRoutes.shownName(Timestamp.now().startOfDay.adding(seconds: days * 86_400))
    }

    @Test func `makes partitions, once`() async throws {
        let weir = try WorkersHarness()
        let day = "SELECT noetl.create_metric_partition('2026-02-03')"
        #expect(try weir.database.rows(day) == ["metric_2026_02_03"])
        #expect(try weir.database.rows(day) == ["metric_2026_02_03"])
        let ahead = "{\((0...2).map(Self.name).joined(separator: ","))}"
        #expect(try weir.database.rows("SELECT noetl.create_metric_partitions_ahead(2)") == [ahead])
        #expect(try weir.database.rows("SELECT noetl.create_metric_partitions_ahead(-1)") == ["{}"])
        #expect(try weir.database.rows("SELECT cardinality(noetl.create_metric_partitions_ahead())") == ["8"])
        let all = try weir.database.rows("SELECT unnest(noetl.initialize_metric_partitions())")
        #expect(all == (0...8).map(Self.name) + [Self.name(-1)])
        // Weir uses them.
        try await weir.pool("a")
        try await weir.report("a", WorkersHarness.gauge("m", "1"))
        #expect(try await weir.rows("SELECT metric_value FROM noetl.metric") == ["1"])
    }

    @Test func `drops expired partitions`() async throws {
        let weir = try WorkersHarness()
        _ = try weir.database.rows("SELECT noetl.create_metric_partition('2026-02-03')")
        _ = try weir.database.rows("SELECT noetl.create_metric_partitions_ahead(0)")
        #expect(try weir.database.rows("SELECT noetl.cleanup_expired_metrics()") == ["{metric_2026_02_03}"])
        #expect(try weir.database.rows("SELECT noetl.cleanup_expired_metrics()") == ["{}"])
    }

    @Test func `sets lifetimes`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("a")
        try await weir.report("a", WorkersHarness.gauge("m", "1"), WorkersHarness.gauge("n", "2"))
        _ = try await weir.rows("SELECT 1")
        #expect(try weir.database.rows("SELECT noetl.set_metric_ttl('m', interval '3 days')") == ["1"])
        #expect(try weir.database.rows("SELECT noetl.set_metric_ttl('ghost')") == ["0"])
        #expect(try weir.database.rows("SELECT noetl.extend_component_metrics_ttl('a')") == ["2"])
        #expect(
            try await weir.rows(
                "SELECT DISTINCT expires_at - greatest(created_at, now()) < '1 day' FROM noetl.metric"
            )
                == ["t"]
        )
    }

    @Test func `mints ids in the original's layout`() throws {
        let weir = try WorkersHarness()
        let rows = try weir.database.rows(
            """
            SELECT (id >> 18) & 31, id & 1023,
                abs((id >> 23) + 1704067200000 - (extract(epoch FROM now()) * 1000)::bigint) < 60000
            FROM (SELECT noetl.snowflake_id() AS id) s
            """
        )
        #expect(rows == ["1|1|t"])
    }

    private static let whole = "Seq Scan on sample_block_\(Timestamp.now().yyyymmdd)"
    private static let plans: [(sql: String, mustHave: String, mayNotHave: String)] = [
        (
            """
            SELECT metric_value FROM noetl.metric
            WHERE created_at > now() - interval '1 hour' AND metric_name = 'noetl_system_cpu_usage_percent'
            """, "sample_block_", "sample_block_20260101"
        ),
        (
            """
            SELECT m.metric_value, m."timestamp" FROM noetl.metric m JOIN noetl.runtime r USING (runtime_id)
            WHERE r.name = 'pool-7' AND m.metric_name = 'noetl_queue_size'
            ORDER BY m."timestamp" DESC LIMIT 100
            """, "runtime_id_last_at_idx", whole
        ),
        (
            "SELECT * FROM noetl.metric WHERE metric_name = 'rare'",
            "runtime_id_last_at_idx", whole
        ),
        (
            "SELECT * FROM noetl.metric WHERE runtime_id = 7 AND created_at > now() - interval '1 day'",
            "runtime_id_last_at_idx", whole
        ),
    ]

    /// 200 components with 8 series each, 200 reports of each on two days.
    private static func fill(_ weir: WorkersHarness) throws {
        try weir.database.execute(
            """
            INSERT INTO component (
                runtime_id, name, component_type, status, last_heartbeat, created_at, updated_at, reported_status
            )
            SELECT n, 'pool-' || n, 'worker_pool', 'ready', now(), now(), now(), 'ready' FROM generate_series(1, 200) n;
            INSERT INTO series (series_key, runtime_id, metric_name, metric_type, described_at)
            SELECT md5(n || '/' || m)::uuid, n, CASE
                WHEN n = 7 AND m = 1 THEN 'rare'
                ELSE (ARRAY['noetl_system_cpu_usage_percent', 'noetl_queue_size', 'c', 'd', 'e', 'f', 'g', 'h'])[m]
            END, 'gauge', now()
            FROM generate_series(1, 200) n, generate_series(1, 8) m;
            SELECT noetl.create_metric_partition('2026-01-01');
            SELECT noetl.create_metric_partitions_ahead(0), noetl.create_metric_partition(current_date - 1);
            INSERT INTO sample_block
            SELECT t.at, n, '00000000-0000-0000-0000-000000000001', t.k * 1000 + n, t.at, t.at,
                (SELECT array_agg(series_id) FROM series s WHERE s.runtime_id = n), NULL, ARRAY[1, 2, 3, 4, 5, 6, 7, 8]
            FROM generate_series(1, 200) n,
                LATERAL (SELECT k, now() - k * interval '4 minutes' AS at FROM generate_series(0, 199) k) t;
            """
        )
        try weir.database.execute("VACUUM ANALYZE sample_block")
        try weir.database.execute("ANALYZE series")
        try weir.database.execute("ANALYZE component")
    }

    @Test func `finds samples by index and by day`() throws {
        let weir = try WorkersHarness()
        try Self.fill(weir)
        for (sql, mustHave, mayNotHave) in Self.plans {
            let plan = try weir.database.rows("EXPLAIN (ANALYZE, COSTS OFF) \(sql)").joined(separator: "\n")
            #expect(plan.contains(mustHave), "\(plan)")
            #expect(!plan.contains(mayNotHave) || plan.contains("Subplans Removed"), "\(plan)")
        }
    }
}
