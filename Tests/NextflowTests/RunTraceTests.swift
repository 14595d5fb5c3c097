import Core
import HTTP
import OpenTelemetry
import Postgres
import TestKit
import Testing

@testable import Nextflow

@Suite("A run as a trace")
struct RunTraceTests {
    private static let now = Timestamp(iso8601: "2026-11-21T00:00:00Z")!

    @Test func `has the executions and attempts of a recorded run, to the microsecond`() throws {
        let harness = try ProjectionHarness()
        let bodies = try Fixture.bodies("nextflow_plugin_23.10")
        try harness.apply([try bodies.enumerated().map { try ProjectionHarness.line(Int64($0 + 1), $1) }])
        let tree = try harness.trace(
            "231434e2-0457-4774-b39e-5dc582f4e32f",
            "trusting_chandrasekhar",
            pageOf: 2,
            now: Self.now
        )
        // Made of the bodies by another program.
        #expect(tree == (try Fixture.lines("nextflow_plugin_23.10.spans")))
    }

    @Test func `links a retry to the attempt before`() throws {
        let harness = try ProjectionHarness()
        let times =
            #","submit":1795212813000,"start":1795212814000,"complete":1795212815000,"name":"ALIGN (1)""#
        try harness.apply(
            Body.event("started"),
            Body.task(
                status: "FAILED",
                exit: "137",
                hash: "aa/111111",
                more: times + #","error_action":"RETRY""#
            ),
            Body.task(id: "2", status: "FAILED", exit: "1", attempt: "2", hash: "bb/222222", more: times),
            Body.task(id: "3", attempt: "3", hash: "cc/333333", more: times),
            Body.task(id: "4", hash: "dd/444444", more: times)
        )
        let spans = try harness.spans("r1", "brave_bell", now: Self.now).filter { $0.name == "ALIGN" }
        #expect(spans.map { $0.links.map(\.spanID) } == [[], [spans[0].spanID], [spans[1].spanID], []])
        #expect(
            spans.map(\.status) == [
                .init(.error, "the task ended with exit status 137"),
                .init(.error, "the task ended with exit status 1"), .init(.ok), .init(.ok),
            ]
        )
        #expect(spans[0].attributes.contains(Attribute("error.type", "exit_137")))
        #expect(spans[0].attributes.contains(Attribute("nextflow.task.error_action", "RETRY")))
    }

    /// Each of 400 tasks fails twice, of which the next thirty tasks hear before it is tried again.
    @Test func `links retries of a run of any size with few failed attempts in memory`() throws {
        let harness = try ProjectionHarness()
        try harness.apply(Body.event("started"))
        try harness.execute(
            """
            INSERT INTO task (run_key, task_number, task_id, hash, status_rank, submitted, started, completed, first_utc,
                last_utc, process, name, attempt)
            SELECT run_key, n, n, 'h', CASE WHEN a < 3 THEN 7 ELSE 5 END, true, true, true, first_utc, last_utc,
                'ALIGN', 'ALIGN (' || i || ')', a
            FROM run, generate_series(1, 400) i, generate_series(1, 3) a, LATERAL (SELECT 4 * i + 121 * a) x (n)
            """
        )
        try Connection.withTemporary(harness.database.target) { connection in
            let key = NextflowKeys.run(id: "r1", name: "brave_bell")
            func open() throws -> NextflowTrace {
                try #require(try NextflowTrace(key: key, keepingFailed: 70, on: connection))
            }
            var run = try open()
            #expect(run.failed.count == 0)
            var (links, held, pages) = (0, 0, 0)
            var position: NextflowTrace.Position? = NextflowTrace.Position()
            while let after = position {
                let page = try run.page(after: after, attempts: 10, now: Self.now, on: connection)
                links += page.spans.reduce(0) { $0 + $1.links.count }
                held = max(held, run.failed.count)
                position = page.next
                pages += 1
                // Another Weir goes on, or this one after a pause.
                if pages.isMultiple(of: 50) { run = try open() }
            }
            #expect(links == 800)
            #expect(held == 70)
            #expect(pages == 121)
        }
    }

    /// `submit`, `start` and `complete` of a task, and what its spans become, relative to the first in milliseconds.
    @Test(arguments: [
        (10, 20, 30, ["ALIGN 10…30", "queue 10…20", "execute 20…30"]),
        // A clock that was set back makes no negative span.
        (30, 20, 10, ["ALIGN 30…30", "queue 30…30", "execute 30…30"]),
        (10, 5, 30, ["ALIGN 10…30", "queue 10…10", "execute 10…30"]),
        (10, 50, 30, ["ALIGN 10…30", "queue 10…30", "execute 30…30"]),
        (10, 0, 30, ["ALIGN 10…30"]),
        (0, 20, 30, ["ALIGN 20…30", "execute 20…30"]),
    ])
    func `clamps times`(submit: Int, start: Int, complete: Int, expected: [String]) throws {
        let base = 1_795_212_813_000
        func at(_ offset: Int) -> Timestamp? {
            offset == 0 ? nil : Timestamp(microseconds: Int64(base + offset) * 1000)
        }
        let seen = Timestamp(microseconds: Int64(base + 30) * 1000)
        let task = TracedTask(
            taskID: "1",
            hash: "ab/cdef12",
            name: "ALIGN (1)",
            process: "ALIGN",
            attempt: 1,
            outcome: .success,
            exit: "0",
            errorAction: nil,
            submit: at(submit),
            start: at(start),
            complete: at(complete),
            seen: seen...seen,
            attributes: []
        )
        let ids = NextflowTraceIDs(runID: "r1", runName: "brave_bell")
        let place = TaskPlace(ids: ids, parent: ids.run, retried: nil, executionEnd: nil, now: Self.now)
        let spans = task.spans(place).map { span in
            let bounds = [span.start, span.end].map { Int($0 / 1_000_000) - base }
            return "\(span.name) \(bounds[0])…\(bounds[1])"
        }
        #expect(spans == expected)
    }

    @Test func `of a run that goes on ends now, and says so`() throws {
        let harness = try ProjectionHarness()
        try harness.apply(
            Body.event("started"),
            Body.task("process_started", status: "RUNNING", more: #","start":1795212814000"#)
        )
        let spans = try harness.spans("r1", "brave_bell", now: Self.now)
        #expect(spans.map(\.end) == Array(repeating: 1_795_219_200_000_000_000, count: spans.count))
        #expect(spans.filter { $0.attributes.contains(Attribute("weir.in_progress", true)) }.count == 2)
    }

    @Test func `is found by its trace id, whatever the run id is`() throws {
        let harness = try ProjectionHarness()
        let uuid = "231434e2-0457-4774-b39e-5dc582f4e32f"
        try harness.apply(
            Body.event("started", run: uuid),
            Body.event("started", run: uuid, name: "resumed"),
            Body.event("started", run: "r1"),
            Body.event("started", run: uuid.uppercased(), name: "loud")
        )
        #expect(
            NextflowTraceIDs(runID: uuid, runName: "x").trace.description
                == "231434e204574774b39e5dc582f4e32f"
        )
        for (run, names) in [(uuid, 2), ("r1", 1), (uuid.uppercased(), 1)] {
            let trace = NextflowTraceIDs(runID: run, runName: "x").trace
            let found = try Connection.withTemporary(harness.database.target) {
                try NextflowTrace.find(trace, on: $0)
            }
            #expect(found.count == names, "\(run)")
        }
    }

    @Test func `is named by the answers about the run`() async throws {
        let harness = try RouteHarness()
        let (id, name) = ("231434e2-0457-4774-b39e-5dc582f4e32f", "brave_bell")
        let times = #","submit":1795212813000,"start":1795212814000,"complete":1795212815000"#
        try harness.projection.apply(
            Body.event("started", run: id, name: name),
            Body.task(hash: "aa/111111", more: times, run: id, name: name)
        )
        let spans = try harness.projection.spans(id, name, now: Self.now).map(\.spanID.description)
        let trace = "231434e204574774b39e5dc582f4e32f"
        let path = "/api/nextflow/runs/\(id)/\(name)"
        let detail = try await harness.get(path)
        #expect(detail.fields["traceparent"] == "00-\(trace)-\(spans[0])-01")
        let segments = try #require(try detail.json["segments"] as? [[String: Any]])
        let runs = try await harness.get("/api/nextflow/runs").list("runs")
        let session = try await harness.get("/api/nextflow/runs/\(id)").list("runs")
        for named in [[try detail.json], segments, runs, session] {
            #expect(named.map { $0["trace_id"] as? String } == [trace])
            #expect(named.map { $0["span_id"] as? String } == [spans[0]])
        }
        let tasks = try await harness.get("\(path)/tasks").list("tasks")
        #expect(tasks.map { $0["trace_id"] as? String } == [trace])
        #expect(tasks.map { $0["span_id"] as? String } == [spans[1]])
    }
}

extension ProjectionHarness {
    /// The spans of a run, read in pages.
    func spans(_ id: String, _ name: String, pageOf size: Int = 1000, now: Timestamp) throws -> [Span] {
        try Connection.withTemporary(database.target) { connection in
            let run = try #require(try NextflowTrace(runID: id, runName: name, on: connection))
            var spans = run.roots(now: now)
            var position: NextflowTrace.Position? = NextflowTrace.Position()
            while let after = position {
                let page = try run.page(after: after, attempts: size, now: now, on: connection)
                spans += page.spans
                position = page.next
            }
            return spans
        }
    }

    /// The same as text, a span below its parent: name, begin and end in microseconds, status, attributes that matter.
    func trace(_ id: String, _ name: String, pageOf size: Int, now: Timestamp) throws -> [String] {
        let spans = try spans(id, name, pageOf: size, now: now)
        func lines(below parent: SpanID?, _ indent: String) -> [String] {
            spans.filter { $0.parentID == parent }.flatMap { span in
                ["\(indent)\(span.name) \(span.start / 1000)…\(span.end / 1000) \(span.status.code)"]
                    + lines(below: span.spanID, indent + "  ")
            }
        }
        return lines(below: nil, "")
    }
}
