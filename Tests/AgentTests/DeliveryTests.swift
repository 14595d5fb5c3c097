import TestKit
import Testing

@testable import Agent

/// What an agent does with the server's responses.
@Suite struct `Delivery of reports` {
    private let folder: Folder
    private let said = Lines()

    init() throws { folder = try Folder() }

    private func delivery(_ url: String) throws -> Delivery {
        var configuration = AgentConfiguration(pool: "p", workerID: "w", host: "h")
        configuration.url = String(url.dropLast())
        let spool = try ReportSpool(folder.path, limit: 100)
        let log = AgentLog(url: configuration.url) { [said] in said.add($0) }
        return Delivery(server: AgentServer(configuration), spool: spool, log: log, hurry: Hurry())
    }

    private func listener(_ status: String, _ fields: String = "", _ body: String) throws -> StubListener {
        let head =
            "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\(fields)\r\n"
        return try StubListener(head + body)
    }

    @Test func `a server that pauses is not asked before its pause is over`() async throws {
        let server = try listener("503 Service Unavailable", "Retry-After: 3000\r\n", #"{"detail":"busy"}"#)
        var delivery = try delivery(server.url)
        for report in ["a", "b"] { await delivery.take(Array(report.utf8)) }
        await delivery.drain()
        #expect(delivery.spool.count == 2)
        #expect(server.connections() == 1)
        #expect(
            said.all == [
                "\(server.url.dropLast()) can't take it now (503); see the server's log; reports wait in the spool"
            ]
        )
    }

    @Test func `what the server refuses for good is not sent again`() async throws {
        let server = try listener("422 Unprocessable", "", #"{"detail":[{"msg":"Field required"}]}"#)
        var delivery = try delivery(server.url)
        for report in ["a", "b"] { await delivery.take(Array(report.utf8)) }
        #expect(delivery.spool.count == 0)
        #expect(server.connections() == 2)
        #expect(
            said.all == [
                "a report is lost: \(server.url.dropLast()) refuses the record (422): Field required; later ones are not shown"
            ]
        )
    }

    @Test func `a token that is missing or wrong can be set right: nothing is lost`() async throws {
        let server = try listener("401 Unauthorized", "", #"{"detail":"no"}"#)
        var delivery = try delivery(server.url)
        await delivery.take(Array("a".utf8))
        #expect(delivery.spool.count == 1)
        #expect(said.all.count == 1)
    }

    @Test func `what waited goes first, and what did not fit is counted`() async throws {
        var away = try delivery("http://127.0.0.1:9/")
        for report in ["1", "2", "3"] {
            await away.take(Array(report.utf8) + Array(repeating: 0x20, count: 50))
        }
        #expect(away.spool.count == 1)
        let server = try listener("200 OK", "", #"{"status":"ok"}"#)
        var configuration = AgentConfiguration(pool: "p", workerID: "w", host: "h")
        configuration.url = String(server.url.dropLast())
        let there = Delivery(
            server: AgentServer(configuration),
            spool: away.spool,
            log: away.log,
            hurry: Hurry()
        )
        var back = there
        await back.take(Array("4".utf8))
        #expect(server.connections() == 2)
        #expect(server.request().hasSuffix("\r\n\r\n4"))
        #expect(back.spool.count == 0)
        #expect(said.all.contains { $0.contains("is full: its oldest reports are deleted") })
    }
}
