import Core
import Testing

@testable import Import

@Suite struct `Sending runs` {
    private func folder(_ agents: [String?]) throws -> Folder {
        let folder = try Folder()
        let lines = agents.enumerated().map { index, agent in
            #"{"event_id":"e\#(index)","run_id":"r","job_type":"j","agent_name":"#
                + (agent.map { #""\#($0)""# } ?? "null") + "}"
        }
        try folder.write("runs.ndjson", lines.joined(separator: "\n"))
        return folder
    }

    @Test func `takes out what the server cannot read, and sends the rest`() throws {
        let folder = try folder(["a", nil, "a", nil, "a"])
        let server = StubServer()
        let summary = folder.importing(into: server)
        #expect(Set(server.runs.keys) == ["e0", "e2", "e4"])
        #expect(server.requests.count == 2)
        #expect(summary.runs.reasons == ["e1: agent_name: Field required", "e3: agent_name: Field required"])
        #expect(summary.exitCode == 1)
        #expect(folder.importing(into: StubServer()) { $0.agentName = "import" }.exitCode == 0)
    }

    @Test(arguments: [400, 413, 422, 500])
    func `finds by halves the one that is refused without a place`(status: Int) throws {
        let folder = try folder(["a", "a", "a", "bad", "a", "a", "a"])
        let server = StubServer()
        server.interfere = { request in
            let isBad = try request.root.elements.contains { $0["agent_name"]?.string == "bad" }
            return isBad ? StubServer.answer(status, #"{"detail":"no"}"#) : nil
        }
        let summary = folder.importing(into: server)
        #expect(summary.runs.created == 6 && summary.runs.reasons == ["e3: no (status \(status))"])
    }

    @Test func `waits as long as the server asks, and then goes on`() throws {
        let folder = try folder(["a", "a"])
        let server = StubServer()
        var answers = [
            StubServer.answer(503, retryAfter: 7), StubServer.answer(429, retryAfter: 3600),
            StubServer.answer(502),
        ]
        server.interfere = { _ in answers.isEmpty ? nil : answers.removeFirst() }
        let summary = folder.importing(into: server)
        #expect(summary.runs.created == 2 && summary.exitCode == 0)
        #expect(server.waits == [7, 60, 4])
    }

    @Test func `waits for a server that restarts, and gives up in the end`() throws {
        let folder = try folder(["a", "a"])
        let server = StubServer()
        server.interfere = { [unowned server] _ in
            if server.requests.count > 1 { throw TransportFailure("no answer from h: cannot connect") }
            return nil
        }
        let summary = folder.importing(into: server) { $0.batchSize = 1 }
        #expect(summary.failure == .noAnswer("no answer from h: cannot connect"))
        #expect((PatientPoster.patience...PatientPoster.patience + 60).contains(server.waits.reduce(0, +)))
        #expect(summary.runs.created == 1 && summary.exitCode == 1)
    }

    @Test func `ends at once where nobody is`() throws {
        let folder = try folder(["a"])
        let server = StubServer()
        server.interfere = { _ in throw TransportFailure("no answer from h: cannot connect") }
        let summary = folder.importing(into: server)
        #expect(
            summary.failure?.description
                == "no answer from h: cannot connect; is Weir running there? --url names another address"
        )
        #expect(summary.exitCode == 1 && server.waits.isEmpty)
    }

    @Test(arguments: [
        (401, SendingFailure.refusedCredentials(status: 401)),
        (403, .refusedCredentials(status: 403)),
        (404, .noSuchRoute(path: "/api/v1/runs/batch", status: 404)),
        (200, .strangeAnswer(path: "/api/v1/runs/batch", status: 200)),
    ])
    func `ends at an answer that every run would get`(status: Int, failure: SendingFailure) throws {
        let folder = try folder(["a", "a", "a"])
        let server = StubServer()
        server.interfere = { _ in StubServer.answer(status, "<html>") }
        let summary = folder.importing(into: server) { $0.batchSize = 1 }
        #expect(summary.failure == failure && server.requests.count == 1 && summary.exitCode == 1)
    }

    @Test func `keeps a request below some megabytes`() throws {
        let folder = try Folder()
        let text = String(repeating: "x", count: 1 << 20)
        let lines = (0..<10).map {
            #"{"event_id":"e\#($0)","run_id":"r","agent_name":"a","error_details":"\#(text)"}"#
        }
        try folder.write("runs.ndjson", lines.joined(separator: "\n"))
        let server = StubServer()
        #expect(folder.importing(into: server).runs.created == 10)
        #expect(server.requests.map(\.body.count).allSatisfy { $0 < 6 << 20 })
    }

    @Test func `keeps the first reasons in one line each`() throws {
        let folder = try folder(Array(repeating: "bad\\n", count: 30))
        let server = StubServer()
        server.interfere = { _ in StubServer.answer(400, #"{"detail":"two\nlines"}"#) }
        let summary = folder.importing(into: server)
        #expect(summary.runs.refused == 30 && summary.runs.reasons.count == 10)
        #expect(summary.runs.reasons[0] == "e0: two lines (status 400)")
    }
}
