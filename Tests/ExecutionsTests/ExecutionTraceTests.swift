import Core
import FeatureTestKit
import HTTP
import OpenTelemetry
import Postgres
import TestKit
import Testing

@testable import Executions

/// The trace of an execution, and the context that its backend sends. Contract pipelogiq §3.2; beampipe §3.6 and §7.
@Suite("The trace of an execution", .serialized)
struct ExecutionTraceTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let parent = "00-\(trace)-00f067aa0ba902b7-01"
    private static let now = Timestamp(iso8601: "2026-11-30T00:00:00Z")!

    /// The header fields of a request, and what its execution then has: the trace, the backend's span, the state. Nil
    /// for a trace of its own.
    private static let headers: [(parents: [String], states: [String], expected: String?)] = [
        ([], [], nil), ([parent], [], "\(trace) 00f067aa0ba902b7 -"),
        ([parent], ["a=1", "b=2"], "\(trace) 00f067aa0ba902b7 a=1,b=2"),
        ([parent], ["="], "\(trace) 00f067aa0ba902b7 -"),
        ([parent.uppercased()], ["a=1"], nil), ([parent, parent], [], nil), (["\(parent)-00"], [], nil),
    ]

    private static func shown(_ execution: JSONNode) -> String {
        ["trace_id", "parent_span_id", "tracestate"].map { execution[$0]?.string ?? "-" }.joined(
            separator: " "
        )
    }

    @Test func `is that of its backend, or made of its id`() async throws {
        let weir = try await ExecutionsHarness()
        for (index, given) in Self.headers.enumerated() {
            var fields: HeaderFields = [:]
            for value in given.parents { fields.append("traceparent", value) }
            for value in given.states { fields.append("tracestate", value) }
            let made = try await weir.post("", ExecutionBody.new(archive: "\(index)"), fields: fields)
            #expect(made.status == 201)
            let id = try #require(try made.json["uuid"]?.string)
            let own = "\(id.filter { $0 != "-" }) - -"
            let shown = try await weir.get("/\(id)")
            #expect(try Self.shown(shown.json) == given.expected ?? own, "\(given.parents)")
            #expect(try Self.shown(made.json) == given.expected ?? own)
            #expect(made.fields["traceparent"] == shown.fields["traceparent"])
            // Its provenance events name the trace, too.
            let told = try weir.rows("SELECT detail ->> 'trace_id' FROM outbox_event WHERE subject = '\(id)'")
            #expect(told == [String((given.expected ?? own).prefix(32))])
        }
        // A list shows rows of the contract.
        #expect(try await !weir.get("").text.contains("trace"))
        try await repeated(weir)
        try await spans(weir)
    }

    /// A repeated request is part of the same trace as the first.
    private func repeated(_ weir: ExecutionsHarness) async throws {
        var made: [String?] = []
        for span in ["00000000000000bb", "00000000000000aa"] {
            let fields: HeaderFields = ["traceparent": "00-\(Self.trace)-\(span)-01"]
            let answer = try await weir.post("", ExecutionBody.new(archive: "k"), key: "k", fields: fields)
            made.append(try answer.json["parent_span_id"]?.string)
        }
        #expect(made == ["00000000000000bb", "00000000000000bb"])
    }

    /// One that is over, and one that is not.
    private func spans(_ weir: ExecutionsHarness) async throws {
        let fields: HeaderFields = ["traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"]
        let made = try await weir.post("", ExecutionBody.new(archive: "run"), fields: fields)
        let id = try #require(try made.json["uuid"]?.string)
        let find = { (trace: String) in
            try Connection.withTemporary(weir.feature.database.target) { connection in
                try ExecutionTrace.find(#require(TraceID(wire: trace)), on: connection)
                    .map { $0.span(now: Self.now) }
            }
        }
        let open = try #require(try find("0af7651916cd43dd8448eb211c80319c").first)
        #expect(open.parentID?.description == "b7ad6b7169203331")
        #expect(open.attributes.contains(Attribute("weir.in_progress", .bool(true))))
        _ = try await weir.patch(id, #"{"status":"running"}"#)
        _ = try await weir.patch(id, #"{"status":"failed","last_error":"no route"}"#)
        let over = try #require(try find("0af7651916cd43dd8448eb211c80319c").first)
        #expect(over.spanID == open.spanID)
        #expect(over.name == "run")
        #expect(over.status == .init(.error, "no route"))
        #expect(over.flags == 0)
        #expect(over.attributes.contains(Attribute("cicd.pipeline.result", "failure")))
        // The trace that its id would make has nothing.
        #expect(try find(String(id.filter { $0 != "-" })).isEmpty)
        #expect(try find(Self.trace).count == 4)
    }
}
