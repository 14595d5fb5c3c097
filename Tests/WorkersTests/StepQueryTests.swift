import Core
import FeatureTestKit
import Postgres
import TestKit
import Testing

@testable import Workers

/// `GET /api/metrics/query` with `step`: contract noetl §7.5.
@Suite struct `A query with a step` {
    private static let steps = [
        "30s", "45", "1m", "90s", "5m", "10m", "1h", "3h", "1d", "2d", "100000", "7d",
    ]

    /// Points as `timestamp|value`.
    private static func points(_ json: JSONNode?) -> [String] {
        (json?["points"].map { Array($0.elements) } ?? []).map { point in
            let value = point["value"]
            return "\(point["timestamp"]?.string ?? "")|"
                + (value?.string ?? value?.double.map(RollupOracle.text) ?? "")
        }
    }

    private static func expected(
        _ oracle: RollupOracle,
        of series: String,
        _ step: Int,
        _ aggregation: StepQuery.Aggregation
    ) -> [String] {
        oracle.buckets(of: oracle.samples.filter { $0.series == series }, Int64(step))
            .sorted { $0.key < $1.key }
            .compactMap { start, bucket in
                value(of: bucket, step, aggregation).map {
                    let text = RollupOracle.text($0).replacing("Infinity", with: "Inf")
                    return Timestamp(microseconds: start).isoformat + "|" + (text == "Inf" ? "+Inf" : text)
                }
            }
    }

    private static func value(
        of bucket: RollupOracle.Bucket,
        _ step: Int,
        _ aggregation: StepQuery.Aggregation
    ) -> Double? {
        switch aggregation {
        case .avg: bucket.sum / Double(bucket.count)
        case .min: bucket.min
        case .max: bucket.max
        case .sum: bucket.sum
        case .last: bucket.last
        case .count: Double(bucket.count)
        case .increase: bucket.increase
        case .rate: bucket.increase.map { $0 / Double(step) }
        }
    }

    private static func compare(_ weir: WorkersHarness, _ oracle: RollupOracle, _ round: String) async throws
    {
        for step in steps {
            for aggregation in StepQuery.Aggregation.allCases {
                for series in ["a/c", "a/g"] {
                    let metric = series.suffix(1)
                    let answer = try await weir.get(
                        "/api/metrics/query?component_name=a&metric_name=\(metric)&step=\(step)&agg=\(aggregation)"
                    )
                    let seconds = StepQuery.seconds(step) ?? 0
                    let expected = expected(oracle, of: series, seconds, aggregation)
                    let found = try points(answer.json["series"].flatMap { Array($0.elements).first })
                    let wrong = zip(found, expected).first { $0 != $1 }
                    #expect(
                        wrong == nil && found.count == expected.count,
                        "\(series), step \(step), \(aggregation), \(round): \(found.count) of \(expected.count)"
                    )
                }
            }
        }
    }

    @Test(arguments: [1, 2] as [UInt64])
    func `answers the same from samples, from rollups and from both`(seed: UInt64) async throws {
        let weir = try WorkersHarness()
        for name in ["a", "b"] { try await weir.pool(name) }
        let base = (Timestamp.now() - .seconds(4 * 86_400)).startOfDay
        var generator = SeededGenerator(seed)
        var oracle = RollupOracle()
        for round in 1...2 {
            for name in ["a", "b"] {
                let batch = (0..<80).map { _ in RollupTests.sample(from: base, using: &generator) }
                    .filter { $0.series.hasPrefix(name) }
                try await weir.post(
                    "/api/metrics/report",
                    #"{"component_name":"\#(name)","metrics":[\#(batch.map(RollupTests.metric).joined(separator: ","))]}"#
                )
                oracle.samples += batch
            }
            try await Self.compare(weir, oracle, "round \(round), before")
            try Connection.withTemporary(weir.database.target) { connection in
                var job = RollupJob(keep: RollupJob.Keep())
                job.portion = 3
                for _ in 1...2 { _ = try job.rollUp(at: .now(), on: connection) }
            }
            try await Self.compare(weir, oracle, "round \(round), partly rolled up")
            try await RollupTests.rollUp(weir)
            try await Self.compare(weir, oracle, "round \(round), rolled up")
        }
    }

    private static func labelled() async throws -> WorkersHarness {
        let weir = try WorkersHarness()
        for name in ["a", "b"] {
            try await weir.pool(name)
            for (value, zone) in [(1, "x"), (2, "y"), (4, "x")] {
                let rest = #","timestamp":"2026-11-20T00:00:0\#(value)Z""#
                try await weir.report(
                    name,
                    WorkersHarness.gauge(
                        "m",
                        "\(value)",
                        labels: #"{"zone":"\#(zone)","id":"\#(value)"}"#,
                        rest: rest
                    )
                )
            }
        }
        return weir
    }

    @Test(
        arguments: [
            ("", [1, 2, 4, 1, 2, 4]), ("&by=", [14]), ("&by=zone", [10, 4]),
            ("&by=zone,component_name", [5, 2, 5, 2]),
            ("&by=ghost", [14]), ("&by=component_name&label.zone=x", [5, 5]), ("&agg=count&by=zone", [4, 2]),
            ("&agg=last&by=", [4]), ("&agg=rate", []), ("&component_name=ghost", []), ("&label.ghost=x", []),
            ("&start_time=2026-11-20T01:00:00Z", []), ("&end_time=2026-11-19T23:59:59Z", []),
            ("&end_time=2026-11-20&by=", [14]), ("&start_time=2026-11-21&end_time=2026-11-20", []),
        ] as [(String, [Double])]
    )
    func `puts series together by their labels`(query: String, values: [Double]) async throws {
        let weir = try await Self.labelled()
        let agg = query.contains("agg=") ? "" : "&agg=sum"
        let answer = try await weir.get("/api/metrics/query?metric_name=m&step=1h\(agg)\(query)")
        #expect(answer.status == 200)
        let series = try answer.json["series"].map { Array($0.elements) } ?? []
        #expect(
            series.map { Self.points($0).compactMap { Double($0.split(separator: "|")[1]) } }
                == values.map { [$0] }
        )
        #expect(try answer.json["count"]?.int64 == Int64(values.count))
    }

    @Test func `reads thirty days of a series by index`() throws {
        let weir = try WorkersHarness()
        try weir.database.execute(
            """
            INSERT INTO component
                (runtime_id, name, component_type, status, reported_status, last_heartbeat, created_at, updated_at)
            VALUES (7, 'filled', 'worker_pool', 'ready', 'ready', now(), now(), now());
            INSERT INTO series (series_key, runtime_id, metric_name, metric_type, described_at)
            SELECT gen_random_uuid(), 7, 'm' || n, 'gauge', now() FROM generate_series(1, 100) n;
            DO $$ BEGIN
                EXECUTE (SELECT string_agg(format(
                    'CREATE TABLE rollup_five_minutes_%s PARTITION OF rollup_five_minutes FOR VALUES FROM (%L) TO (%L)',
                    to_char(d, 'YYYYMMDD'), d::text || ' 00:00Z', (d + 1)::text || ' 00:00Z'), ';')
                    FROM (SELECT '2026-10-01'::date + n AS d FROM generate_series(0, 29) n) days);
            END $$;
            INSERT INTO rollup_five_minutes (starts_at, series_id, bucket, last, last_at)
            SELECT at, s.series_id, '{0}', '{1}', ARRAY[at]
            FROM series s, generate_series('2026-10-01Z'::timestamptz, '2026-10-30T23:00Z', '1 hour') at;
            ANALYZE
            """
        )
        let query = StepQuery(
            filter: SeriesFilter(),
            from: try #require(Timestamp(iso8601: "2026-10-01T00:00:00Z")),
            to: try #require(Timestamp(iso8601: "2026-10-30T23:00:00Z")),
            step: 300,
            stepText: "5m",
            aggregation: .avg
        )
        let statement = try #require(StepStatement.buckets(of: query))
        let plan = try Connection.withTemporary(weir.database.target) { connection in
            try connection.executeScript(
                "SET plan_cache_mode = force_generic_plan; PREPARE b AS \(statement.sql)"
            )
            let explained =
                "EXPLAIN (ANALYZE, COSTS OFF) EXECUTE b('{7}', '2026-10-01Z', '2026-10-31Z', 100001)"
            return try connection.executeScript(explained).map { try $0.text(0) }.joined(separator: "\n")
        }
        #expect(plan.contains("Index Scan using rollup_five_minutes_20261030_pkey"), "\(plan)")
        #expect(!plan.contains("Seq Scan on rollup_five"), "\(plan)")
        // 720 rows of one bucket, and no more than it takes to exceed a limit.
        let rows = try Connection.withTemporary(weir.database.target) { connection in
            try connection.execute(
                statement,
                [.int64Array([7]), .timestamp(query.bounds.start), .timestamp(query.bounds.end), .int(9)]
            ).count
        }
        #expect(rows == 10)
    }

    @Test func `has the form of the manual`() async throws {
        let weir = try await Self.labelled()
        let answer = try await weir.get(
            "/api/metrics/query?step=1h&agg=max&by=component_name,zone&label.id=4&component_name=a"
        )
        #expect(
            answer.text
                == #"{"series":[{"component_name":"a","component_type":null,"metric_name":"m","metric_type":"gauge","#
                + #""labels":{"zone":"x"},"points":[{"timestamp":"2026-11-20T00:00:00+00:00","value":4.0}]}],"#
                + #""count":1,"step":"1h","agg":"max"}"#
        )
    }

    @Test(arguments: [
        "step=0", "step=x", "step=-5m", "step=367d", "step=5w", "step=1.5h", "step=99999999999999999999",
        "step=5m&agg=median", "step=5m&metric_name_regex=(", "step=%00",
    ])
    func `is refused with 422`(query: String) async throws {
        let weir = try WorkersHarness()
        #expect(try await weir.get("/api/metrics/query?\(query)").status == 422)
    }

    @Test func `says what to change when the answer would be too large`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("a")
        try await weir.report("a", WorkersHarness.gauge("m", "1"))
        _ = try await weir.rows("SELECT 1")
        try weir.database.execute(
            """
            INSERT INTO sample_block
            SELECT now(), b.runtime_id, b.journal_id, n, at, at + interval '999 seconds',
                array_fill(b.series[1], ARRAY[1000]),
                (SELECT array_agg(i * 1000000) FROM generate_series(0, 999) i), array_fill(1.0, ARRAY[1000])
            FROM sample_block b, generate_series(1, 101) n,
                LATERAL (SELECT '2026-11-20'::timestamptz + n * interval '1000 seconds') t (at)
            WHERE b.runtime_id = (SELECT runtime_id FROM component WHERE name = 'a')
            """
        )
        let points = try await weir.get("/api/metrics/query?step=1s&metric_name=m")
        #expect(points.status == 422)
        #expect(points.text.contains("use a longer step, a later start_time or by"))
        try weir.database.execute(
            """
            INSERT INTO series (series_key, runtime_id, metric_name, metric_type, described_at)
            SELECT md5(n::text)::uuid, runtime_id, 'm', 'gauge', now() FROM component, generate_series(1, 10000) n
            WHERE name = 'a'
            """
        )
        let series = try await weir.get("/api/metrics/query?step=1h&metric_name=m")
        #expect(series.status == 422)
        #expect(series.text.contains("name a component, a metric or labels"))
    }
}
