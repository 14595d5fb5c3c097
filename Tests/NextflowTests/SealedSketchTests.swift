import Core
import Foundation
import Postgres
import TestKit
import Testing

@testable import Nextflow

@Suite struct `Sealed sketches` {
    private static let now = Timestamp(iso8601: "2026-12-05T12:00:00Z")!

    /// Once to look, and once to seal what has not grown since.
    private static func seal(_ harness: ProjectionHarness, times: Int = 2, at now: Timestamp = now) throws {
        try Connection.withTemporary(harness.database.target) { connection in
            for _ in 1...times { try SealedSketches.seal(on: connection, now: now, for: .seconds(60)) }
        }
    }

    private static func grains(_ harness: ProjectionHarness) throws -> [String] {
        try harness.rows(
            "SELECT grain, count(*) FROM sealed_bucket WHERE rows IS NOT NULL GROUP BY 1 ORDER BY 1"
        )
    }

    /// The rows of the answer, which must come from sketches.
    private static func rows(_ harness: RouteHarness, _ query: String) async throws -> NSArray {
        let answer = try await harness.get("/metrics/processes/resources-by-attempt?\(query)")
        #expect(answer.text.hasSuffix(#""percentile_method":"sketch","percentile_relative_error":0.005}"#))
        return try #require(try answer.json["rows"] as? NSArray)
    }

    private static let windows = [
        "", "since=2025-10-10T05:00:00Z", "since=2025-10-15T00:00:01Z&until=2026-11-28T00:00:00Z",
        "since=2026-01-10T03:04:05Z&until=2026-08-20T00:00:00Z", "process=P",
        "since=2026-03-03T05:00:00Z&until=2026-09-09T20:30:00Z",
        "since=2026-03-03T15:00:00Z&until=2026-09-09T02:30:00Z",
    ]

    @Test func `change no answer`() async throws {
        let harness = try RouteHarness()
        try CompletionFixture.fillLargeGroup(harness.projection)
        var before: [NSArray] = []
        for window in Self.windows { before.append(try await Self.rows(harness, window)) }

        try Self.seal(harness.projection)

        #expect(try Self.grains(harness.projection) == ["day|417", "month|14", "year|1"])
        let pieces = try harness.projection.rows(
            "SELECT grain, count(*) FROM sealed_window(NULL, NULL) GROUP BY 1 ORDER BY 1"
        )
        #expect(pieces == ["month|11", "year|1"])
        for (window, rows) in zip(Self.windows, before) {
            #expect(try await Self.rows(harness, window) == rows, Comment(rawValue: window))
        }
    }

    @Test func `are not used for a bucket that late completions came into, until they are made again`()
        async throws
    {
        let harness = try RouteHarness()
        try CompletionFixture.fillLargeGroup(harness.projection)
        try Self.seal(harness.projection)
        try harness.projection.execute(
            """
            INSERT INTO completion (run_key, completion_key, telemetry_id, utc_time, has_process, process, attempt, status,
                exit, error_action, pct_cpu)
            SELECT md5('r')::uuid, md5('late' || i)::uuid, i, '2025-12-05 10:00', true, 'P', 1, 'COMPLETED', '0', '', 7e6
            FROM generate_series(1, 9000) i;
            DELETE FROM completion_rollup; DELETE FROM run_rollup; DELETE FROM event_rollup; DELETE FROM run_process;
            """
        )
        try CompletionFixture.rollUp(harness.projection)
        func p95() async throws -> Double {
            let row = try #require(try await Self.rows(harness, "")[0] as? [String: Any])
            #expect(row["rows"] as? Int == 69_000)
            return try #require(row["p95_pct_cpu"] as? Double)
        }

        let loose = try await p95()
        #expect(abs(loose - 7e6) <= 7e6 * 0.005)
        let pieces =
            "SELECT DISTINCT grain FROM sealed_window('2025-01-01', '2025-12-31 23:59:59.999999') ORDER BY 1"
        #expect(try harness.projection.rows(pieces) == ["edge", "day", "month"])

        try Self.seal(harness.projection)
        #expect(try harness.projection.rows(pieces) == ["year"])
        #expect(try await p95() == loose)
    }

    @Test func `are made of days that are over and have stopped growing`() throws {
        let harness = try ProjectionHarness()
        try CompletionFixture.fillLargeGroup(harness)
        let morning = Timestamp(iso8601: "2025-10-12T00:09:59Z")!

        try Self.seal(harness, times: 1, at: morning)
        #expect(try Self.grains(harness) == [])
        try harness.execute(
            "UPDATE run_rollup SET rows = rows + 1 WHERE grain = 'day' AND bucket = '2025-10-10'"
        )
        try Self.seal(harness, times: 1, at: morning)
        #expect(try Self.grains(harness) == [])
        try Self.seal(harness, times: 2, at: morning)
        #expect(try Self.grains(harness) == ["day|1"])
        try Self.seal(harness, times: 2, at: morning.adding(seconds: 1))
        #expect(try Self.grains(harness) == ["day|2"])
    }

    @Test func `hold every value once`() throws {
        let harness = try ProjectionHarness()
        try CompletionFixture.fillLargeGroup(harness)
        try Self.seal(harness)
        for (value, bin) in [("pct_cpu", "c.pct_cpu"), ("pct_mem", "c.pct_mem"), ("peak_rss", "c.peak_rss")] {
            for grain in ["day", "month", "year"] {
                let sealed = try harness.rows(
                    """
                    SELECT s.bucket, b.bin, b.rows FROM sealed_sketch s, LATERAL sketch_bins(s.\(value)) b
                    WHERE grain = '\(grain)' AND s.bucket < '2026-01-01' ORDER BY 1, 2
                    """
                )
                let counted = try harness.rows(
                    """
                    SELECT date_trunc('\(grain)', utc_time, 'UTC'), sketch_bin(\(bin)), count(*) FROM completion c
                    WHERE utc_time < '2026-01-01' AND \(bin) IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
                    """
                )
                #expect(sealed == counted, "\(value) by \(grain)")
            }
        }
    }
}
