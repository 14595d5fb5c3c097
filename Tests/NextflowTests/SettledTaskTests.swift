import Core
import Foundation
import Journal
import Testing

@testable import Nextflow

/// A run that ends settles its tasks: the client sends a completion once, and it may have been lost. Contract §10 (15).
@Suite struct `Tasks whose completion never came` {
    /// What the answer about a run says of its tasks.
    private struct Told: Equatable {
        var counts: [String: Int]
        var running: Int
        var queued: Int
        var ended: Int
        var outcomeUnknown: Int

        init(_ harness: RouteHarness, _ path: String) async throws {
            let run = try await harness.get("/api/nextflow/runs/\(path)").json
            let progress = try #require(run["progress"] as? [String: Any])
            counts = try #require(run["task_counts"] as? [String: Int])
            running = try #require(progress["running"] as? Int)
            queued = try #require(progress["queued"] as? Int)
            ended = try #require(progress["ended"] as? Int)
            outcomeUnknown = try #require(progress["outcome_unknown"] as? Int)
            let tasks = try await harness.get("/api/nextflow/runs/\(path)/tasks?limit=500").list("tasks")
            let listed = Dictionary(grouping: tasks) { $0["status"] as? String ?? "" }.mapValues(\.count)
            #expect(listed == counts, "the list of tasks says something else")
            for (status, count) in counts {
                let filtered = try await harness.get(
                    "/api/nextflow/runs/\(path)/tasks?limit=500&status=\(status)"
                )
                #expect(try filtered.list("tasks").count == count, "\(status)")
            }
        }
    }

    private static func isCompletion(_ body: String) -> Bool {
        body.contains(#""event":"process_completed""#)
    }

    /// The events of the recorded run that completed first, and its path.
    private static func recorded(_ name: String) throws -> (path: String, bodies: [String]) {
        let bodies = try Fixture.bodies(name)
        let end = try #require(bodies.first { $0.contains(#""event":"completed""#) })
        let json = try #require(try JSONSerialization.jsonObject(with: Data(end.utf8)) as? [String: Any])
        let (id, run) = (try #require(json["runId"] as? String), try #require(json["runName"] as? String))
        return ("\(id)/\(run)", bodies.filter { $0.contains(id) && $0.contains("\"\(run)\"") })
    }

    private static func lines(_ bodies: [String], from first: Int64 = 1) throws -> [JournalLine] {
        try bodies.enumerated().map { try ProjectionHarness.line(first + Int64($0), $1) }
    }

    @Test(arguments: ["nextflow_core_23.04", "nextflow_plugin_23.10"])
    func `are settled by the end of the run, and by the completion when it comes after all`(name: String)
        async throws
    {
        let (path, bodies) = try Self.recorded(name)
        let whole = try RouteHarness()
        try whole.projection.apply([try Self.lines(bodies)])
        let expected = try await Told(whole, path)
        #expect(expected.running == 0 && expected.queued == 0 && expected.outcomeUnknown == 0)

        let lost = try #require(bodies.firstIndex(where: Self.isCompletion))
        let harness = try RouteHarness()
        let others = bodies.enumerated().filter { $0.offset != lost }.map(\.element)
        try harness.projection.apply([try Self.lines(others)])
        let told = try await Told(harness, path)
        #expect(told.running == 0 && told.queued == 0)
        #expect(told.outcomeUnknown == 1 && told.counts["UNKNOWN"] == 1)
        #expect(told.ended == expected.ended)

        try harness.projection.apply([try Self.lines([bodies[lost]], from: 1000)])
        #expect(try await Told(harness, path) == expected)
    }

    @Test func `are as many as there are tasks, when none came`() async throws {
        let (path, bodies) = try Self.recorded("nextflow_core_23.04")
        let completions = bodies.filter(Self.isCompletion)
        let harness = try RouteHarness()
        try harness.projection.apply([try Self.lines(bodies.filter { !Self.isCompletion($0) })])
        #expect(try await Told(harness, path).running == 0)
        try harness.projection.apply([try Self.lines(completions, from: 1000)])
        #expect(try await Told(harness, path).outcomeUnknown == 0)
    }

    struct Case: Sendable {
        let story: String
        let bodies: [String]
        let running: Int
        let queued: Int
        let unknown: Int
    }

    /// One task that runs and one that waits, then what becomes of the run.
    private static let open = [
        Body.started(), Body.task("process_started", id: "1", status: "RUNNING"),
        Body.task("process_submitted", id: "2", status: "SUBMITTED"), Body.task(id: "3"),
    ]
    private static let again = Body.started(start: "2026-11-20T22:20:00Z", at: "2026-11-20T22:20:01Z")

    static let cases = [
        Case(story: "silence", bodies: open, running: 1, queued: 1, unknown: 0),
        Case(
            story: "success",
            bodies: open + [Body.completed(success: true)],
            running: 0,
            queued: 0,
            unknown: 2
        ),
        Case(
            story: "failure",
            bodies: open + [Body.completed(success: false)],
            running: 0,
            queued: 0,
            unknown: 2
        ),
        Case(
            story: "an interruption",
            bodies: open + [Body.completed(success: false, message: "SIGINT")],
            running: 0,
            queued: 0,
            unknown: 2
        ),
        Case(
            story: "an error, and the end was lost",
            bodies: open + [Body.event("error", at: "2026-11-20T22:10:00Z")],
            running: 0,
            queued: 0,
            unknown: 2
        ),
        Case(
            story: "the end, then the completion of one task",
            bodies: open + [
                Body.completed(success: false),
                Body.task(id: "1", status: "ABORTED", at: "2026-11-20T22:10:01Z"),
            ],
            running: 0,
            queued: 0,
            unknown: 1
        ),
        Case(
            story: "an error that tells the task's outcome",
            bodies: open + [Body.task("error", id: "1", status: "FAILED"), Body.completed(success: false)],
            running: 0,
            queued: 0,
            unknown: 1
        ),
        Case(story: "another execution", bodies: open + [again], running: 0, queued: 0, unknown: 2),
        Case(
            story: "another execution, after an end, with a task of its own",
            bodies: open + [
                Body.completed(success: false), again,
                Body.task(
                    "process_started",
                    id: "1",
                    status: "RUNNING",
                    hash: "22/2",
                    at: "2026-11-20T22:21:00Z"
                ),
            ],
            running: 1,
            queued: 0,
            unknown: 2
        ),
        Case(
            story: "another execution that ended",
            bodies: open + [
                again,
                Body.task(
                    "process_started",
                    id: "1",
                    status: "RUNNING",
                    hash: "22/2",
                    at: "2026-11-20T22:21:00Z"
                ),
                Body.completed(success: true, start: "2026-11-20T22:20:00Z", at: "2026-11-20T22:30:00Z"),
            ],
            running: 0,
            queued: 0,
            unknown: 3
        ),
        Case(
            story: "the end of another run of the same session",
            bodies: open + [Body.completed(success: true, name: "other")],
            running: 1,
            queued: 1,
            unknown: 0
        ),
    ]

    @Test(arguments: cases)
    func `follow from the events of the run, in whatever order they come`(story: Case) async throws {
        let harness = try RouteHarness()
        for bodies in [story.bodies, story.bodies.reversed()] {
            try harness.projection.execute("TRUNCATE run, run_segment, task, completion, recent_digest")
            try harness.projection.apply([try Self.lines(bodies)])
            let told = try await Told(harness, "r1/brave_bell")
            #expect(told.running == story.running, "\(story.story)")
            #expect(told.queued == story.queued, "\(story.story)")
            #expect(told.outcomeUnknown == story.unknown, "\(story.story)")
            #expect(told.counts["UNKNOWN"] ?? 0 == story.unknown, "\(story.story)")
        }
    }

    @Test func `are not counted as running by the process metrics`() async throws {
        let harness = try RouteHarness(staleAfter: .seconds(86400 * 365))
        try harness.projection.apply([try Self.lines(Self.open)])
        let before = try await harness.get("/metrics/processes/running")
        #expect(before.text.contains(#""running":1"#), "\(before.text)")
        try harness.projection.apply([try Self.lines([Body.completed(success: true)], from: 100)])
        let after = try await harness.get("/metrics/processes/running")
        #expect(!after.text.contains(#""running":1"#), "\(after.text)")
    }
}
