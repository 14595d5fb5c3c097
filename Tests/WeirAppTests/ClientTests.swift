import Core
import Foundation
import HTTPServer
import TestKit
import Testing

@testable import WeirApp
@testable import WeirClient

/// The client library beside a real Weir, and without one.
@Suite("The client library", .serialized)
struct ClientTests {
    private func configuration(_ weir: EmbeddedServer?, _ directory: String) throws -> ClientConfiguration {
        let port = weir?.server.addresses.first { $0.face == "runs" }?.port ?? 9
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
        try JSONDocument(try weir.client(face: "runs").get("/api/v1/runs/\(eventID)").body).root
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
        #expect(await away.replay() == ReplayReport(sent: 0, rejected: 0, isComplete: false))
        let weir = try await EmbeddedServer.start()
        let client = WeirClient(try configuration(weir, directory))
        #expect(await client.replay() == ReplayReport(sent: 2, rejected: 0, isComplete: true))
        #expect(await client.replay() == ReplayReport(sent: 0, rejected: 0, isComplete: true))
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
        #expect(await client.replay() == ReplayReport(sent: 2, rejected: 2, isComplete: true))
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
    }
}
