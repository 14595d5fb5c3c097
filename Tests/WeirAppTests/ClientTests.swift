import Core
import Foundation
import HTTPServer
import Postgres
import TestKit
import Testing

@testable import WeirApp
@testable import WeirClient

/// The client library beside a real Weir, and without one.
@Suite("The client library", .serialized)
struct ClientTests {
    private func configuration(_ weir: EmbeddedServer?, _ directory: String) throws -> ClientConfiguration {
        let port = weir?.server.addresses.first { $0.profile == "runs" }?.port ?? 9
        var configuration = ClientConfiguration(
            url: "http://127.0.0.1:\(port)/",
            bufferDirectory: "\(directory)/buffer"
        )
        configuration.eventDirectory = "\(directory)/raw"
        configuration.retryPause = .milliseconds(10)
        configuration.host = "here"
        return configuration
    }

    private func files(_ directory: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).filter {
            !$0.hasPrefix(".")
        }.sorted()
    }

    private func run(_ weir: EmbeddedServer, _ eventID: String) throws -> JSONNode {
        try JSONDocument(try weir.client(profile: "runs").get("/api/v1/runs/\(eventID)").body).root
    }

    @Test("a closure is a run: its result goes on, and so does its error")
    func closure() async throws {
        struct Trouble: Error, CustomStringConvertible { let description = "no disk" }
        let weir = try await EmbeddedServer.start()
        let directory = EmbeddedServer.newDirectory()
        let client = WeirClient(try configuration(weir, directory))
        var ids: [String] = []
        let value = await client.trackRun(agent: "a", job: "j") { run in
            run.setItems(succeeded: 5, failed: 1)
            run.setMetric("pages", 310)
            run.setContext("file", "x")
            await run.logEvent("checkpoint", payload: #"{"at":1}"#)
            ids.append(run.eventID)
            return 42
        }
        #expect(value == 42)
        await #expect(throws: Trouble.self) {
            try await client.trackRun(agent: "a", job: "j") { run in
                ids.append(run.eventID)
                throw Trouble()
            }
        }
        let good = try run(weir, ids[0])
        #expect(good["status"]?.string == "success" && good["items_succeeded"]?.int64 == 5)
        #expect(good["metrics_json"]?["pages"]?.int64 == 310 && good["host"]?.string == "here")
        #expect(good["end_time"]?.string?.hasSuffix("+00:00") == true)
        let bad = try run(weir, ids[1])
        #expect(bad["status"]?.string == "failure" && bad["error_summary"]?.string == "Trouble: no disk")
        let day = try #require(files("\(directory)/raw").first)
        let lines = try String(contentsOfFile: "\(directory)/raw/\(day)", encoding: .utf8).split(
            separator: "\n"
        )
        let kinds = try lines.map { try JSONDocument(Array($0.utf8)).root["record_type"]?.string }
        #expect(kinds == ["run", "event", "run", "run", "run"])
        #expect(files("\(directory)/buffer").isEmpty)
        await weir.stop()
    }

    @Test("without a server records wait, and a replay brings them in whole; a second one changes nothing")
    func buffered() async throws {
        let directory = EmbeddedServer.newDirectory()
        let away = WeirClient(try configuration(nil, directory))
        let run = await away.startRun(agent: "a", job: "j")
        await run.end(.partial, outputSummary: "half")
        #expect(await away.replay() == ReplayReport(sent: 0, rejected: 0, obstacle: .unavailable))
        let weir = try await EmbeddedServer.start()
        let client = WeirClient(try configuration(weir, directory))
        #expect(await client.replay() == ReplayReport(sent: 2, rejected: 0))
        #expect(await client.replay() == ReplayReport())
        let stored = try self.run(weir, run.eventID)
        #expect(stored["status"]?.string == "partial" && stored["output_summary"]?.string == "half")
        #expect(files("\(directory)/buffer").allSatisfy { $0.hasSuffix(".jsonl.synced") })
        await weir.stop()
    }

    @Test("what waits is sent by itself when Weir takes the next run")
    func replayedByItself() async throws {
        let directory = EmbeddedServer.newDirectory()
        let run = await WeirClient(try configuration(nil, directory)).startRun(agent: "early", job: "j")
        await run.end(.success)
        let weir = try await EmbeddedServer.start()
        let client = WeirClient(try configuration(weir, directory))
        await client.startRun(agent: "late", job: "j").end(.success)
        let deadline = ContinuousClock.now + .seconds(30)
        while try self.run(weir, run.eventID)["status"]?.string != "success", ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(try self.run(weir, run.eventID)["status"]?.string == "success")
        await weir.stop()
    }

    @Test("a record that Weir refuses for good does not hold up its neighbours")
    func rejected() async throws {
        let weir = try await EmbeddedServer.start()
        let directory = EmbeddedServer.newDirectory()
        try FileManager.default.createDirectory(
            atPath: "\(directory)/buffer",
            withIntermediateDirectories: true
        )
        let good = #","run_id":"r","start_time":"x","agent_name":"a","job_type":"j"}"#
        let lines = [
            #"{"event_id":"good-1""# + good, #"{"event_id":"unreadable","run_id":5}"#, "not JSON", "{}",
            #"{"event_id":"odd","status":"done""# + good, #"{"event_id":"good-2""# + good,
        ]
        try lines.joined(separator: "\n").write(
            toFile: "\(directory)/buffer/telemetry_20260101_000000.jsonl.ready",
            atomically: true,
            encoding: .utf8
        )
        let client = WeirClient(try configuration(weir, directory))
        #expect(await client.replay() == ReplayReport(sent: 2, rejected: 2))
        #expect(try run(weir, "good-2")["status"]?.string == "running")
        let path = "\(directory)/buffer/telemetry_20260101_000000.jsonl.rejected"
        #expect(try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").count == 2)
        await weir.stop()
    }

    @Test("the variables of the original client configure this one, too")
    func environment() {
        let configuration = ClientConfiguration.fromEnvironment([
            "METRICS_API_URL": "http://old:1/", "TELEMETRY_NDJSON_DIR": "/x", "AGENT_OWNER": "me",
            "GOOGLE_SHEETS_API_ENABLED": "Yes", "GOOGLE_SHEETS_API_URL": "https://sheet", "WEIR_TOKEN": "t",
        ])
        #expect(configuration.url == "http://old:1" && configuration.eventDirectory == "/x")
        #expect(configuration.agentOwner == "me" && configuration.externalPost?.url == "https://sheet")
        #expect(configuration.token == "t" && configuration.externalPost?.token == nil)
        let closed = ClientConfiguration.fromEnvironment([
            "GOOGLE_SHEETS_API_ENABLED": "1", "GOOGLE_SHEETS_API_URL": "https://sheet",
            "METRICS_API_AUTH_REQUIRED": "1",
        ])
        #expect(closed.externalPost == nil)
    }

    @Test("a server that hangs, or is not Weir, holds nobody up: the records wait")
    func hanging() async throws {
        for answer in [nil, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"] {
            let other = try StubListener(answer)
            let directory = EmbeddedServer.newDirectory()
            var configuration = try configuration(nil, directory)
            configuration.url = String(other.url.dropLast())
            configuration.externalPost = .init(url: other.url)
            configuration.patience = .milliseconds(200)
            let run = await WeirClient(configuration).startRun(agent: "a", job: "j")
            #expect(await run.end(.success) == false)
            let file = try #require(files("\(directory)/buffer").first)
            let kept = try String(contentsOfFile: "\(directory)/buffer/\(file)", encoding: .utf8)
            #expect(kept.split(separator: "\n").count == 2)
        }
    }

    @Test(
        "a run whose server comes back before its end is told whole, with the commit that it made meanwhile"
    )
    func comeback() async throws {
        let directory = EmbeddedServer.newDirectory()
        let away = try configuration(nil, directory)
        let weir = try await EmbeddedServer.start(listen: "127.0.0.1:0,runs@127.0.0.1:0")
        let here = try configuration(weir, directory)
        let early = await WeirClient(away).startRun(agent: "a", job: "j")
        #expect(await early.associateCommit("3f2a9bc1d0", source: "ci", author: "me") == false)
        #expect(await early.end(.success, errorSummary: "a\0b") == false)
        #expect(await WeirClient(here).replay() == ReplayReport(sent: 2))
        let stored = try run(weir, early.eventID)
        #expect(stored["status"]?.string == "success" && stored["error_summary"]?.string == "ab")
        #expect(
            stored["git_commit_hash"]?.string == "3f2a9bc1d0" && stored["git_commit_source"]?.string == "ci"
        )
        let late = await WeirClient(here).startRun(agent: "a", job: "j")
        #expect(await late.associateCommit("3f2a9bc1d1", source: "ci"))
        #expect(await late.end(.success))
        #expect(try run(weir, late.eventID)["git_commit_hash"]?.string == "3f2a9bc1d1")
        await weir.stop()
    }

    @Test("a run whose server goes away in its middle, and comes back after its end, is whole")
    func offline() async throws {
        let database = try TemporaryDatabase.make()
        let directory = EmbeddedServer.newDirectory()
        let before = try await EmbeddedServer.start(databaseURL: database.target.unmaskedURL)
        let client = WeirClient(try configuration(before, directory))
        let run = await client.startRun(agent: "a", job: "j")
        #expect(try self.run(before, run.eventID)["status"]?.string == "running")
        await before.stop()
        run.setItems(succeeded: 3)
        #expect(await run.end(.partial, outputSummary: "half") == false)
        let after = try await EmbeddedServer.start(databaseURL: database.target.unmaskedURL)
        #expect(await WeirClient(try configuration(after, directory)).replay() == ReplayReport(sent: 1))
        let stored = try self.run(after, run.eventID)
        #expect(stored["status"]?.string == "partial" && stored["items_succeeded"]?.int64 == 3)
        #expect(stored["output_summary"]?.string == "half" && stored["end_time"]?.isNull == false)
        await after.stop()
    }

    @Test("a cancelled program still tells how its run ended")
    func cancelled() async throws {
        let weir = try await EmbeddedServer.start()
        let client = WeirClient(try configuration(weir, EmbeddedServer.newDirectory()))
        let program = Task {
            var eventID = ""
            _ = try? await client.trackRun(agent: "a", job: "j") { run in
                eventID = run.eventID
                withUnsafeCurrentTask { $0?.cancel() }
                try Task.checkCancellation()
            }
            return eventID
        }
        #expect(try run(weir, await program.value)["status"]?.string == "cancelled")
        await weir.stop()
    }

    @Test("names of runs are made fit, and never used twice at a time")
    func names() async throws {
        let directory = EmbeddedServer.newDirectory()
        var configuration = try configuration(nil, directory)
        configuration.attempts = 1
        let client = WeirClient(configuration)
        func start(_ name: String) async -> TrackedRun {
            var details = RunDetails()
            details.runID = name
            return await client.startRun(agent: "a", job: "j", details: details)
        }
        for bad in [" ", "", "a/b", "a\\b", "a\0b", String(repeating: "x", count: 256)] {
            #expect(await start(bad).runID.contains("Z-a-"), "\(bad)")
        }
        let first = await start("nightly")
        #expect(first.runID == "nightly")
        let second = await start("nightly")
        #expect(second.runID.hasPrefix("nightly-duplicate-") && second.runID.utf8.count == 26)
        await first.end(.success)
        #expect(await start("nightly").runID == "nightly")
    }

    @Test("a record that is too large for Weir does not hold up its neighbours")
    func tooLarge() async throws {
        let weir = try await EmbeddedServer.start { $0.maxBody = 20_000 }
        let directory = EmbeddedServer.newDirectory()
        var away = try configuration(nil, directory)
        away.attempts = 1
        let client = WeirClient(away)
        var ids: [String] = []
        for size in [10, 30_000, 10] {
            let run = await client.startRun(agent: "a", job: "j")
            await run.end(.success, outputSummary: String(repeating: "x", count: size))
            ids.append(run.eventID)
        }
        #expect(
            await WeirClient(try configuration(weir, directory)).replay()
                == ReplayReport(sent: 5, rejected: 1)
        )
        #expect(try run(weir, ids[2])["status"]?.string == "success")
        #expect(try run(weir, ids[1])["status"]?.string == "running")
        await weir.stop()
    }

    @Test("two replays of one buffer do not get in each other's way, and the second one says so")
    func twoReplays() async throws {
        let directory = EmbeddedServer.newDirectory()
        let client = WeirClient(try configuration(nil, directory))
        #expect(await client.replay() == ReplayReport())
        await client.startRun(agent: "a", job: "j").end(.success)
        let lock = open("\(directory)/buffer/.replay.lock", O_WRONLY | O_CREAT, 0o600)
        #expect(flock(lock, LOCK_EX) == 0)
        #expect(await client.replay() == ReplayReport(obstacle: .anotherReplay))
        close(lock)
        #expect(await client.replay() == ReplayReport(obstacle: .unavailable))
    }

    @Test("the file of events is written as Python writes JSON")
    func pythonText() async throws {
        let compact = #"{"a":[1,2],"b":"x,\"y\":\\","c":"é😀","d":null}"#
        let spelled = #"{"a": [1, 2], "b": "x,\"y\":\\", "c": "\u00e9\ud83d\ude00", "d": null}"#
        #expect(String(decoding: PythonText.json(Array(compact.utf8)), as: UTF8.self) == spelled)
    }
}
