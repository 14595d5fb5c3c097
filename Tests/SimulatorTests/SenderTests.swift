import Core
import TestKit
import Testing

@testable import Simulator

@Suite struct `Simulated senders` {
    private func report(_ url: String) async throws -> SimulatorReport {
        let start = try #require(Timestamp(iso8601: "2026-02-19T18:05:00Z"))
        var options = SimulatorOptions(
            target: SimulatorTarget(url, token: "weir:t"),
            start: start
        )
        options.tasksPerRun = 5
        options.senders = 2
        return await Simulator(options).run()
    }

    @Test func `keep one connection a run`() async throws {
        let server = try StubListener("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", keepsConnections: true)
        let report = try await report(server.url + "telemetry")
        #expect(report.isClean && report.resent == 0)
        #expect(server.connections() == report.runs)
        let request = server.request()
        #expect(request.hasPrefix("POST /telemetry HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\n"))
        #expect(request.contains("\r\nAuthorization: Basic d2Vpcjp0\r\n"))
        #expect(
            request.contains("\r\nUser-Agent: Nextflow/")
                && request.contains("\r\nConnection: keep-alive\r\n")
        )
    }

    @Test func `send again what a kept connection did not take`() async throws {
        let server = try StubListener("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let report = try await report(server.url)
        #expect(report.isClean)
        #expect(report.resent == report.sent - report.runs)
    }

    @Test func `do not count a connection that the server said it would close`() async throws {
        let server = try StubListener("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        let report = try await report(server.url)
        #expect(report.refused == [503: report.sent] && report.resent == 0)
    }

    @Test func `tell why nobody answered`() async throws {
        let report = try await report("http://127.0.0.1:9/")
        #expect(report.lost == report.sent && report.resent == 0)
        #expect(report.firstTrouble == "cannot connect: Connection refused")
    }
}
