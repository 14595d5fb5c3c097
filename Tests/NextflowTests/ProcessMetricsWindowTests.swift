import Core
import Foundation
import Testing

@testable import Nextflow

/// Every endpoint against a naive query over the completions, for windows that begin and end anywhere.
@Suite struct `Answers from rollups and edges` {
    private static let instants = [
        "2024-11-14T03:12:55.123457+00:00", "2024-12-31T23:59:59.999999+00:00", "2025-01-01T00:00:00+00:00",
        "2025-03-01T00:00:00.000001+00:00", "2025-07-31T22:00:00+00:00", "2026-01-01T00:00:00+00:00",
        "2026-11-20T10:17:03.5+00:00", "2026-11-20T11:00:00+00:00", "2026-11-20T12:59:59.999999+00:00",
        "2026-11-21T00:00:00+00:00",
    ]

    /// Pairs of a beginning and an end, some of them open, some empty.
    private static var windows: [(since: String?, until: String?)] {
        var windows: [(since: String?, until: String?)] = [(nil, nil)]
        for (index, instant) in instants.enumerated() {
            windows.append((instant, nil))
            windows.append((nil, instant))
            windows.append((instant, instants[(index * 3 + 4) % instants.count]))
            windows.append((instants[index / 2], instant))
        }
        return windows
    }

    private static func query(_ reference: ReferenceMetrics) -> String {
        let pairs = [
            ("since", reference.since), ("until", reference.until), ("run_name", reference.runName),
            ("process", reference.process),
            ("executor", reference.executor), ("machine_type", reference.machineType),
            ("min_samples", String(reference.minSamples)),
        ]
        return pairs.compactMap { name, value in
            value.flatMap { $0.addingPercentEncoding(withAllowedCharacters: .alphanumerics) }.map {
                "\(name)=\($0)"
            }
        }.joined(separator: "&")
    }

    private func expect(
        _ actual: Any?,
        equals sql: String,
        _ harness: RouteHarness,
        _ note: String
    ) throws {
        let text = try #require(try harness.projection.rows(sql).first)
        let expected = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
        #expect(
            (actual as? NSObject)?.isEqual(expected) == true,
            "\(note): \(String(describing: actual)) is not \(text)"
        )
    }

    private func compare(_ reference: ReferenceMetrics, _ harness: RouteHarness) async throws {
        let query = Self.query(reference)
        func get(_ path: String, _ more: String = "") async throws -> [String: Any] {
            try await harness.get("/metrics/processes/\(path)?\(query)\(more)").json
        }
        let summary = try await get("summary", "&limit=200")
        try expect(summary["cards"], equals: reference.cards, harness, query)
        try expect(summary["top_failures"], equals: reference.topFailures, harness, query)
        try expect(summary["top_retries"], equals: reference.topRetries, harness, query)
        try expect(summary["top_failure_exit_codes"], equals: reference.exitCodes, harness, query)
        let retries = try await get("retries", "&limit=500")
        try expect(retries["by_attempt"], equals: reference.attempts, harness, query)
        try expect(retries["by_process"], equals: reference.retriesByProcess, harness, query)
        try expect(
            try await get("failures", "&limit=500")["rows"],
            equals: reference.failures,
            harness,
            query
        )
        try expect(
            try await get("failure-signatures", "&limit=1000")["rows"],
            equals: reference.signatures,
            harness,
            query
        )
        try expect(
            try await get("resources-by-attempt", "&limit=1000")["rows"],
            equals: reference.resources,
            harness,
            query
        )
        for bucket in ["hour", "day", "week"] {
            let rows = try await get("timeline", "&bucket=\(bucket)")["rows"]
            try expect(rows, equals: reference.timeline(bucket), harness, "\(query)&bucket=\(bucket)")
        }
    }

    @Test func `are what the completions say, for every window`() async throws {
        let harness = try RouteHarness()
        try CompletionFixture.fill(harness.projection, completions: 700, seed: 0.25)
        for window in Self.windows {
            try await compare(ReferenceMetrics(since: window.since, until: window.until), harness)
        }
    }

    @Test(arguments: [
        ReferenceMetrics(runName: "name-3"), ReferenceMetrics(runName: "nobody"),
        ReferenceMetrics(process: "é"), ReferenceMetrics(process: "<null>"),
        ReferenceMetrics(process: "wf:align"),
        ReferenceMetrics(since: instants[1], until: instants[7], runName: "name-1", process: "QC"),
        ReferenceMetrics(since: instants[6], process: "e\u{301}"),
        ReferenceMetrics(since: instants[2], until: instants[5], process: "QC"),
        ReferenceMetrics(since: instants[6], until: instants[7], process: "Z"),
        ReferenceMetrics(until: instants[6], minSamples: 20),
        ReferenceMetrics(executor: "slurm"), ReferenceMetrics(executor: "nobody"),
        ReferenceMetrics(machineType: "m5.large"),
        ReferenceMetrics(executor: "awsbatch", machineType: "m5.large"),
        ReferenceMetrics(since: instants[1], until: instants[7], process: "QC", executor: "local"),
        ReferenceMetrics(since: instants[6], runName: "name-1", executor: "awsbatch"),
        ReferenceMetrics(runName: "name-3", process: "QC", machineType: "c5.xlarge"),
    ])
    func `are narrowed by filters`(reference: ReferenceMetrics) async throws {
        let harness = try RouteHarness()
        try CompletionFixture.fill(harness.projection, completions: 500, seed: 0.5)
        try await compare(reference, harness)
    }

    @Test(arguments: [1, 2, 3, 5])
    func `are cut at the limit, ties in one order only`(limit: Int) async throws {
        let harness = try RouteHarness()
        try CompletionFixture.fill(harness.projection, completions: 60, seed: 0.75)
        let reference = ReferenceMetrics(limit: limit)
        let answer = try await harness.get("/metrics/processes/failure-signatures?limit=\(limit)")
        try expect(try answer.json["rows"], equals: reference.signatures, harness, "\(limit)")
        let resources = try await harness.get(
            "/metrics/processes/resources-by-attempt?min_samples=1&limit=\(limit)"
        )
        try expect(try resources.json["rows"], equals: reference.resources, harness, "\(limit)")
    }

    @Test func `count events of whole seconds exactly`() async throws {
        let harness = try RouteHarness()
        try CompletionFixture.fill(harness.projection, completions: 300, seed: 0.125)
        try harness.projection.execute(
            "DELETE FROM event_rollup; UPDATE completion SET utc_time = date_trunc('second', utc_time)"
        )
        try harness.projection.execute(
            "DELETE FROM completion_rollup; DELETE FROM run_rollup; DELETE FROM run_process"
        )
        try CompletionFixture.rollUp(harness.projection)
        for window in Self.windows {
            let reference = ReferenceMetrics(since: window.since, until: window.until)
            let query = Self.query(reference)
            let conditions = [
                window.since.map { "utc_time >= '\($0)'" }, window.until.map { "utc_time <= '\($0)'" },
            ].compactMap { $0 }.reduce("true") { "\($0) AND \($1)" }
            let sql = """
                SELECT coalesce(json_agg(to_json(r) ORDER BY rows DESC, event), '[]') FROM (
                    SELECT 'event' || telemetry_id % 5 AS event, count(*) AS rows
                    FROM completion WHERE \(conditions) GROUP BY 1
                ) r
                """
            let answer = try await harness.get("/metrics/processes/summary?\(query)")
            try expect(try answer.json["event_mix"], equals: sql, harness, query)
        }
    }

    @Test(arguments: [
        "", "&process=QC", "&run_name=name-2", "&status=FAILED", "&process=Z&status=ABORTED",
        "&executor=slurm&machine_type=m5.large", "&executor=local&status=FAILED",
        "&status=COMPLETED",
    ])
    func `pages of tasks join up to all of them`(filter: String) async throws {
        let harness = try RouteHarness()
        try CompletionFixture.fill(harness.projection, completions: 300, seed: 0.375)
        var ids: [Int] = []
        var total = 0
        for offset in stride(from: 0, through: 300, by: 37) {
            let answer = try await harness.get("/metrics/processes/tasks?limit=37&offset=\(offset)\(filter)")
            total = try #require(try answer.json["total"] as? Int)
            ids += try answer.list("rows").compactMap { $0["telemetry_id"] as? Int }
        }
        var condition = "true"
        for pair in filter.split(separator: "&") {
            condition += " AND " + pair.replacing("=", with: " = '") + "'"
        }
        let expected = try harness.projection.rows(
            """
            SELECT telemetry_id FROM completion JOIN run USING (run_key) WHERE \(condition)
            ORDER BY utc_time DESC, run_key DESC, completion_key DESC
            """
        )
        #expect(ids.map(String.init) == expected)
        #expect(total == expected.count)
    }
}

@Suite struct `Percentiles of large groups` {
    @Test(
        arguments: [
            (nil, nil), ("2025-10-10T05:00:00+00:00", nil),
            ("2025-10-15T00:00:01+00:00", "2026-11-28T00:00:00+00:00"),
        ] as [(String?, String?)]
    )
    func `are within half a per cent of the exact ones`(since: String?, until: String?) async throws {
        let harness = try RouteHarness()
        try CompletionFixture.fillLargeGroup(harness.projection)
        let bounds = [since.map { "since=\($0)" }, until.map { "until=\($0)" }].compactMap { $0 }
        let query = bounds.joined(separator: "&").replacing("+", with: "%2B")
        let text = try #require(
            try harness.projection.rows(ReferenceMetrics(since: since, until: until).resources).first
        )
        let exact = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
            .first
        for filter in ["", "&executor=slurm"] {
            let target = "/metrics/processes/resources-by-attempt?\(query)\(filter)"
            let row = try #require(try await harness.get(target).list("rows").first)
            #expect(try #require(row["rows"] as? Int) > Int(ProcessMetricsStore.exactPercentileRows))
            for name in ["p95_pct_cpu", "p95_pct_mem", "p95_peak_rss_gb"] {
                let value = try #require(row[name] as? Double)
                let expected = try #require(exact?[name] as? Double)
                #expect(
                    abs(value - expected) <= expected * 0.0051 + 0.01,
                    "\(target) \(name): \(value) is not \(expected)"
                )
            }
            #expect(row["avg_pct_cpu"] as? Double == exact?["avg_pct_cpu"] as? Double)
        }
    }
}
