import Testing

@testable import Nextflow

@Suite struct `The state of a run` {
    struct Case: Sendable {
        let story: String
        let bodies: [String]
        /// The moment of looking.
        var at = "2026-11-20T22:30:00Z"
        let state: String
    }

    static let cases = [
        Case(story: "started and nothing else", bodies: [Body.started()], state: "pending"),
        Case(story: "an unknown event only", bodies: [Body.event("test_event")], state: "pending"),
        Case(story: "a task without started", bodies: [Body.task()], state: "running"),
        Case(story: "started and a task", bodies: [Body.started(), Body.task()], state: "running"),
        Case(
            story: "a task and silence for a day",
            bodies: [Body.task()],
            at: "2026-11-21T22:06:37Z",
            state: "stale"
        ),
        Case(story: "completed with success", bodies: [Body.completed(success: true)], state: "succeeded"),
        Case(story: "completed without", bodies: [Body.completed(success: false)], state: "failed"),
        Case(
            story: "completed without a word of success",
            bodies: [Body.event("completed")],
            state: "failed"
        ),
        Case(
            story: "interrupted",
            bodies: [Body.completed(success: false, message: "SIGINT")],
            state: "aborted"
        ),
        Case(
            story: "terminated",
            bodies: [Body.completed(success: false, message: "killed by SIGTERM")],
            state: "aborted"
        ),
        Case(
            story: "error, then completed, then error, then completed again",
            bodies: [
                Body.event("error", at: "2026-11-20T22:07:00Z"),
                Body.completed(success: false, at: "2026-11-20T22:08:00Z"),
                Body.event("error", at: "2026-11-20T22:08:01Z"),
                Body.completed(success: true, at: "2026-11-20T22:09:00Z"),
            ],
            state: "succeeded"
        ),
        Case(
            story: "the last completed by the sender's time, whatever came first",
            bodies: [
                Body.completed(success: true, at: "2026-11-20T22:09:00Z"),
                Body.completed(success: false, at: "2026-11-20T22:08:00Z"),
            ],
            state: "succeeded"
        ),
        Case(
            story: "an error less than a minute ago",
            bodies: [Body.task(), Body.event("error", at: "2026-11-20T22:29:01Z")],
            state: "running"
        ),
        Case(
            story: "an error a minute ago",
            bodies: [Body.task(), Body.event("error", at: "2026-11-20T22:29:00Z")],
            state: "failed"
        ),
        Case(
            story: "an error, and tasks that end because of it",
            bodies: [
                Body.event("error", at: "2026-11-20T22:10:00Z"),
                Body.task(status: "ABORTED", at: "2026-11-20T22:10:01Z"),
            ],
            state: "failed"
        ),
        Case(
            story: "an error, and a task submitted later",
            bodies: [
                Body.event("error", at: "2026-11-20T22:10:00Z"),
                Body.task("process_submitted", status: "SUBMITTED", at: "2026-11-20T22:11:00Z"),
            ],
            state: "running"
        ),
        Case(
            story: "resumed after a failure",
            bodies: [
                Body.started(), Body.task(), Body.completed(success: false),
                Body.started(start: "2026-11-20T22:20:00Z", at: "2026-11-20T22:20:01Z"),
            ],
            state: "pending"
        ),
        Case(
            story: "resumed, and at work",
            bodies: [
                Body.started(), Body.completed(success: false),
                Body.started(start: "2026-11-20T22:20:00Z", at: "2026-11-20T22:20:01Z"),
                Body.task(at: "2026-11-20T22:21:00Z"),
            ],
            state: "running"
        ),
        Case(
            story: "a started that arrives after its own completed",
            bodies: [Body.completed(success: true), Body.started(at: "2026-11-20T22:10:00Z")],
            state: "succeeded"
        ),
        Case(
            story: "completed without a start after a started with one",
            bodies: [Body.started(), Body.completed(success: true, start: nil)],
            state: "succeeded"
        ),
        Case(
            story: "a task that ends after completed",
            bodies: [Body.completed(success: true), Body.task(at: "2026-11-20T22:11:00Z")],
            state: "succeeded"
        ),
    ]

    @Test func `follows from its events, in whatever order they come`() throws {
        let harness = try ProjectionHarness()
        for story in Self.cases {
            for bodies in [story.bodies, story.bodies.reversed()] {
                try harness.execute("TRUNCATE run, run_segment, task, completion, recent_digest")
                try harness.apply([
                    try bodies.enumerated().map {
                        try ProjectionHarness.line(Int64($0.offset + 1), $0.element)
                    }
                ])
                let states = try harness.rows(
                    "SELECT run_state(run, '\(story.at)', interval '24 hours') FROM run"
                )
                #expect(states == [story.state], "\(story.story)")
            }
        }
    }
}
