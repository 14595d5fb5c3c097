import Glibc
import TestKit
import Testing

@testable import Outbound

@Suite("Requests over Unix sockets")
struct UnixSocketTests {
    private static let hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    private static let numbers = UInt64.random(in: 0 ... .max)

    private func path(_ name: String) -> String { "/tmp/weir-outbound-\(Self.numbers)-\(name)" }

    private func request(_ socket: String, _ url: String = "http://localhost/there") -> OutboundRequest {
        var request = OutboundRequest("GET", url)
        request.socket = socket
        return request
    }

    @Test("a request goes to the socket, and names the host of its URL")
    func answers() async throws {
        let server = try StubListener(Self.hello, socket: path("answers"))
        let answer = try await OutboundClient().send(request(path("answers")))
        #expect(answer.status == 200 && answer.body == Array("hello".utf8) && answer.connections == 1)
        #expect(server.request().hasPrefix("GET /there HTTP/1.1\r\nHost: localhost\r\n"))
    }

    @Test("a socket where nobody listens, none at all, and one with too long a path")
    func unreachable() throws {
        let client = OutboundClient()
        #expect(throws: OutboundError.unreachable(code: ENOENT)) {
            try client.sendBlocking(request(path("none")))
        }
        let error = #expect(throws: OutboundError.self) {
            try client.sendBlocking(request("/tmp/" + String(repeating: "x", count: 200)))
        }
        #expect(error?.cause == "cannot connect: File name too long")
        #expect(error?.description == "nobody answers there")
        mknod(path("left"), S_IFREG | 0o600, 0)
        defer { unlink(path("left")) }
        #expect(throws: OutboundError.unreachable(code: ECONNREFUSED)) {
            try client.sendBlocking(request(path("left")))
        }
    }

    @Test("a connection is kept, and serves no other place with the same URL")
    func kept() throws {
        let first = try StubListener(Self.hello, socket: path("first"), keepsConnections: true)
        let second = try StubListener(Self.hello, socket: path("second"), keepsConnections: true)
        let third = try StubListener(Self.hello, keepsConnections: true)
        let client = OutboundClient()
        for round in 0..<3 {
            for place in [request(path("first"), third.url), request(path("second"), third.url)] {
                #expect(try client.sendBlocking(place).connections == (round == 0 ? 1 : 0))
            }
            let plain = OutboundRequest("GET", third.url)
            #expect(try client.sendBlocking(plain).connections == (round == 0 ? 1 : 0))
        }
        #expect([first, second, third].map { $0.connections() } == [1, 1, 1])
    }

    @Test("silence ends")
    func silence() throws {
        let silent = try StubListener(nil, socket: path("silent"))
        var request = request(path("silent"))
        request.timeout = .milliseconds(200)
        #expect(throws: OutboundError.timeout) { try OutboundClient().sendBlocking(request) }
        #expect(silent.connections() == 1)
    }

    @Test("a policy knows a socket by the host of its URL alone")
    func policy() throws {
        let server = try StubListener(Self.hello, socket: path("policy"))
        let addresses = ["127.0.0.0/8", "::1/128"].compactMap(OutboundPolicy.Rule.init)
        let names = ["localhost"].compactMap(OutboundPolicy.Rule.init)
        let open = [OutboundPolicy(allowed: names), OutboundPolicy(denied: addresses)]
        for policy in open {
            #expect(try OutboundClient(policy: policy).sendBlocking(request(path("policy"))).status == 200)
        }
        for policy in [OutboundPolicy(allowed: addresses), OutboundPolicy(denied: names)] {
            #expect(throws: OutboundError.forbidden(path("policy"))) {
                try OutboundClient(policy: policy).sendBlocking(request(path("policy")))
            }
        }
        #expect(server.connections() == open.count)
    }
}
