import Core
import Foundation
import Testing

@testable import API
@testable import Nextflow

@Suite struct `Lists of runs` {
    /// One run for each state, and one that began again after it had completed.
    private static func fill(_ harness: RouteHarness) throws {
        let now = Timestamp.now()
        func at(_ seconds: Int) -> String { now.adding(seconds: seconds).description }
        try harness.projection.apply(
            Body.started(start: nil, run: "s1", name: "waits", at: at(-60)),
            Body.task("process_started", status: "RUNNING", run: "s2", name: "works", at: at(-70)),
            Body.task("process_started", status: "RUNNING", run: "s3", name: "silent", at: at(-200_000)),
            Body.completed(success: true, start: nil, run: "s4", name: "good", at: at(-100)),
            Body.completed(
                success: false,
                message: "SIGTERM",
                start: nil,
                run: "s5",
                name: "killed",
                at: at(-110)
            ),
            Body.completed(success: false, message: "boom", start: nil, run: "s6", name: "bad", at: at(-120)),
            Body.event("error", run: "s7", name: "broken", at: at(-130)),
            Body.completed(success: true, start: at(-400), run: "s8", name: "again", at: at(-300)),
            Body.started(start: at(-200), run: "s8", name: "again", at: at(-199))
        )
    }

    @Test(arguments: [
        ("pending", ["waits", "again"]), ("running", ["works"]), ("stale", ["silent"]),
        ("succeeded", ["good"]),
        ("aborted", ["killed"]), ("failed", ["bad", "broken"]), ("running,stale", ["works", "silent"]),
        ("running&state=failed", ["works", "bad", "broken"]),
    ])
    func `are filtered by state`(states: String, names: [String]) async throws {
        let harness = try RouteHarness()
        try Self.fill(harness)
        let answer = try await harness.get("/api/nextflow/runs?state=\(states)")
        #expect(try answer.list("runs").compactMap { $0["run_name"] as? String } == names)
    }

    @Test func `and how runs ended are told alike by state and by outcome`() throws {
        let harness = try RouteHarness()
        try Self.fill(harness)
        let states = try harness.projection.rows(
            "SELECT outcome, run_state(r, now(), interval '1 day'), run_name FROM run r WHERE outcome IS NOT NULL ORDER BY 3"
        )
        #expect(states == ["failed|failed|bad", "succeeded|succeeded|good", "aborted|aborted|killed"])
    }

    @Test func `show what ended, and not what ended before it began again`() async throws {
        let harness = try RouteHarness()
        try Self.fill(harness)
        let runs = try await harness.get("/api/nextflow/runs").list("runs")
        let failed = try #require(runs.first { $0["run_name"] as? String == "bad" })
        #expect(failed["success"] as? Bool == false)
        #expect(failed["error_message"] as? String == "boom")
        #expect(failed["completed_utc"] is String)
        let again = try #require(runs.first { $0["run_name"] as? String == "again" })
        #expect(again["state"] as? String == "pending")
        #expect(again["completed_utc"] is NSNull)
        #expect(again["success"] is NSNull)
    }

    @Test func `an unknown state is refused`() async throws {
        let answer = try await RouteHarness().get("/api/nextflow/runs?state=running,happy&limit=501")
        #expect(answer.status == 422)
        #expect(answer.text.contains(#""loc":["query","state"]"#))
        #expect(answer.text.contains(#""loc":["query","limit"]"#))
    }

    /// Runs that differ in all that can be asked for; two begin at the same moment.
    private static func fillMany(_ harness: RouteHarness, _ numbers: ClosedRange<Int>) throws {
        let start = try #require(Timestamp(iso8601: "2026-11-20T10:00:00Z"))
        let bodies = numbers.map { number in
            Body.event(
                "started",
                run: "session-\(number % 3)",
                name: "name-\(number)",
                at: start.adding(seconds: number / 2).description,
                metadata: #"{"workflow":{"userName":"u\#(number % 2)","projectName":"p\#(number % 5)"}}"#
            )
        }
        let lines = try bodies.enumerated().map { index, body in
            try ProjectionHarness.line(Int64(numbers.lowerBound + index), body)
        }
        try harness.projection.apply([lines])
    }

    @Test(arguments: [
        ("name=name-7", [7]), ("user=u1&project=p3", [13, 3]), ("run_id=session-2&project=p0", [20, 5]),
        ("since=2026-11-20T10:00:09Z", [20, 19, 18]), ("until=2026-11-20T10:00:00Z", [1]),
        ("since=2026-11-20T10:00:02Z&until=2026-11-20T10:00:02Z", [5, 4]), ("user=U1", []),
    ])
    func `are filtered by what is known of them`(query: String, numbers: [Int]) async throws {
        let harness = try RouteHarness()
        try Self.fillMany(harness, 1...20)
        let runs = try await harness.get("/api/nextflow/runs?\(query)").list("runs")
        let names = runs.compactMap { $0["run_name"] as? String }
        #expect(names.sorted() == numbers.map { "name-\($0)" }.sorted())
    }

    @Test func `a page goes on where the one before ended, whatever arrives meanwhile`() async throws {
        let harness = try RouteHarness()
        try Self.fillMany(harness, 1...20)
        var names: [String] = []
        var cursor: String?
        repeat {
            let place = cursor.map { "&cursor=\($0)" } ?? ""
            let answer = try await harness.get("/api/nextflow/runs?limit=3\(place)")
            names += try answer.list("runs").compactMap { $0["run_name"] as? String }
            cursor = try answer.json["next_cursor"] as? String
            try Self.fillMany(harness, (100 + names.count)...(101 + names.count))
        } while cursor != nil

        #expect(names.count == 20)
        #expect(Set(names) == Set((1...20).map { "name-\($0)" }))
    }

    @Test func `the last page that is full has no next one`() async throws {
        let harness = try RouteHarness()
        try Self.fillMany(harness, 1...4)
        let full = try await harness.get("/api/nextflow/runs?limit=4")
        #expect(try full.list("runs").count == 4)
        #expect(full.text.hasSuffix(#","next_cursor":null}"#))
    }

    @Test func `a foreign cursor is refused`() async throws {
        let cursor = PageCursor(["1", "2", "3"]).text
        let answer = try await RouteHarness().get("/api/nextflow/runs?cursor=\(cursor)")
        #expect(answer.status == 422)
        #expect(answer.text.contains(#""type":"value_error.cursor""#))
    }
}

@Suite struct `One run` {
    @Test func `tells what its latest execution told, and counts its tasks`() async throws {
        let harness = try RouteHarness()
        let bodies = try Fixture.bodies("nextflow_plugin_23.10")
        let lines = try bodies.enumerated().map { try ProjectionHarness.line(Int64($0 + 1), $1) }
        try harness.projection.apply([lines])
        let listed = try #require(try await harness.get("/api/nextflow/runs").list("runs").last)
        let id = try #require(listed["run_id"] as? String)
        let name = try #require(listed["run_name"] as? String)
        let run = try await harness.get("/api/nextflow/runs/\(id)/\(name)").json

        #expect(run["state"] as? String == listed["state"] as? String)
        #expect((run["workflow"] as? [String: Any])?["runName"] as? String == name)
        #expect(run["parameters"] is [String: Any])
        #expect(run["stats"] is [String: Any])
        let segments = try #require(run["segments"] as? [[String: Any]])
        #expect(segments.last?["success"] as? Bool == run["success"] as? Bool)
        let counts = try #require(run["task_counts"] as? [String: Int])
        let tasks = try await harness.get("/api/nextflow/runs/\(id)/\(name)/tasks?limit=500").list("tasks")
        #expect(tasks.count == counts.values.reduce(0, +))
        #expect(counts == Dictionary(grouping: tasks) { $0["status"] as? String ?? "" }.mapValues(\.count))
        let events = try await harness.get("/api/nextflow/runs/\(id)/\(name)/events?limit=500").list("events")
        #expect(events.count == bodies.filter { $0.contains(#""\#(name)""#) && $0.contains(id) }.count)
    }

    @Test func `progress tells what waits, works and has ended`() async throws {
        let harness = try RouteHarness()
        try harness.projection.apply(
            Body.task("process_submitted", id: "1", status: "SUBMITTED"),
            Body.task("process_started", id: "2", status: "RUNNING"),
            Body.task("process_submitted", id: "3", status: "RUNNING"),
            Body.task(id: "4"),
            Body.task(id: "5", status: "FAILED"),
            Body.task(id: "6", status: "ABORTED")
        )
        let run = try await harness.get("/api/nextflow/runs/r1/brave_bell")
        #expect(
            compact(run.text).contains(
                #""task_counts":{"SUBMITTED":1,"RUNNING":2,"COMPLETED":1,"ABORTED":1,"FAILED":1},"#
                    + #""progress":{"tasks":6,"queued":1,"running":2,"ended":3,"ended_pct":50.0,"#
                    + #""outcome_unknown":0}"#
            )
        )
        #expect(
            compact(run.text).contains(#""completions":{"total":3,"succeeded":1,"failed":2,"retried":0}"#)
        )
    }

    @Test func `ids and names may be anything`() async throws {
        let harness = try RouteHarness()
        let long = String(repeating: "x", count: 3000)
        for (id, name) in [("a/b?c d", "ü%2F+#"), (".", ".."), (long, long)] {
            try harness.projection.apply(Body.task(run: id, name: name))
            let path = [id, name].compactMap {
                $0.addingPercentEncoding(withAllowedCharacters: .alphanumerics)
            }
            for rest in ["", "/tasks", "/events"] {
                let answer = try await harness.get("/api/nextflow/runs/\(path.joined(separator: "/"))\(rest)")
                #expect(answer.status == 200, "\(id.prefix(10)) \(rest)")
            }
            let session = try await harness.get("/api/nextflow/runs/\(path[0])")
            #expect(try session.list("runs").count == 1)
        }
    }

    @Test func `a run id names every run of a session`() async throws {
        let harness = try RouteHarness()
        try harness.projection.apply(
            Body.started(run: "s", name: "first", at: "2026-11-20T10:00:00Z"),
            Body.started(run: "s", name: "second", at: "2026-11-20T11:00:00Z"),
            Body.started(run: "t", name: "first", at: "2026-11-20T12:00:00Z")
        )
        let answer = try await harness.get("/api/nextflow/runs/s")
        #expect(try answer.json["run_id"] as? String == "s")
        #expect(try answer.list("runs").map { $0["run_name"] as? String } == ["second", "first"])
    }

    @Test(arguments: ["r2", "r1/other", "r1/other/tasks", "r1/other/events"])
    func `that never came is 404`(path: String) async throws {
        let harness = try RouteHarness()
        try harness.projection.apply(Body.task())
        let answer = try await harness.get("/api/nextflow/runs/\(path)")
        #expect(answer.status == 404)
        #expect(answer.text.hasPrefix(#"{"detail":"No such run"#))
    }
}

@Suite struct `Tasks and events of a run` {
    private static func fill(_ harness: RouteHarness) throws {
        let tasks = (1...12).map { number in
            Body.task(
                id: "\(number)",
                process: "P\(number % 3)",
                status: number % 4 == 0 ? "FAILED" : "COMPLETED",
                attempt: "\(1 + number % 2)",
                hash: "h\(number)",
                more: #","name":"P\#(number % 3) (Sample_\#(number))""#
            )
        }
        let odd = [
            Body.task(id: #""x y""#, process: "Q"), Body.task(id: "3", process: "P0", hash: "resumed"),
        ]
        let lines = try (tasks + odd).enumerated().map { index, body in
            try ProjectionHarness.line(
                Int64(index + 1),
                body,
                at: Timestamp(iso8601: "2026-11-20T23:59:50Z")!.adding(seconds: index)
            )
        }
        try harness.projection.apply([lines])
    }

    @Test(arguments: [
        ("", ["x y", "1", "2", "3", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"]),
        ("process=P0", ["3", "3", "6", "9", "12"]),
        ("status=FAILED", ["4", "8", "12"]), ("status=FAILED&process=P1", ["4"]),
        ("attempt=2&process=P1", ["1", "7"]),
        ("name=SAMPLE_1", ["1", "10", "11", "12"]), ("name=%25", []),
        ("status=RUNNING,FAILED&attempt=1", ["4", "8", "12"]),
    ])
    func `tasks are filtered, in the order of their numbers, page by page`(query: String, ids: [String])
        async throws
    {
        let harness = try RouteHarness()
        try Self.fill(harness)
        var shown: [String] = []
        var cursor: String?
        repeat {
            let place = cursor.map { "&cursor=\($0)" } ?? ""
            let answer = try await harness.get(
                "/api/nextflow/runs/r1/brave_bell/tasks?limit=2&\(query)\(place)"
            )
            shown += try answer.list("tasks").compactMap { $0["task_id"] as? String }
            cursor = try answer.json["next_cursor"] as? String
        } while cursor != nil
        #expect(shown == ids)
    }

    @Test(arguments: [("oldest", Array(1...14)), ("newest", Array((1...14).reversed()))])
    func `events come by arrival over the days, page by page`(order: String, numbers: [Int]) async throws {
        let harness = try RouteHarness()
        try Self.fill(harness)
        var arrivals: [String] = []
        var cursor: String?
        repeat {
            let place = cursor.map { "&cursor=\($0)" } ?? ""
            let answer = try await harness.get(
                "/api/nextflow/runs/r1/brave_bell/events?limit=5&order=\(order)\(place)"
            )
            arrivals += try answer.list("events").compactMap { $0["received_at"] as? String }
            cursor = try answer.json["next_cursor"] as? String
        } while cursor != nil
        let start = Timestamp(iso8601: "2026-11-20T23:59:50Z")!
        #expect(arrivals == numbers.map { start.adding(seconds: $0 - 1).iso8601(offset: .plusZero) })
    }

    @Test(arguments: ["oldest", "newest"])
    func `a page of events ends where it has enough bytes, and its cursor leads on`(order: String)
        async throws
    {
        let harness = try RouteHarness(pageBytes: 100_000)
        // Each takes next to nothing in the table, and one is larger than a page.
        let sizes = [20_000, 20_000, 300_000, 1, 60_000, 60_000, 1]
        let events = sizes.enumerated().map { index, size in
            Body.event("note\(index)", metadata: #"{"n":"\#(String(repeating: "x", count: size))"}"#)
        }
        try harness.projection.apply([
            try events.enumerated().map { try ProjectionHarness.line(Int64($0 + 1), $1) }
        ])
        var pages: [[String]] = []
        var cursor: String?
        repeat {
            let place = cursor.map { "&cursor=\($0)" } ?? ""
            let answer = try await harness.get(
                "/api/nextflow/runs/r1/brave_bell/events?order=\(order)\(place)"
            )
            pages.append(try answer.list("events").compactMap { $0["event"] as? String })
            cursor = try answer.json["next_cursor"] as? String
        } while cursor != nil
        let oldest = [["note0", "note1", "note2"], ["note3", "note4", "note5"], ["note6"]]
        let newest = [["note6", "note5", "note4"], ["note3", "note2"], ["note1", "note0"]]
        #expect(pages == (order == "oldest" ? oldest : newest))
        // The transaction in which a page ended early is usable, and so is its connection.
        #expect(try await harness.get("/api/nextflow/runs/r1/brave_bell/tasks").status == 200)
    }

    @Test func `a page of completed tasks says as its limit how many it has when bytes end it`() async throws
    {
        let harness = try RouteHarness(pageBytes: 100_000)
        let sizes = [40_000, 40_000, 40_000, 300_000, 10, 10]
        try harness.projection.apply([
            try sizes.enumerated().map { index, size in
                let name = String(repeating: "x", count: size)
                let body = Body.task(
                    id: "\(index)",
                    hash: "ab/\(index)",
                    more: #","name":"\#(name)""#,
                    at: "2026-11-20T22:06:1\(9 - index)Z"
                )
                return try ProjectionHarness.line(Int64(index + 1), body)
            }
        ])
        var (pages, limits) = ([[Int]](), [Int]())
        var offset = 0
        while offset < sizes.count {
            let answer = try await harness.get("/metrics/processes/tasks?limit=4&offset=\(offset)")
            pages.append(try answer.list("rows").compactMap { ($0["name"] as? String)?.count })
            limits.append(try #require(try answer.json["limit"] as? Int))
            offset += limits.last ?? sizes.count
        }
        #expect(pages == [[40_000, 40_000, 40_000], [300_000], [10, 10]])
        #expect(limits == [3, 1, 4])
    }

    @Test func `events are shown as they are stored`() async throws {
        let harness = try RouteHarness()
        try harness.projection.apply(
            Body.event("note", metadata: #"{"n":12345678901234567890.5}"#, trace: #""\u0000""#),
            Body.task(),
            Body.task()
        )
        let notes = try await harness.get("/api/nextflow/runs/r1/brave_bell/events?event=note")
        #expect(
            compact(notes.text).contains(
                #""is_resend":false,"altered":true,"metadata":{"n":12345678901234567890.5},"trace":"␀"}"#
            )
        )
        let all = try await harness.get("/api/nextflow/runs/r1/brave_bell/events").list("events")
        #expect(all.map { $0["is_resend"] as? Bool } == [false, false, true])
        #expect(all.map { $0["metadata"] is NSNull } == [false, true, true])
    }
}
