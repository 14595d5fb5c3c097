import Core
import Testing

@testable import Simulator

@Suite struct `Simulated runs` {
    private func options(seed: UInt64 = 1, failures: Double = 0.1, tasks: Int = 40) throws -> SimulatorOptions
    {
        let target = try #require(SimulatorTarget("http://127.0.0.1:1/telemetry"))
        let start = try #require(Timestamp(iso8601: "2026-02-19T18:05:00Z"))
        var options = SimulatorOptions(target: target, start: start)
        options.seed = seed
        options.failureShare = failures
        options.tasksPerRun = tasks
        return options
    }

    private func bodies(_ options: SimulatorOptions, session: Int = 0) -> [[UInt8]] {
        SimulatedSession(number: session, options).runs.flatMap { run in run.events.map { run.body(of: $0) } }
    }

    private func runs(_ count: Int, failures: Double) throws -> [SimulatedRun] {
        let options = try options(failures: failures)
        return (0..<count).flatMap { SimulatedSession(number: $0, options).runs }
    }

    @Test func `are the same for the same seed, and others for another`() throws {
        #expect(try bodies(options(seed: 7)) == bodies(options(seed: 7)))
        #expect(try bodies(options(seed: 7)) != bodies(options(seed: 8)))
        #expect(try bodies(options(), session: 0) != bodies(options(), session: 1))
    }

    @Test func `speak compact JSON with the envelope of the contract`() throws {
        for body in try bodies(options()) {
            let root = try JSONDocument(body).root
            #expect(root["runId"]?.string?.count == 36)
            #expect(root["runName"]?.string?.contains("_") == true)
            let utcTime = try #require(root["utcTime"]?.string)
            #expect(utcTime.hasSuffix("Z") && utcTime.count == 20)
            let event = try #require(root["event"]?.string)
            #expect((root["metadata"] != nil) == ["started", "completed"].contains(event))
            if event.hasPrefix("process_") { #expect(root["trace"]?["task_id"]?.int64 != nil) }
        }
    }

    @Test func `without failures go from started to completed, each task in three steps`() throws {
        for run in try runs(5, failures: 0) {
            let kinds = run.events.map(\.kind)
            #expect(kinds.first == .started)
            #expect(kinds.last == .completed)
            #expect(kinds.count == 2 + 3 * run.plan.attempts.count)
            #expect(run.plan.attempts.count == 40)
            #expect(run.plan.attempts.map(\.taskID) == Array(1...40))
        }
    }

    @Test func `with failures retry under new task ids with more memory`() throws {
        let attempts = try runs(20, failures: 0.1).flatMap(\.plan.attempts)
        let second = try #require(attempts.first { $0.attempt == 2 })
        #expect(second.memory == 2 * SimulatorPipeline.processes[second.process].memory)
        #expect(attempts.contains { $0.outcome.action == "RETRY" })
    }

    @Test func `that go down kill what runs, tell an error, and end as their Nextflow does`() throws {
        let down = try runs(200, failures: 0.3).filter { $0.plan.fatal != nil && !$0.plan.isFinishing }
        #expect(Set(down.map(\.dialect)) == Set(SimulatedDialect.allCases))
        #expect(down.contains { $0.plan.attempts.contains { $0.outcome == .aborted } })
        for run in down {
            let kinds = run.events.map(\.kind)
            #expect(kinds.contains(.error(nil)))
            #expect(kinds.count { $0 == .completed } == (run.dialect == .completedTwice ? 2 : 1))
            #expect(kinds.last == (run.dialect == .errorLast ? .error(nil) : .completed))
        }
    }

    @Test func `by strategy finish tell the error with the trace of the task`() throws {
        let finishing = try runs(300, failures: 0.3).filter(\.plan.isFinishing)
        let run = try #require(finishing.first)
        let fatal = try #require(run.plan.fatal)
        #expect(run.events.contains { $0.kind == .error(fatal) })
        #expect(!run.plan.attempts.contains { $0.outcome == .aborted })
    }

    @Test func `that are resumed keep the session and skip what was finished`() throws {
        let options = try options(failures: 0.3)
        let sessions = (0..<50).map { SimulatedSession(number: $0, options) }.filter { $0.runs.count == 2 }
        #expect(!sessions.isEmpty)
        for session in sessions {
            #expect(session.runs[0].identity.sessionID == session.runs[1].identity.sessionID)
            #expect(!session.runs[0].isResumed && session.runs[1].isResumed)
            #expect(session.runs[1].plan.start > session.runs[0].plan.end)
            let cached = session.runs[1].plan.cached
            let skipped = cached.count / SimulatorPipeline.processes.count
            #expect(session.runs[0].plan.finishedSamples.count == skipped)
            #expect(cached.allSatisfy { $0.outcome == .completed && $0.complete < session.runs[0].plan.end })
        }
    }

    @Test func `leave metrics out when they are off`() throws {
        var options = try options(failures: 0)
        options.hasMetrics = false
        let texts = bodies(options).map { String(decoding: $0, as: UTF8.self) }
        #expect(!texts.contains { $0.contains("peak_rss") })
        #expect(texts.contains { $0.contains("realtime") })
    }

    @Test(arguments: [
        ("http://localhost", "localhost", "/", 80),
        ("http://h:8000/telemetry?a=b", "h:8000", "/telemetry?a=b", 8000),
        ("http://[::1]:8000/x", "[::1]:8000", "/x", 8000),
        ("http://h?a", "h", "/?a", 80),
    ])
    func `read a URL as the client does`(url: String, authority: String, path: String, port: UInt16) throws {
        let target = try #require(SimulatorTarget(url))
        #expect(target.authority == authority)
        #expect(target.path == path)
        #expect(target.port == port)
    }

    @Test(arguments: ["https://h/", "h:8000", "http://", "http://h:99999/", "http://u:p@h/", "http://h/a b"])
    func `refuse other URLs`(url: String) {
        #expect(SimulatorTarget(url) == nil)
    }
}
