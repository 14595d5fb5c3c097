import Synchronization
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
        #expect(folder.names(in: "rejected") == ["00000000000000000001.json", "00000000000000000002.json"])
        #expect(
            said.all == [
                "\(server.url.dropLast()) refuses the record (422): Field required; the report is kept in "
                    + "\(folder.path)/rejected, and not sent again; later ones are not shown"
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

    /// A server that fails at some reports, and says what it was sent.
    private func failing(at isBad: @escaping @Sendable (String) -> Bool, _ sent: Lines) throws -> StubListener
    {
        try StubListener(answering: { request in
            let report = String(request.split(separator: "\r\n\r\n").last ?? "")
            sent.add(report)
            let status = isBad(report) ? "500 Internal Server Error" : "200 OK"
            return "HTTP/1.1 \(status)\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
        })
    }

    /// Takes reports, each when the delivery rests no more from the last one.
    private func take(_ reports: [String], _ delivery: inout Delivery) async {
        for report in reports {
            while delivery.isResting { await Task.yield() }
            await delivery.take(Array(report.utf8))
        }
    }

    @Test func `a report at which the server fails for ever does not block others, and is set aside`()
        async throws
    {
        let sent = Lines()
        let server = try failing(at: { $0.hasPrefix("bad") }, sent)
        var delivery = try delivery(server.url)
        delivery.doubtPause = .zero
        await take(["bad 1", "bad 2", "c", "d"], &delivery)
        #expect(
            sent.all == ["bad 1", "bad 1", "bad 2", "bad 1", "c"] + Array(repeating: "bad 1", count: 4)
                + Array(repeating: "bad 2", count: 5) + ["d"]
        )
        #expect(delivery.spool.count == 0)
        #expect(folder.names(in: "rejected") == ["00000000000000000001.json", "00000000000000000002.json"])
        #expect(
            said.all.contains(
                "\(server.url.dropLast()) can't take it now (500); see the server's log: it failed 5 times at a report "
                    + "while it took others; the report is now \(folder.path)/rejected/00000000000000000001.json; "
                    + "to send it again, stop the agent and move it to \(folder.path)"
            ),
            "\(said.all)"
        )
    }

    @Test func `a report in doubt rests while others are sent`() async throws {
        let sent = Lines()
        let server = try failing(at: { $0.hasPrefix("bad") }, sent)
        var delivery = try delivery(server.url)
        await take(["bad", "c", "d", "e"], &delivery)
        #expect(sent.all == ["bad", "bad", "c", "d", "e"])
        #expect(delivery.spool.count == 1)
        #expect(folder.names(in: "rejected").isEmpty)
    }

    @Test func `a server that fails at everything gets everything when it works again`() async throws {
        let sent = Lines()
        let isWell = Atomic(false)
        let server = try failing(at: { _ in !isWell.load(ordering: .relaxed) }, sent)
        var delivery = try delivery(server.url)
        delivery.doubtPause = .zero
        await take((1...20).map { "\($0)" }, &delivery)
        #expect(delivery.spool.count == 20)
        isWell.store(true, ordering: .relaxed)
        let before = sent.all.count
        // It rests as long as its last attempt took.
        while delivery.spool.count > 0 { await delivery.drain() }
        #expect(sent.all[before...] == (1...20).map { "\($0)" }[...])
        #expect(folder.names(in: "rejected").isEmpty)
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
