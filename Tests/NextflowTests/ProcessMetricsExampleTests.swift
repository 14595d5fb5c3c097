import Core
import Foundation
import Testing

@testable import Nextflow

/// Contract §2.7, with the files that come with it.
@Suite struct `Worked example of the process metrics` {
    /// The rows of the example as events, R1 a little more than a day old and R2 two hours.
    private static func fill(_ harness: ProjectionHarness) throws -> String {
        let now = Timestamp(microseconds: Timestamp.now().microseconds / 1_000_000 * 1_000_000)
        let yesterday = now.adding(seconds: -86401)
        let recently = now.adding(seconds: -7200)
        let text = try Fixture.metrics("telemetry_metrics_example_input_rows")
        let rows = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
        let bodies = try rows.map { row in
            let body: [String: Any] = [
                "runId": try #require(row["run_id"]),
                "runName": try #require(row["run_name"]),
                "event": try #require(row["event"]),
                "utcTime": (row["run_id"] as? String == "R1" ? yesterday : recently).description,
                "metadata": try #require(row["metadata_"]),
                "trace": try #require(row["trace"]),
            ]
            return String(decoding: try JSONSerialization.data(withJSONObject: body), as: UTF8.self)
        }
        try harness.apply([try bodies.enumerated().map { try ProjectionHarness.line(Int64($0 + 1), $1) }])
        return recently.iso8601(offset: .plusZero)
    }

    /// Members that Weir adds behind those of the contract.
    private static let added = [
        "memory_efficiency_pct", "avg_cpu_efficiency_pct", "avg_memory_efficiency_pct", "modal_error_action",
        "percentile_method", "percentile_relative_error",
    ]

    /// The answer without what changes with every call and without what Weir adds.
    private static func comparable(_ text: String) throws -> String {
        var text = compact(text)
        for member in ["generated_at_utc", "latest_process_completed_utc"] {
            text = text.replacing(try Regex(#""\#(member)":"[^"]*""#), with: "\"\(member)\":\"T\"")
        }
        for member in added {
            text = text.replacing(try Regex(#","\#(member)":(null|"[^"]*"|[-0-9.e]+)"#), with: "")
        }
        return text
    }

    @Test(arguments: [
        ("summary", "summary"), ("retries", "retries"), ("resources-by-attempt", "resources_by_attempt"),
        ("failures", "failures"), ("failure-signatures", "failure_signatures"),
    ])
    func `every endpoint answers as the contract says, to the digit`(path: String, file: String) async throws
    {
        let harness = try RouteHarness()
        let latest = try Self.fill(harness.projection)
        let expected = try Fixture.metrics("telemetry_metrics_example_\(file)")

        for prefix in ["/metrics/processes/", "/api/metrics/processes/"] {
            let answer = try await harness.get("\(prefix)\(path)?min_samples=1")
            #expect(answer.status == 200)
            #expect(try Self.comparable(answer.text) == Self.comparable(expected))
            if path == "summary" {
                #expect(answer.text.contains(#""latest_process_completed_utc":"\#(latest)""#))
            }
        }
    }

    @Test func `what is added stands behind what was there`() async throws {
        let harness = try RouteHarness()
        _ = try Self.fill(harness.projection)

        let cards = try await harness.get("/metrics/processes/summary")
        // Rows 3, 4 and 5 have both: 4 of 8, 8 of 8, 12 of 16 GiB.
        #expect(cards.text.contains(#"+00:00","memory_efficiency_pct":75.0},"#))
        let resources = try await harness.get("/metrics/processes/resources-by-attempt?min_samples=4")
        #expect(
            resources.text.contains(
                #""avg_write_gb":0.25,"avg_cpu_efficiency_pct":91.25,"avg_memory_efficiency_pct":75.0}"#
            )
        )
        let failures = try await harness.get("/metrics/processes/failures?min_samples=5")
        #expect(failures.text.contains(#""modal_failure_exit_code":"137","modal_error_action":"RETRY"}"#))
        let signatures = try await harness.get(
            "/metrics/processes/failure-signatures?group_by=error_action&limit=2"
        )
        #expect(
            signatures.text.contains(
                #"{"process":"ALIGN","exit_code":"137","failures":1,"error_action":"RETRY"}"#
            )
        )
    }

    @Test func `defaults show only groups of fifty`() async throws {
        let harness = try RouteHarness()
        _ = try Self.fill(harness.projection)
        let answer = try await harness.get("/metrics/processes/summary")

        #expect(try answer.list("top_failures").isEmpty)
        #expect(try answer.list("top_retries").isEmpty)
        #expect(try answer.list("top_failure_exit_codes").count == 3)
        #expect(answer.text.contains(#""cards":{"process_completed_rows":9,"distinct_runs":2,"#))
    }

    @Test(arguments: ["window_days=1", "window_hours=24"])
    func `a window of a day leaves the older run out`(window: String) async throws {
        let harness = try RouteHarness()
        _ = try Self.fill(harness.projection)
        let answer = try await harness.get("/metrics/processes/summary?min_samples=1&\(window)")

        #expect(
            answer.text.contains(window == "window_days=1" ? #""window_days":1,"# : #""window_days":null,"#)
        )
        #expect(
            answer.text.contains(
                #""cards":{"process_completed_rows":4,"distinct_runs":1,"distinct_processes":3,"success_rows":0,"#
                    + #""failure_rows":3,"failure_pct":75.0,"retried_rows":1,"retry_pct":25.0,"retry_success_pct":0.0,"#
            )
        )
    }

    @Test func `an empty database has no rows, no percentages and no lists`() async throws {
        let harness = try RouteHarness()
        let summary = try await harness.get("/metrics/processes/summary?min_samples=1")
        let head = try #require(summary.text.firstIndex(of: ","))
        #expect(
            summary.text[head...] == """
                ,"window_days":null,"cards":{"process_completed_rows":0,"distinct_runs":0,"distinct_processes":0,\
                "success_rows":0,"failure_rows":0,"failure_pct":null,"retried_rows":0,"retry_pct":null,\
                "retry_success_pct":null,"latest_process_completed_utc":null,"memory_efficiency_pct":null},\
                "event_mix":[],"top_failures":[],"top_retries":[],"top_failure_exit_codes":[]}
                """
        )
        let retries = try await harness.get("/metrics/processes/retries")
        #expect(
            retries.text.hasSuffix(
                """
                ,"summary":{"process_completed_rows":0,"retried_rows":0,"retried_pct":null,"retry_success_rows":0,\
                "retry_failure_rows":0,"retry_success_pct":null},"by_attempt":[],"by_process":[]}
                """
            )
        )
        let resources = try await harness.get("/metrics/processes/resources-by-attempt")
        #expect(
            resources.text.hasSuffix(
                #""rows":[],"percentile_method":"exact","percentile_relative_error":0.0}"#
            )
        )
        for path in ["failures", "failure-signatures", "timeline", "tasks"] {
            let answer = try await harness.get("/api/metrics/processes/\(path)")
            #expect(answer.text.hasSuffix(#""rows":[]}"#))
        }
        let running = try await harness.get("/metrics/processes/running")
        #expect(
            running.text.hasSuffix(
                #","active_nf_runs":0,"total_running":0,"total_queued":0,"by_process":[]}"#
            )
        )
    }
}
