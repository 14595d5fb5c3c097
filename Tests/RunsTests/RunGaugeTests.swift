import Core
import FeatureTestKit
import Journal
import Metrics
import Postgres
import TestKit
import Testing

@testable import Runs

/// What `/metrics` tells of tracked runs.
@Suite("Gauges of tracked runs", .serialized)
struct RunGaugeTests {
    private static func scrape(_ weir: RunsHarness, named: Int) throws -> [String] {
        let snapshot = try Connection.withTemporary(weir.database.target) {
            try RunsGauges.read($0, named: named)
        }
        let text = Registry().exposition(as: .prometheusText, adding: snapshot)
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
            .filter { !$0.hasPrefix("#") }
    }

    private static func ended(_ status: String, _ time: String) -> String {
        #","status":"\#(status)","end_time":"\#(time)""#
    }

    private static func fill(_ weir: RunsHarness) async throws {
        let bodies = [
            RunBody.run("e1", agent: #"night\"ly"#, more: ended("success", "2026-01-01T00:00:10Z")),
            RunBody.run("e2", agent: #"night\"ly"#, more: ended("success", "2026-01-03T00:00:00Z")),
            RunBody.run("e3", agent: #"night\"ly"#, more: ended("failure", "2026-01-04T00:00:00Z")),
            RunBody.run("e4", agent: "rare"),
            RunBody.run("e5", agent: "rarer", job: "j2", more: ended("success", "2026-01-02T00:00:00Z")),
            RunBody.run("e6", agent: "rarer", job: "j2"),
        ]
        _ = try await weir.post("/api/v1/runs/batch", "[\(bodies.joined(separator: ","))]")
    }

    @Test("without names there are counts by status, and one last success")
    func anonymous() async throws {
        let weir = try await RunsHarness()
        #expect(try Self.scrape(weir, named: 0).filter { !$0.hasSuffix(" 0") } == [])
        try await Self.fill(weir)
        #expect(
            try Self.scrape(weir, named: 0) == [
                #"weir_runs{status="cancelled"} 0"#, #"weir_runs{status="failure"} 1"#,
                #"weir_runs{status="partial"} 0"#, #"weir_runs{status="running"} 2"#,
                #"weir_runs{status="success"} 3"#, #"weir_runs{status="timeout"} 0"#,
                "weir_runs_last_success_timestamp_seconds 1767398400",
            ]
        )
    }

    @Test("as many pairs of agent and job type as wanted have names, the others are added up")
    func named() async throws {
        let weir = try await RunsHarness()
        try await Self.fill(weir)
        let samples = try Self.scrape(weir, named: 2)
        #expect(
            samples == [
                #"weir_runs{agent_name="night\"ly",job_type="job",status="failure"} 1"#,
                #"weir_runs{agent_name="night\"ly",job_type="job",status="success"} 2"#,
                #"weir_runs{agent_name="other",job_type="other",status="running"} 1"#,
                #"weir_runs{agent_name="rarer",job_type="j2",status="running"} 1"#,
                #"weir_runs{agent_name="rarer",job_type="j2",status="success"} 1"#,
                #"weir_runs_last_success_timestamp_seconds{agent_name="night\"ly",job_type="job"} 1767398400"#,
                #"weir_runs_last_success_timestamp_seconds{agent_name="rarer",job_type="j2"} 1767312000"#,
            ]
        )
    }

    @Test("a run moves from status to status, and one that is deleted is not counted")
    func changes() async throws {
        let weir = try await RunsHarness()
        try await Self.fill(weir)
        #expect(try await weir.patch("e4", #"{"status":"timeout"}"#).status == 200)
        #expect(try await weir.patch("e6", #"{"status":"running","items_failed":1}"#).status == 200)
        let end = #"{"status":"success","end_time":"2999-01-01T00:00:00Z"}"#
        #expect(try await weir.patch("e3", end).status == 200)
        let samples = try Self.scrape(weir, named: 0)
        #expect(samples.contains(#"weir_runs{status="failure"} 0"#))
        #expect(samples.contains(#"weir_runs{status="timeout"} 1"#))
        #expect(samples.contains(#"weir_runs{status="running"} 1"#))
        #expect(samples.contains(#"weir_runs{status="success"} 4"#))
        // A clock may be wrong: nothing ends later than it is told.
        let success = try #require(samples.last?.split(separator: " ").last.flatMap { Double($0) })
        #expect(success < Timestamp.now().adding(seconds: 60).secondsSinceEpoch)
        let limit = Timestamp.now().adding(seconds: 3600)
        let deleted = try Connection.withTemporary(weir.database.target) {
            try AgingRuns().deleteBatch(before: limit, atMost: 100, on: $0)
        }
        #expect(deleted == 6)
        let rest = try Self.scrape(weir, named: 0)
        #expect(rest.dropLast().allSatisfy { $0.hasSuffix(" 0") })
        #expect(rest.last == samples.last)
    }

    @Test("each end is counted once")
    func finished() throws {
        let registry = Registry()
        let projection = RunsProjection(metrics: RunsMetrics(registry: registry))
        var table = RunTable()
        let lines = [
            (RunsProjection.Kind.create, RunBody.run("e1")),
            (.create, RunBody.run("e1", more: Self.ended("success", "now"))),
            (.create, RunBody.run("e1", more: Self.ended("success", "now"))),
            (.patch, #"{"status":"success"}"#),
            (.patch, #"{"status":"failure"}"#), (.patch, #"{"status":"running"}"#),
        ]
        for (index, line) in lines.enumerated() {
            var elements = try projection.decode(
                JournalLine(
                    seq: Int64(index + 1),
                    at: RunTableTests.start,
                    kind: line.0.rawValue,
                    members: RunLine.members("e1"),
                    body: Array(line.1.utf8)
                ),
                journal: UUID128.random()
            )
            for index in elements.indices { table.apply(&elements[index]) }
            projection.committed(elements)
        }
        let text = String(decoding: registry.exposition(as: .prometheusText), as: UTF8.self)
        #expect(text.contains("weir_runs_finished_total{status=\"success\"} 1\n"))
        #expect(text.contains("weir_runs_finished_total{status=\"failure\"} 1\n"))
        #expect(text.contains("weir_runs_finished_total{status=\"timeout\"} 0\n"))
    }
}
