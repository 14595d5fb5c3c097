import Core
import FeatureTestKit
import HTTP
import Testing

@testable import Workers

/// `GET /api/metrics/query`: contract noetl §1.3.
@Suite struct `A query for samples` {
    /// Two components with samples an hour apart.
    private static func filled() async throws -> WorkersHarness {
        let weir = try WorkersHarness()
        try await weir.pool("a")
        try await weir.pool("b")
        for hour in 0..<4 {
            let time = #","timestamp":"2026-11-20T0\#(hour):00:00+00:00""#
            try await weir.report(
                hour % 2 == 0 ? "a" : "b",
                WorkersHarness.gauge("m", "\(hour)", rest: time),
                WorkersHarness.gauge("n", "\(hour)", rest: time)
            )
        }
        return weir
    }

    @Test(
        arguments: [
            ("metric_name=m", [3, 2, 1, 0]), ("metric_name=m&component_name=a", [2, 0]),
            ("metric_name=", [3, 3, 2, 2, 1, 1, 0, 0]),
            ("component_name=ghost", []), ("metric_type=gauge&metric_name=n", [3, 2, 1, 0]),
            ("metric_type=bogus", []),
            ("metric_name=m&limit=2", [3, 2]), ("limit=0", []),
            ("runtime_id=0&metric_name=m&component_name=b", [3, 1]),
            ("runtime_id=99", []),
            ("metric_name=m&start_time=2026-11-20T01:00:00Z&end_time=2026-11-20T02:00:00Z", [2, 1]),
            ("metric_name=m&start_time=2026-11-20T02:00:00+00:00", [3, 2]),
            ("metric_name=m&end_time=2026-11-20", [0]),
            ("metric_name=m&start_time=2026-11-20%2001:30:00", [3, 2]),
            ("unknown=1&metric_name=m&limit=1", [3]),
        ] as [(String, [Double])]
    )
    func `finds`(query: String, values: [Double]) async throws {
        let weir = try await Self.filled()
        let answer = try await weir.get("/api/metrics/query?\(query)")
        #expect(answer.status == 200)
        #expect(try answer.json["metrics"]?.elements.compactMap { $0["metric_value"]?.double } == values)
        #expect(try answer.json["count"]?.int64 == Int64(values.count))
    }

    @Test(arguments: [
        "limit=-1", "limit=10001", "limit=abc", "runtime_id=abc", "start_time=garbage", "end_time=x",
    ])
    func `is refused`(query: String) async throws {
        let weir = try WorkersHarness()
        #expect(try await weir.get("/api/metrics/query?\(query)").status == 422)
    }

    @Test func `reads back through more blocks than one step takes`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("a")
        for number in 0..<60 {
            let second = number < 10 ? "0\(number)" : "\(number)"
            let time = #","timestamp":"2026-11-20T00:00:\#(second)+00:00""#
            try await weir.report(
                "a",
                WorkersHarness.gauge(number == 0 ? "rare" : "m", "\(number)", rest: time)
            )
        }
        let rare = try await weir.get("/api/metrics/query?metric_name=rare&limit=1").json
        #expect(rare["metrics"]?.elements.compactMap { $0["metric_value"]?.double } == [0])
        let all = try await weir.get("/api/metrics/query?limit=50").json
        #expect(
            all["metrics"]?.elements.compactMap { $0["metric_value"]?.double }
                == (10..<60).reversed().map(Double.init)
        )
    }

    @Test func `finds a late sample among newer ones`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("a")
        func stamped(_ value: Int, _ time: String) -> String {
            WorkersHarness.gauge("m", "\(value)", rest: #","timestamp":"\#(time)""#)
        }
        try await weir.report("a", stamped(1, "2026-11-20T10:00:00Z"), stamped(2, "2026-11-13T10:00:00Z"))
        try await weir.report("a", stamped(3, "2026-11-20T09:00:00Z"))
        let read = try await weir.get("/api/metrics/query").json
        #expect(read["metrics"]?.elements.compactMap { $0["metric_value"]?.double } == [1, 3, 2])
        let week = try await weir.get("/api/metrics/query?end_time=2026-11-14").json
        #expect(week["metrics"]?.elements.compactMap { $0["metric_value"]?.double } == [2])
    }

    @Test func `is answered by SQL, too, under the names of the original's tables`() async throws {
        let weir = try await Self.filled()
        let rows = try await weir.rows(
            """
            SELECT r.name, m.metric_value, m.timestamp AT TIME ZONE 'UTC'
            FROM noetl.metric m
            JOIN noetl.runtime r ON m.runtime_id = r.runtime_id
            WHERE m.metric_name = 'm' AND r.kind = 'worker_pool'
            ORDER BY m.timestamp DESC
            LIMIT 2
            """
        )
        #expect(rows == ["b|3|2026-11-20 03:00:00", "a|2|2026-11-20 02:00:00"])
        #expect(try await weir.rows("SELECT count(*), count(DISTINCT id) FROM noetl.metrics") == ["8|8"])
    }
}
