import Core
import Foundation
import Ingest
import Journal
import TestKit
import Testing

@testable import Nextflow

@Suite("Who reads with Tower's API", .serialized)
struct TowerReadingTests {
    /// Recorded runs of real clients, in one database.
    private static let weir = Result {
        let projection = try ProjectionHarness()
        for name in [
            "26.04.6_retry", "25.10.2_both", "26.04.6_many300", "23.10.4_success", "25.10.2_workspace_jwt",
        ] {
            let capture = try TowerCapture(name)
            try projection.apply([try capture.weblogLines()].filter { !$0.isEmpty })
            try projection.applyTower(capture.towerLines().map { [$0] })
        }
        // The calls of one run come in the wrong order, the last one first.
        let late = try TowerCapture("25.10.2_retry").towerLines()
        let arrivals = zip(late, late.reversed()).map { first, last in
            JournalLine(seq: last.seq, at: first.at, kind: last.kind, body: Array(last.body))
        }
        try projection.applyTower(arrivals.map { [$0] })
        // Of one run the weblog alone has told, of another one the calls are no longer kept.
        try projection.apply([try TowerCapture("23.10.4_both").weblogLines()])
        let aged = try #require(try TowerCapture("23.10.4_success").workflowID)
        try projection.execute("DELETE FROM tower_call WHERE workflow_id = '\(aged)'")
        return try RouteHarness(over: projection)
    }

    private static func get(_ target: String) async throws -> [String: Any] {
        let answer = try await weir.get().get("/tower" + target)
        #expect(answer.status == 200, "\(target): \(answer.text)")
        return try answer.json
    }

    private static func list(_ target: String, _ name: String) async throws -> [[String: Any]] {
        try #require(try await get(target)[name] as? [[String: Any]])
    }

    /// The ids of the runs above.
    private static func id(_ name: String) throws -> String {
        try #require(try TowerCapture(name).workflowID)
    }

    @Test(
        "finds each member of each task as the client had sent it last",
        arguments: ["26.04.6_retry", "25.10.2_both", "26.04.6_many300", "25.10.2_retry"]
    )
    func tasks(name: String) async throws {
        let told = try Told(name)
        let id = try Self.id(name)
        var shown: [String: [String: Any]] = [:]
        var offset = 0
        while true {
            let page = try await Self.get("/workflow/\(id)/tasks?max=70&offset=\(offset)")
            let tasks = try #require(page["tasks"] as? [[String: Any]])
            #expect(page["total"] as? Int == told.tasks.count)
            for task in tasks.compactMap({ $0["task"] as? [String: Any] }) {
                let number = "\(task["taskId"] ?? "")"
                #expect(shown.updateValue(task, forKey: number) == nil, "task \(number) is on two pages")
            }
            offset += 70
            if tasks.count < 70 { break }
        }
        #expect(Set(shown.keys) == Set(told.tasks.keys))
        for (number, sent) in told.tasks {
            let task = try #require(shown[number])
            for (member, value) in sent where !(value is NSNull) {
                #expect(equal(task[member], value), "task \(number), \(member)")
            }
            for member in sent.keys { #expect(task[member] != nil, "task \(number) lacks \(member)") }
        }
        let one = try #require(told.tasks.keys.sorted().last)
        let alone = try await Self.get("/workflow/\(id)/task/\(one)?workspaceId=7")["task"]
        #expect(equal(alone, shown[one]))
    }

    @Test("finds the tasks that the weblog told, and those whose calls are gone, under the same names")
    func columns() async throws {
        for (name, members) in [
            (
                "23.10.4_both",
                ["taskId", "hash", "name", "process", "status", "exit", "attempt", "cpus", "memory"]
            ),
            (
                "23.10.4_success",
                ["taskId", "hash", "tag", "status", "exit", "realtime", "rchar", "workdir", "executor"]
            ),
        ] {
            let told = try Told(name)
            let shown = try await Self.list("/workflow/\(Self.id(name))/tasks", "tasks")
            #expect(shown.count == told.tasks.count)
            for task in shown.compactMap({ $0["task"] as? [String: Any] }) {
                let sent = try #require(told.tasks["\(task["taskId"] ?? "")"])
                for member in members { #expect(equal(task[member], sent[member]), "\(name): \(member)") }
                #expect((task["submit"] as? String)?.hasSuffix("Z") == true)
            }
        }
    }

    @Test(
        "finds the workflow, its counts and quartiles as they were sent last",
        arguments: ["26.04.6_retry", "25.10.2_both", "26.04.6_many300"]
    )
    func workflow(name: String) async throws {
        let told = try Told(name)
        let id = try Self.id(name)
        let answer = try await Self.get("/workflow/\(id)?attributes=labels")
        let workflow = try #require(answer["workflow"] as? [String: Any])
        #expect(workflow["id"] as? String == id)
        #expect(workflow["status"] as? String == "SUCCEEDED")
        // The id of the server that was there; a clock with more digits than PostgreSQL has.
        for (member, value) in told.workflow where !["id", "start", "complete"].contains(member) {
            #expect(equal(workflow[member], value), "\(member)")
        }
        let start = try #require(told.workflow["start"] as? String)
        #expect(try #require(workflow["start"] as? String).hasPrefix(start.prefix(26)))

        let progress = try #require(answer["progress"] as? [String: Any])
        let counts = try #require(progress["workflowProgress"] as? [String: Any])
        for (member, value) in told.progress where member != "processes" {
            #expect(equal(counts[member], value), "\(member)")
        }
        let processes = try #require(progress["processesProgress"] as? [[String: Any]])
        let sent = try #require(told.progress["processes"] as? [[String: Any]])
        #expect(processes.count == sent.count)
        for (process, sent) in zip(processes, sent) {
            for (member, value) in sent { #expect(equal(process[member], value), "\(member)") }
            #expect(equal(process["process"], sent["name"]))
        }
        #expect(equal(try await Self.get("/workflow/\(id)/progress")["progress"], progress))
        #expect(equal(try await Self.get("/workflow/\(id)/metrics")["metrics"], told.metrics))
    }

    @Test("finds a run that only the weblog told, its counts from its tasks")
    func weblog() async throws {
        let id = try Self.id("23.10.4_both")
        let told = try Told("23.10.4_both")
        let answer = try await Self.get("/workflow/\(id)")
        let workflow = try #require(answer["workflow"] as? [String: Any])
        for member in ["runName", "sessionId", "commandLine", "projectName", "success", "workDir", "params"] {
            #expect(equal(workflow[member], told.workflow[member]), "\(member)")
        }
        let progress = try #require(answer["progress"] as? [String: Any])
        let counts = try #require(progress["workflowProgress"] as? [String: Any])
        for member in ["pending", "running", "succeeded", "failed", "ignored", "retries", "aborted"] {
            #expect(equal(counts[member], told.progress[member]), "\(member)")
        }
        #expect(equal(try await Self.get("/workflow/\(id)/metrics"), ["metrics": [Any]()]))
    }

    @Test(
        "sorts and searches tasks",
        arguments: [
            ("sortBy=taskId&sortDir=desc&max=3", ["21", "20", "19"]),
            ("sortBy=process&sortDir=desc&max=1", ["21"]),
            ("search=align&max=2", ["1", "2"]), ("search=*REPORT%20(1)", ["17"]),
            ("search=failed&max=1", ["3"]),
            ("search=_", []), ("offset=100000", []), ("search=*", nil),
        ]
    )
    func search(query: String, numbers: [String]?) async throws {
        let tasks = try await Self.list("/workflow/\(Self.id("25.10.2_both"))/tasks?\(query)", "tasks")
        let shown = tasks.map { "\(($0["task"] as? [String: Any])?["taskId"] ?? "")" }
        if let numbers { #expect(shown == numbers) } else { #expect(shown.count > 15) }
    }

    @Test("lists runs, the newest first, by parts of their names and by their workspaces")
    func runs() async throws {
        let all = try await Self.get("/workflow?workspaceId=")
        #expect(all["totalSize"] as? Int == 7)
        #expect(all["hasMore"] as? Bool == false)
        func names(_ query: String) async throws -> [String] {
            try await Self.list("/workflow?\(query)", "workflows").compactMap {
                ($0["workflow"] as? [String: Any])?["runName"] as? String
            }
        }
        let ordered = try await names("")
        #expect(ordered.first == "happy_snyder")
        #expect(try await names("max=2&offset=1") == Array(ordered[1...2]))
        #expect(try await names("search=MIGHTY_L") == ["mighty_lamarck"])
        #expect(try await names("search=*_lam*k") == ["mighty_lamarck"])
        #expect(try await names("search=retry.n").count == 2)
        #expect(try await names("search=lamarck").isEmpty)
        let page = try await Self.get("/workflow?max=2&offset=2&includeTotalSize=false")
        #expect(page["totalSize"] is NSNull)
        #expect(page["hasMore"] as? Bool == true)
        #expect(try await names("workspaceId=42") == ["shrivelled_kalam"])
        #expect(try await names("workspaceId=43").isEmpty)
    }

    @Test(
        "is told what is wrong",
        arguments: [
            ("/workflow/abc", 404, "No such workflow: nothing of a run with the id abc has arrived."),
            (
                "/workflow/0000000000000000/tasks", 404,
                "No such workflow: nothing of a run with the id 0000000000000000 has arrived."
            ),
            (
                "/workflow/zzzzzzzzzzzzzzzz/metrics", 404,
                "No such workflow: nothing of a run with the id zzzzzzzzzzzzzzzz has arrived."
            ),
            (
                "/workflow?workspaceId=mine", 400,
                "workspaceId: Input should be a valid integer, unable to parse string as an integer"
            ),
            ("/workflow?max=101", 400, "max: Input should be less than or equal to 100"),
            (
                "/workflow/abc/tasks?sortDir=up", 400,
                "sortDir: Input should be 'asc', 'desc', 'ASC' or 'DESC'"
            ),
        ]
    )
    func refusals(target: String, status: Int, message: String) async throws {
        for prefix in ["/tower", ""] {
            let answer = try await Self.weir.get().get(prefix + target)
            #expect(answer.status == status)
            #expect(try answer.json["message"] as? String == message)
        }
    }

    @Test("is told that a run lacks a task")
    func noTask() async throws {
        let answer = try await Self.weir.get().get("/tower/workflow/\(Self.id("25.10.2_both"))/task/77")
        #expect(answer.status == 404)
        #expect(
            answer.text
                == #"{"message":"No such task: nothing with the id 77 has arrived of this workflow."}"#
        )
    }
}

/// What a client sent of a run, by its last word.
private struct Told {
    var tasks: [String: [String: Any]] = [:]
    var workflow: [String: Any] = [:]
    var progress: [String: Any] = [:]
    var metrics: Any?

    init(_ name: String) throws {
        for request in try TowerCapture(name).requests where request.path.hasPrefix("/trace/") {
            let read = try JSONSerialization.jsonObject(with: Data(request.body))
            let body = try #require(read as? [String: Any])
            for task in body["tasks"] as? [[String: Any]] ?? [] { tasks["\(task["taskId"] ?? "")"] = task }
            if let told = body["progress"] as? [String: Any] { progress = told }
            if let told = body["workflow"] as? [String: Any] { workflow = told }
            if let told = body["metrics"] { metrics = told }
        }
    }
}

private func equal(_ left: Any?, _ right: Any?) -> Bool { (left as? NSObject) == (right as? NSObject) }
