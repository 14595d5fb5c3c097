import Core
import FeatureTestKit
import Foundation
import Postgres
import TestKit
import Testing

@testable import Workers

/// The newest samples come from blocks that Weir takes apart; what a filter leaves out, PostgreSQL takes apart. Both have to
/// answer alike.
@Suite struct `Samples of whole blocks` {
    private static let metrics = ["m", "n", "late", "kept", "gone"]

    /// Reports of gauges of two components at random times, in part hours apart, in part at one moment.
    private static func filled(_ seed: UInt64) async throws -> WorkersHarness {
        var generator = SeededGenerator(seed)
        let weir = try WorkersHarness()
        for name in ["a", "b"] { try await weir.pool(name) }
        for number in 0..<40 {
            let count = Int.random(in: 1...12, using: &generator)
            let minute = Int.random(in: 0..<600, using: &generator)
            let reported = (0..<count).map { place in
                let metric = Self.metrics.randomElement(using: &generator) ?? "m"
                let late = metric == "late" ? 90 * place : 0
                let at = String(
                    format: "2026-11-20T%02d:%02d:00Z",
                    (minute + late) / 60 % 24,
                    (minute + late) % 60
                )
                return WorkersHarness.gauge(
                    metric,
                    "\(number * 100 + place)",
                    labels: #"{"n":"\#(place % 3)"}"#,
                    rest: #","timestamp":"\#(at)""#
                )
            }
            try await weir.post(
                "/api/metrics/report",
                #"{"component_name":"\#(number % 3 == 0 ? "b" : "a")","metrics":[\#(reported.joined(separator: ","))]}"#
            )
        }
        try await weir.post("/api/metrics/ttl/set?metric_name=gone&ttl_days=0")
        try await weir.post("/api/metrics/ttl/set?metric_name=kept&ttl_days=30")
        return weir
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `are those that PostgreSQL finds`(seed: UInt64) async throws {
        let weir = try await Self.filled(seed)
        let questions = [
            "limit=1000", "limit=1", "limit=7", "component_name=a&limit=25", "component_name=b&limit=1000",
            "start_time=2026-11-20T03:00:00Z&limit=20", "end_time=2026-11-20T04:30:00Z&limit=30",
            "start_time=2026-11-20T02:00:00Z&end_time=2026-11-20T02:30:00Z",
        ]
        for question in questions {
            let whole = try await weir.get("/api/metrics/query?\(question)")
            // All metrics are gauges: the filter leaves out nothing.
            let filtered = try await weir.get("/api/metrics/query?\(question)&metric_type=gauge")
            #expect(whole.status == 200)
            #expect(whole.text == filtered.text, "\(question)")
        }
        let all = try await weir.get("/api/metrics/query?limit=1000").json
        let names = Set(all["metrics"].map { $0.elements.compactMap { $0["metric_name"]?.string } } ?? [])
        #expect(names == ["m", "n", "late", "kept"])
    }

    @Test func `go on, page by page, to the last one`() async throws {
        let weir = try await Self.filled(4)
        func ids(_ query: String) async throws -> (ids: [Int64], next: String?) {
            let page = try await weir.get("/api/metrics/query?\(query)").json
            let ids = page["metrics"].map { $0.elements.compactMap { $0["metric_id"]?.int64 } } ?? []
            return (ids, page["next_cursor"]?.string)
        }
        let all = try await ids("limit=1000").ids
        var paged: [Int64] = []
        var cursor = ""
        while true {
            let page = try await ids("limit=9&cursor=\(cursor)")
            paged += page.ids
            guard let next = page.next else { break }
            cursor = next
        }
        #expect(paged == all)
    }

    @Test func `of one moment are left to PostgreSQL when they are too many`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("a")
        let time = #","timestamp":"2026-11-20T00:00:00Z""#
        for report in 0..<6 {
            let metrics = (0..<1000).map {
                WorkersHarness.gauge("m\($0)", "\(report * 1000 + $0)", rest: time)
            }
            try await weir.post(
                "/api/metrics/report",
                #"{"component_name":"a","metrics":[\#(metrics.joined(separator: ","))]}"#
            )
        }
        let whole = try await weir.get("/api/metrics/query?limit=10")
        let values = try whole.json["metrics"].map { $0.elements.compactMap { $0["metric_value"]?.double } }
        // Ids rise with the arrival.
        #expect(values == (5990..<6000).reversed().map(Double.init))
        #expect(whole.text == (try await weir.get("/api/metrics/query?limit=10&metric_type=gauge")).text)
    }

    @Test func `have the newest description of their series`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("a")
        func help() async throws -> [String] {
            let read = try await weir.get("/api/metrics/query").json
            return read["metrics"].map { $0.elements.compactMap { $0["help_text"]?.string } } ?? []
        }
        try await weir.report("a", WorkersHarness.gauge("m", "1", rest: #","help_text":"before""#))
        #expect(try await help() == ["before"])
        try await weir.report("a", WorkersHarness.gauge("m", "2", rest: #","help_text":"after""#))
        #expect(try await help() == ["after", "after"])
        // Another Weir, or somebody with psql.
        try weir.database.execute(
            "UPDATE series SET help_text = 'elsewhere', described_at = described_at + interval '1 second' WHERE metric_name = 'm'"
        )
        #expect(try await help() == ["elsewhere", "elsewhere"])
    }

    @Test func `are read with one look at the index of each partition`() async throws {
        let weir = try await Self.filled(5)
        try weir.database.execute(
            """
            INSERT INTO sample_block (received_at, runtime_id, journal_id, metric_id, first_at, last_at, series, value)
            SELECT b.received_at, b.runtime_id, b.journal_id, b.metric_id, b.first_at, b.last_at, b.series, b.value
            FROM sample_block b
            CROSS JOIN generate_series(1, 500);
            ANALYZE sample_block;
            """
        )
        let plan = try Connection.withTemporary(weir.database.target) { connection in
            try connection.executeScript(
                "SET plan_cache_mode = force_generic_plan; PREPARE b AS \(NewestBlocks.newest.sql)"
            )
            let ids = try connection.executeScript("SELECT array_agg(runtime_id) FROM component")[0].text(0)
            let explained = "EXPLAIN (COSTS OFF) EXECUTE b('\(ids)', '0001-01-01Z', '9998-01-01Z', 4)"
            return try connection.executeScript(explained).map { try $0.text(0) }.joined(separator: "\n")
        }
        #expect(plan.contains("Index Scan using sample_block_"), "\(plan)")
        #expect(!plan.contains("Seq Scan on sample_block"), "\(plan)")
    }
}
