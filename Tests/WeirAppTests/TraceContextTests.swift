import Core
import TestKit
import Testing

@testable import WeirApp

/// A sender's trace through a whole server: what it starts stands below its own span, and what a run sends below the run.
@Suite struct `The trace of a sender` {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let parent = "00f067aa0ba902b7"

    /// A span in OTLP/JSON.
    private static func span(_ id: String, below parent: String?, _ name: String) -> String {
        let parent = parent.map { #""parentSpanId":"\#($0)","# } ?? ""
        return #"{"traceId":"\#(trace)","spanId":"\#(id)",\#(parent)"name":"\#(name)","#
            + #""startTimeUnixNano":"1767225600000000000","endTimeUnixNano":"1767225660000000000"}"#
    }

    @Test func `has the run and the execution that it began, and their spans`() async throws {
        let weir = try await EmbeddedServer.start()
        let client = try weir.client()
        let context = [("traceparent", "00-\(Self.trace)-\(Self.parent)-01"), ("tracestate", "a=1")]
        let run = try client.post(
            "/api/v1/runs",
            json: #"{"event_id":"e1","run_id":"r1","agent_name":"a","job_type":"crawl","#
                + #""start_time":"2026-01-01T00:00:10+00:00"}"#,
            fields: context
        )
        #expect(run.status == 201)
        #expect(run["tracestate"] == "a=1")
        let own = try #require(run["traceparent"]).split(separator: "-").map(String.init)
        #expect(own.count == 4 && own[1] == Self.trace)
        let execution = try client.post(
            "/api/v2/executions",
            json: #"{"project_module":"p","archive_name":"batch","sources":[{"source_identifier":"S"}]}"#,
            fields: context
        )
        #expect(execution.status == 201)
        let spans = [
            Self.span(Self.parent, below: nil, "nightly"),
            Self.span("00000000000000ab", below: own[2], "fetch"),
        ]
        let sent = #"{"resourceSpans":[{"scopeSpans":[{"spans":[\#(spans.joined(separator: ","))]}]}]}"#
        #expect(try client.post("/v1/traces", json: sent).status == 200)
        let expected = ["0 nightly", "1 batch", "1 crawl", "2 fetch"]
        try await eventually {
            try Self.tree(client.get("/observability/traces/\(Self.trace)")).sorted() == expected
        }
        let listed = try JSONDocument(client.get("/observability/traces?search=r1").body).root
        #expect(listed.elements.compactMap { $0["traceId"]?.string } == [Self.trace])
        await weir.stop()
    }

    private static func tree(_ answer: RawResponse) throws -> [String] {
        let root = try JSONDocument(answer.body).root
        return root["spans"]?.elements.map { "\($0["depth"]?.int64 ?? -1) \($0["name"]?.string ?? "")" } ?? []
    }
}
