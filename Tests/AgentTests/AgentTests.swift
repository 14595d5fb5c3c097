import Foundation
import Synchronization
import TestKit
import Testing

@testable import Agent

/// A whole agent at a server of texts.
@Suite struct `An agent` {
    private let folder: Folder
    private let said = Lines()

    init() throws { folder = try Folder() }

    private func agent(_ url: String, _ change: (inout AgentConfiguration) -> Void = { _ in }) throws -> Agent
    {
        var configuration = AgentConfiguration(pool: "p", workerID: "w", host: "h")
        configuration.url = String(url.dropLast())
        configuration.spoolDirectory = folder.path
        configuration.heartbeatInterval = .milliseconds(20)
        configuration.metricsInterval = .milliseconds(20)
        change(&configuration)
        return try Agent(configuration) { [said] in said.add($0) }
    }

    private static func response(_ status: String, _ body: String = #"{"status":"ok"}"#) -> String {
        "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
    }

    /// The requests of an agent, without their head fields, and how far they got.
    private final class Record: Sendable {
        // Guards the requests.
        private let requests = Mutex<[String]>([])

        func add(_ request: String) { requests.withLock { $0.append(request) } }
        var all: [String] { requests.withLock { $0 } }
        func count(_ path: String) -> Int { all.count { $0.hasPrefix(path) } }
    }

    @Test func `registers once, sends heartbeats, and says goodbye with a body`() async throws {
        let record = Record()
        let server = try StubListener(answering: { request in
            record.add(request)
            return Self.response("200 OK")
        })
        let agent = try agent(server.url) { $0.token = "s3cret" }
        await agent.run { try? await eventually { record.count("POST /api/metrics/report") >= 3 } }
        #expect(record.count("POST /api/worker/pool/register") == 1)
        #expect(record.count("POST /api/worker/pool/heartbeat") >= 3)
        #expect(record.count("GET /api/queue/size") >= 3)
        #expect(record.count("DELETE /api/worker/pool/deregister") == 1)
        let last = try #require(record.all.last)
        #expect(last.hasPrefix("DELETE") && last.hasSuffix("\r\n\r\n{\"name\":\"p\"}"))
        #expect(record.all.allSatisfy { $0.contains("\r\nAuthorization: Bearer s3cret\r\n") })
        #expect(said.all.count == 2)
        #expect(!said.all.contains { $0.contains("s3cret") })
    }

    @Test func `registers again when the server has forgotten it`() async throws {
        let record = Record()
        let server = try StubListener(answering: { request in
            record.add(request)
            let isForgotten =
                request.hasPrefix("POST /api/worker/pool/heartbeat")
                && record.count("POST /api/worker/pool/heartbeat") == 2
            return isForgotten
                ? Self.response("404 Not Found", #"{"detail":{"status":"unknown","name":"p"}}"#)
                : Self.response("200 OK")
        })
        let agent = try agent(server.url)
        await agent.run { try? await eventually { record.count("POST /api/worker/pool/heartbeat") >= 4 } }
        #expect(record.count("POST /api/worker/pool/register") == 2)
    }

    @Test(arguments: ["404 Not Found", "400 Bad Request"])
    func `registers again when a report is for nobody`(status: String) async throws {
        let record = Record()
        let server = try StubListener(answering: { request in
            record.add(request)
            let isForgotten =
                request.hasPrefix("POST /api/metrics/report")
                && record.count("POST /api/metrics/report") == 1
            return isForgotten
                ? Self.response(status, #"{"detail":"Component 'p' not found in runtime registry"}"#)
                : Self.response("200 OK")
        })
        let agent = try agent(server.url)
        await agent.run { try? await eventually { record.count("POST /api/metrics/report") >= 3 } }
        #expect(record.count("POST /api/worker/pool/register") == 2)
        #expect(folder.names.isEmpty && folder.names(in: "rejected").isEmpty)
        // The first report came twice.
        let reports = record.all.filter { $0.hasPrefix("POST /api/metrics/report") }
            .map { $0.split(separator: "\r\n\r\n").last }
        #expect(reports[0] == reports[1] && reports[1] != reports[2])
    }

    @Test func `names a server that has no such protocol, and keeps its reports`() async throws {
        let server = try StubListener(Self.response("404 Not Found", #"{"detail":"Not Found"}"#))
        let agent = try agent(server.url)
        await agent.run { [folder] in try? await eventually { folder.names.count >= 3 } }
        #expect(
            said.all.first
                == "the server at \(server.url.dropLast()) is not Weir's workers API (404); "
                + "set WEIR_URL to Weir's address; reports wait in the spool"
        )
        // Once when it began, and once when it went.
        #expect(said.all.count == 2)
    }

    @Test func `sends no metrics when it should not`() async throws {
        let record = Record()
        let server = try StubListener(answering: { request in
            record.add(request)
            return Self.response("200 OK")
        })
        let agent = try agent(server.url) { configuration in
            configuration.reportsMetrics = false
            configuration.tasks = [TaskSelection(.pid(1))]
        }
        await agent.run { try? await eventually { record.count("POST /api/worker/pool/heartbeat") >= 3 } }
        #expect(record.count("POST /api/metrics/report") == 0)
    }

    @Test func `reports what came by its socket before it stops`() async throws {
        let record = Record()
        let server = try StubListener(answering: { request in
            record.add(request)
            return Self.response("200 OK")
        })
        let path = folder.path + "/s"
        let agent = try agent(server.url) { configuration in
            configuration.socket = path
            configuration.metricsInterval = .seconds(3600)
        }
        await agent.run {
            try? await eventually { FileManager.default.fileExists(atPath: path) }
            let client = try? RawClient(.unix(path: path))
            try? client?.send("last_words 1\nwrong\n")
            // The answer to the second line says that the first one was read.
            _ = try? client?.receive()
        }
        #expect(
            record.all.contains { $0.contains(#""metric_name":"last_words""#) },
            "\(record.all) \(said.all)"
        )
    }
}
