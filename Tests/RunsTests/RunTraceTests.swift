import Core
import FeatureTestKit
import HTTP
import OpenTelemetry
import Postgres
import TestKit
import Testing

@testable import Runs

@Suite("A tracked run as a trace")
struct TrackedRunTraceTests {
    private static let now = Timestamp(iso8601: "2026-01-02T00:00:00Z")!
    private static let uuid = "6f2d1a34-0000-4000-8000-00000000abcd"

    @Test func `is a span from its start to its end`() async throws {
        let harness = try await RunsHarness()
        _ = try await harness.post(
            "/api/v1/runs",
            RunBody.run(
                Self.uuid,
                agent: "indexer",
                job: "crawl",
                more:
                    #","status":"failure","end_time":"2026-01-01T00:00:02.5Z","error_summary":"no route","items_failed":3"#
            )
        )
        _ = try await harness.post("/api/v1/runs", RunBody.run("job 7", more: #","status":"running""#))
        let (run, open) = try Connection.withTemporary(harness.database.target) { connection in
            (
                try #require(try TrackedRunTrace(eventID: Self.uuid, on: connection)),
                try #require(
                    try TrackedRunTrace.find(TrackedRunTrace.trace(of: "job 7"), on: connection).first
                )
            )
        }
        let span = run.span(now: Self.now)
        #expect(span.traceID.description == "6f2d1a34000040008000" + "00000000abcd")
        #expect(span.spanID == RunTrace(eventID: Self.uuid, sent: nil).span)
        #expect(span.name == "crawl")
        #expect(span.start == 1_767_225_600_000_000_000)
        #expect(span.end == 1_767_225_602_500_000_000)
        #expect(span.status == .init(.error, "no route"))
        #expect(run.resource.first == Attribute("service.name", "indexer"))
        #expect(span.attributes.contains(Attribute("weir.run.items_failed", .int(3))))
        #expect(span.attributes.contains(Attribute("cicd.pipeline.result", "failure")))
        let running = open.span(now: Self.now)
        #expect(running.end == 1_767_312_000_000_000_000)
        #expect(running.attributes.contains(Attribute("weir.in_progress", .bool(true))))
        #expect(running.traceID.description == TraceID.derived("runs", "job 7").description)
    }

    @Test func `is named by the answers about the run, which show it only to those who ask`() async throws {
        let harness = try await RunsHarness()
        let (trace, span) = (
            "6f2d1a3400004000800000000000abcd", "\(RunTrace(eventID: Self.uuid, sent: nil).span)"
        )
        let made = try await harness.post("/api/v1/runs", RunBody.run(Self.uuid))
        #expect(made.fields["traceparent"] == "00-\(trace)-\(span)-01")
        let one = try await harness.get("/api/v1/runs/\(Self.uuid)")
        #expect(one.fields["traceparent"] == "00-\(trace)-\(span)-01")
        // The members of the contract, and no more: clients may count them.
        #expect(try one.json.members.map { $0.key.string }.suffix(2) == ["commit_url", "repo_url"])
        let ids =
            #","trace_id":"\#(trace)","span_id":"\#(span)","parent_span_id":null,"tracestate":null}"#
        #expect(try await harness.get("/api/v1/runs/\(Self.uuid)?trace=true").text.hasSuffix(ids))
        #expect(try await harness.get("/api/v1/runs?trace=1").text.hasSuffix(ids + "]"))
        #expect(try await !harness.get("/api/v1/runs").text.contains("trace_id"))
        let table = try await harness.get("/api/v1/runs?trace=true", accept: "text/csv").text
        #expect(table.contains(",commit_url,repo_url,trace_id,span_id,parent_span_id,tracestate\r\n"))
        #expect(table.hasSuffix(",,,\(trace),\(span),,\r\n"))
        let wrong = try await harness.get("/api/v1/runs/\(Self.uuid)?trace=maybe")
        #expect(wrong.status == 400)
        #expect(wrong.text == #"{"detail":"Invalid trace: 'maybe'. Say true or false."}"#)
    }
}
