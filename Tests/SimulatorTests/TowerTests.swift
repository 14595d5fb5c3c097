import Core
import Synchronization
import TestKit
import Testing

@testable import Simulator

@Suite struct `Simulated Tower clients` {
    private func options(failures: Double = 0.1, tasks: Int = 40) throws -> SimulatorOptions {
        let start = try #require(Timestamp(iso8601: "2026-02-19T18:05:00Z"))
        var options = SimulatorOptions(start: start)
        options.failureShare = failures
        options.tasksPerRun = tasks
        return options
    }

    private func runs(_ count: Int, failures: Double) throws -> [SimulatedRun] {
        let options = try options(failures: failures)
        return (0..<count).flatMap { SimulatedSession(number: $0, options).runs }
    }

    /// Each state of each task, as it would be told.
    private func tasks(_ run: SimulatedRun) throws -> [JSONNode] {
        try SimulatedChange.all(of: run.plan).map { change in
            var writer = JSONWriter()
            writer.object { run.task(change, into: &$0) }
            return try JSONDocument(writer.bytes).root
        }
    }

    @Test func `create, begin, tell tasks and complete, a second apart or with 100 tasks`() throws {
        for run in try runs(30, failures: 0.1) {
            let calls = run.calls(every: 1000)
            #expect(calls.prefix(2).map(\.name) == ["create", "begin"] && calls.last?.name == "complete")
            let told = calls.compactMap {
                if case .progress(let told) = $0.kind { (told, $0.at) } else { nil }
            }
            for ((_, at), (next, then)) in zip(told, told.dropFirst()) {
                #expect(then - at >= 1000 || next.count == 100 || then == run.plan.end)
            }
            for (tasks, _) in told { #expect(Set(tasks.map(\.attempt.taskID)).count == tasks.count) }
            #expect(zip(calls, calls.dropFirst()).allSatisfy { $1.at - $0.at <= 60_000 })
        }
    }

    @Test func `tell each task to its end, and count what they have told`() throws {
        for run in try runs(30, failures: 0.2) {
            let calls = run.calls(every: 1_000_000_000)
            var last: [Int: SimulatedStage] = [:]
            for case .progress(let told) in calls.map(\.kind) {
                #expect(told.count <= 100)
                for change in told { last[change.attempt.taskID] = change.stage }
            }
            let plan = run.plan
            #expect(last.count == plan.attempts.count + plan.cached.count)
            #expect(last.values.allSatisfy { $0 == .finished || $0 == .cached })
            let tally = try #require(calls.last?.tally.run)
            #expect(tally.pending == 0 && tally.submitted == 0 && tally.running == 0 && tally.loadCpus == 0)
            #expect(tally.succeeded == plan.attempts.count { $0.outcome == .completed })
            #expect(tally.cached == plan.cached.count)
        }
    }

    /// The keys of recorded sessions of 25.10.2 and 26.04.6, in their order.
    private static let asked = [
        "taskId", "status", "hash", "name", "exit", "submit", "start", "process", "tag", "module",
        "container", "attempt", "script", "scratch", "workdir", "queue", "cpus", "memory", "disk", "time",
        "env",
    ]
    private static let ended = ["errorAction", "complete", "duration", "realtime"]
    private static let measured = [
        "pcpu", "pmem", "rss", "vmem", "peakRss", "peakVmem", "rchar", "wchar", "syscr", "syscw",
        "readBytes", "writeBytes", "volCtxt", "invCtxt", "cpuModel",
    ]
    private static let machine = ["executor", "cloudZone", "machineType", "priceModel"]

    private static let keys = [
        ("NEW", []), ("SUBMITTED", ["nativeId"]), ("RUNNING", ["nativeId"]), ("ABORTED", ["nativeId"]),
        ("FAILED", ended + ["nativeId"]), ("COMPLETED", ended + measured + ["nativeId"]),
        ("CACHED", ended + measured + ["nativeId"]),
    ]

    @Test(arguments: [SimulatedDialect.completedTwice, .errorLast])
    func `have the keys that recorded clients have for a status`(dialect: SimulatedDialect) throws {
        let runs = try runs(60, failures: 0.2).filter { $0.dialect == dialect }
        let told = Dictionary(grouping: try runs.flatMap(tasks)) { $0["status"]?.string ?? "" }
        let isNew = dialect == .errorLast
        let gpus = isNew ? ["accelerator", "acceleratorType"] : []
        let new = isNew ? ["numSpotInterruptions", "logStreamId", "resourceAllocation", "gpuMetrics"] : []
        for (status, keys) in Self.keys {
            // One that the executor refused has no native id.
            let tasks = (told[status] ?? []).filter { status != "FAILED" || $0["nativeId"] != nil }
            let expected = Self.asked + gpus + keys + Self.machine + new
            #expect(Set(tasks.map { $0.members.compactMap(\.key.string) }) == [expected], "\(status)")
        }
    }

    @Test func `resume with the tasks of the earlier run, on no executor`() throws {
        let session = try #require(
            try (0..<60).map { SimulatedSession(number: $0, try options(failures: 0.3)) }
                .first { $0.runs.count == 2 && !$0.runs[1].plan.cached.isEmpty }
        )
        let cached = try tasks(session.runs[1]).filter { $0["status"]?.string == "CACHED" }
        let earlier = try tasks(session.runs[0]).filter { $0["status"]?.string == "COMPLETED" }
        let first = try #require(cached.first)
        let same = try #require(earlier.first { $0["hash"]?.string == first["hash"]?.string })
        #expect(first["complete"]?.string == same["complete"]?.string)
        #expect(first["peakRss"]?.int64 == same["peakRss"]?.int64)
        #expect(first["executor"]?.isNull == true && same["executor"]?.string != nil)
    }

    @Test func `complete twice where something was killed, and count it the second time`() throws {
        let down = try runs(100, failures: 0.3).filter {
            $0.dialect == .completedTwice && $0.plan.attempts.contains { $0.outcome == .aborted }
        }
        let run = try #require(down.first)
        let ends = try run.calls(every: 1000).suffix(2).map {
            try JSONDocument(run.body(of: $0, workflowID: "id")).root
        }
        let counts = ends.map { end in
            ["runningCount", "abortedCount"].map { end["workflow"]?["stats"]?[$0]?.int64 ?? -1 }
        }
        #expect(counts[0][0] > 0 && counts == [[counts[0][0], 0], [0, counts[0][0]]])
        #expect(ends[0]["workflow"]?["complete"]?.string == ends[1]["workflow"]?["complete"]?.string)
        #expect(ends[0]["workflow"]?["id"]?.string == "id")
    }

    @Test(arguments: [
        (1_771_524_307_622, 0, "2026-02-19T18:05:07.622Z"), (1_771_524_315_000, 0, "2026-02-19T18:05:15Z"),
        (1_771_524_307_022, 330, "2026-02-19T23:35:07.022+05:30"), (0, 0, nil),
    ])
    func `write dates as the client does`(milliseconds: Int64, zone: Int, text: String?) {
        #expect(TowerDate.task(milliseconds, zone) == text)
    }

    @Test func `tell quartiles between their neighbours`() throws {
        let run = try #require(try runs(1, failures: 0).first)
        let call = try #require(run.calls(every: 1000).last)
        let metrics = try JSONDocument(run.body(of: call, workflowID: "id")).root["metrics"]
        let process = try #require(metrics.flatMap { Array($0.elements).first })
        #expect(process["process"]?.string == "FASTQC")
        let times = run.plan.attempts.filter { $0.process == 0 }.map { Double($0.realtime) }.sorted()
        // Eight tasks: the first quartile is at 1.75.
        #expect(times.count == 8)
        #expect(process["time"]?["q1"]?.double == times[1] + (times[2] - times[1]) * 0.75)
        #expect(process["time"]?["max"]?.double == times[7])
    }

    /// Runs one run against a server that answers the n-th request with a status.
    private func report(_ answer: @escaping @Sendable (Int) -> String) async throws -> (
        SimulatorReport, [String]
    ) {
        let requests = Received()
        let server = try StubListener(keepsConnections: true) { request in
            let body = #"{"workflowId":"abcdefgh"}"#
            return "HTTP/1.1 \(answer(requests.add(request)))\r\nContent-Length: \(body.count)\r\n\r\n\(body)"
        }
        var options = try options(failures: 0, tasks: 1)
        options.sessions = 1
        options.tower = SimulatorTarget(server.url + "tower/", token: "t")
        options.retryDelay = .milliseconds(1)
        // A client that makes `create` again.
        options.seed = try #require(
            (1...99).first { seed in
                options.seed = seed
                return SimulatedSession(number: 0, options).runs[0].dialect == .errorLast
            }
        )
        return (await Simulator(options).run(), requests.all)
    }

    @Test func `call again what was not taken, with the same body, below the id that create answered`()
        async throws
    {
        let (report, requests) = try await report { [0, 3].contains($0) ? "503 Busy" : "200 OK" }
        #expect(report.isClean && report.resent == 2 && report.ended == 0 && report.tasks >= 1)
        try #require(requests.count > 4)
        #expect(requests[0] == requests[1] && requests[3] == requests[4])
        #expect(requests[0].hasPrefix("POST /tower/trace/create HTTP/1.1\r\n"))
        #expect(requests[0].contains("\r\nAuthorization: Basic QHRva2VuOnQ=\r\n"))
        #expect(requests[2].hasPrefix("PUT /tower/trace/abcdefgh/begin HTTP/1.1\r\n"))
        #expect(requests.last?.hasPrefix("PUT /tower/trace/abcdefgh/complete HTTP/1.1\r\n") == true)
    }

    @Test func `end the run when a call of tasks is refused, without complete`() async throws {
        let (report, requests) = try await report { $0 == 2 ? "400 No" : "200 OK" }
        #expect(report.refused == [400: 1] && report.ended == 1 && requests.count == 3)
    }
}

/// The requests that a stub has received. Any thread.
private final class Received: Sendable {
    private let texts = Mutex<[String]>([])
    var all: [String] { texts.withLock { $0 } }

    /// Keeps one, and returns how many came before it.
    func add(_ text: String) -> Int {
        texts.withLock {
            $0.append(text)
            return $0.count - 1
        }
    }
}
