import Core
import FeatureTestKit
import HTTP
import Ingest
import Journal
import OpenTelemetry
import Postgres
import TestKit
import Testing

@testable import Runs

/// The trace contexts that come with tracked runs. Contract pipelogiq §3.2.
@Suite("The trace context of a tracked run", .serialized)
struct RunTraceContextTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let span = "00f067aa0ba902b7"
    private static let parent = "00-\(trace)-\(span)-01"

    /// The header fields of a request, and what its run then has: the trace, the sender's span, the state.
    private static let headers: [(parents: [String], states: [String], expected: String?)] = [
        ([parent], [], "\(trace) \(span) -"),
        ([" \(parent)\t"], ["a=1, b=2", "c@x=3"], "\(trace) \(span) a=1,b=2,c@x=3"),
        (["01-\(trace)-\(span)-00-what-comes"], ["a=1"], "\(trace) \(span) a=1"),
        // A malformed state is dropped, the parent stays.
        ([parent], ["a=1,a=2"], "\(trace) \(span) -"),
        // A malformed parent takes the state with it.
        ([parent.uppercased()], ["a=1"], nil), (["ff\(parent.dropFirst(2))"], ["a=1"], nil),
        (["\(parent)-00"], [], nil), (["01\(parent.dropFirst(2))x"], [], nil), (["nonsense"], [], nil),
        (["00-00000000000000000000000000000000-\(span)-01"], [], nil),
        (["00-\(trace)-0000000000000000-01"], [], nil), ([parent, parent], [], nil), ([""], [], nil),
        ([], ["a=1"], nil),
    ]

    /// The members of a body, and what its run then has beside the header `parent`.
    private static let members: [(members: String, expected: String)] = [
        (
            #""traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01""#,
            "0af7651916cd43dd8448eb211c80319c b7ad6b7169203331 -"
        ),
        (
            #""traceparent":"00-\#(trace)-b7ad6b7169203331-01","tracestate":"b=2""#,
            "\(trace) b7ad6b7169203331 b=2"
        ),
        (#""traceparent":"00-\#(trace)-b7ad6b7169203331-01""#, "\(trace) b7ad6b7169203331 a=1"),
        (#""traceparent":null"#, "\(trace) \(span) a=1"), (#""traceparent":17"#, "\(trace) \(span) a=1"),
        (#""traceparent":["x"],"tracestate":{}"#, "\(trace) \(span) a=1"),
    ]

    private static func shown(_ run: JSONNode) -> String {
        ["trace_id", "parent_span_id", "tracestate"].map { run[$0]?.string ?? "-" }.joined(separator: " ")
    }

    @Test func `is taken from the header or the body if it is well formed, and never refuses a run`()
        async throws
    {
        let weir = try await RunsHarness()
        for (index, given) in Self.headers.enumerated() {
            var fields: HeaderFields = [:]
            for value in given.parents { fields.append("traceparent", value) }
            for value in given.states { fields.append("tracestate", value) }
            let made = try await weir.post("/api/v1/runs", RunBody.run("h\(index)"), fields: fields)
            #expect(made.status == 201)
            let run = try await weir.get("/api/v1/runs/h\(index)?trace=true")
            let derived = "\(TrackedRunTrace.trace(of: "h\(index)")) - -"
            #expect(try Self.shown(run.json) == given.expected ?? derived, "\(given.parents)")
            // What the writer is told is what a reader finds.
            #expect(made.fields["traceparent"] == run.fields["traceparent"])
            #expect(made.fields["tracestate"] == run.fields["tracestate"])
        }
        #expect(weir.malformedContexts == 10)
        for (index, given) in Self.members.enumerated() {
            let body = RunBody.run("m\(index)", more: ",\(given.members)")
            let made = try await weir.post(
                "/api/v1/runs",
                body,
                fields: ["traceparent": Self.parent, "tracestate": "a=1"]
            )
            #expect(made.status == 201)
            let run = try await weir.get("/api/v1/runs/m\(index)?trace=true").json
            #expect(Self.shown(run) == given.expected, "\(given.members)")
        }
        #expect(weir.malformedContexts == 12)
        try await batch(weir)
        try await finding(weir)
        // A run that is deleted takes its context with it.
        try weir.execute("DELETE FROM agent_run WHERE event_id = 'h0'")
        #expect(
            try weir.rows("SELECT count(*) FROM agent_run_trace WHERE trace_id = '\(Self.trace)'") == ["9"]
        )
    }

    /// Each run of a batch has its own; the header is that of whoever passes them on.
    private func batch(_ weir: RunsHarness) async throws {
        let runs = [
            RunBody.run("b0"),
            RunBody.run("b1", more: #","traceparent":"\#(Self.parent)","tracestate":"a=1""#),
            RunBody.run("b2", more: #","traceparent":"x""#),
        ]
        let answer = try await weir.post(
            "/api/v1/runs/batch",
            "[\(runs.joined(separator: ","))]",
            fields: ["traceparent": Self.parent]
        )
        #expect(answer.text == #"{"inserted":3,"duplicates":0,"errors":[],"total":3}"#)
        let list = try await weir.get("/api/v1/runs?trace=true&limit=1000").json.elements
        let batch = list.filter { $0["event_id"]?.string?.hasPrefix("b") == true }.sorted {
            $0["event_id"]?.string ?? "" < $1["event_id"]?.string ?? ""
        }
        #expect(
            batch.map(Self.shown) == [
                "\(TrackedRunTrace.trace(of: "b0")) - -", "\(Self.trace) \(Self.span) a=1",
                "\(TrackedRunTrace.trace(of: "b2")) - -",
            ]
        )
        #expect(weir.malformedContexts == 13)
    }

    /// The trace of the sender has its runs, the trace that their ids would make has none.
    private func finding(_ weir: RunsHarness) async throws {
        let (sent, derived) = try Connection.withTemporary(weir.database.target) { connection in
            (
                try TrackedRunTrace.find(#require(TraceID(wire: Self.trace)), on: connection),
                try TrackedRunTrace.find(TrackedRunTrace.trace(of: "b1"), on: connection)
            )
        }
        #expect(sent.count == 10)
        #expect(derived.isEmpty)
        let span = try #require(sent.first { $0.resource.last == Attribute("service.instance.id", "b1") })
            .span(
                now: .now()
            )
        #expect(span.traceID.description == Self.trace)
        #expect(span.parentID?.description == Self.span)
        #expect(span.traceState == "a=1")
        #expect(span.flags == 1)
    }

    // MARK: - The order of lines

    private static func context(_ text: String, _ state: String? = nil) -> TraceContext {
        TraceContext(TraceParent(text)!, state.flatMap { TraceState([$0]) })
    }

    private static func line(_ seq: Int64, _ kind: String, _ body: String, _ members: LineMembers)
        -> JournalLine
    {
        let at = Timestamp(iso8601: "2026-01-01T00:00:00Z")!.adding(seconds: Int(seq % 10))
        return JournalLine(seq: seq, at: at, kind: kind, members: members, body: Array(body.utf8))
    }

    /// Lines of two Weirs about the runs `a` and `b`: the first context of `a` is that of the second 2, and the smaller
    /// text of the two; an old line has the members in its body only, where its Weir ignored them.
    private static let lines = [
        line(1, "run.create/1", RunBody.run("a", more: #","traceparent":"\#(parent)""#), LineMembers()),
        line(
            12,
            "run.create/1",
            RunBody.run("a"),
            RunLine.members([0: context("00-\(trace)-00000000000000bb-01")])
        ),
        line(
            22,
            "run.batch/1",
            "[\(RunBody.run("b")),\(RunBody.run("a"))]",
            RunLine.members([0: context(parent), 1: context("00-\(trace)-00000000000000aa-01", "a=1 2,b=2")])
        ),
        line(
            3,
            "run.create/1",
            RunBody.run("a"),
            RunLine.members([0: context("00-\(trace)-0000000000000001-01")])
        ),
        line(24, "run.patch/1", #"{"status":"success"}"#, RunLine.members("b")),
    ]

    @Test func `is the first by the time of its line, whatever order the lines of two Weirs come in`() throws
    {
        let database = try TemporaryDatabase.withSchema()
        let orders = [
            [0, 1, 2, 3, 4], [3, 2, 4, 1, 0], [2, 4, 3, 0, 1], [1, 0, 3, 2, 4], [2, 2, 1, 3, 4, 0, 1],
        ]
        for order in orders {
            for size in [1, 2, 7] {
                try database.execute("TRUNCATE agent_run CASCADE; TRUNCATE agent_run_tally")
                try Self.apply(order.map { Self.lines[$0] }, size, to: database)
                let rows = try database.rows(
                    """
                    SELECT r.event_id, t.traceparent, t.tracestate
                    FROM agent_run r LEFT JOIN agent_run_trace t USING (event_key) ORDER BY 1
                    """
                )
                #expect(
                    rows == ["a|00-\(Self.trace)-00000000000000aa-01|a=1 2,b=2", "b|\(Self.parent)|"],
                    "\(order) in batches of \(size)"
                )
            }
        }
    }

    private static func apply(_ lines: [JournalLine], _ size: Int, to database: TemporaryDatabase) throws {
        let projection = RunsProjection()
        try Connection.withTemporary(database.target) { connection in
            try projection.prepare(connection)
            for start in stride(from: 0, to: lines.count, by: size) {
                let batch = lines[start..<min(start + size, lines.count)]
                var elements = try batch.flatMap { try projection.decode($0, journal: .random()) }
                try connection.transaction {
                    try projection.apply(stage: 0, to: &elements, on: connection)
                }
            }
        }
    }
}
