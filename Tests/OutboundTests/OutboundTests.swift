import Glibc
import HTTP
import TestKit
import Testing

@testable import Outbound

@Suite("Requests to others")
struct OutboundTests {
    @Test(
        "what a policy permits",
        arguments: [
            ([], [], "example.org", "192.0.2.1", true),
            (["example.org"], [], "EXAMPLE.org", "192.0.2.1", true),
            (["example.org"], [], "www.example.org", "192.0.2.1", false),
            (["*.example.org"], [], "www.example.org", "192.0.2.1", true),
            (["*.example.org"], [], "badexample.org", "192.0.2.1", false),
            (["192.0.2.0/24"], [], "any", "192.0.2.77", true),
            (["192.0.2.0/24"], [], "any", "192.0.3.1", false),
            ([], ["127.0.0.0/8", "::1/128"], "localhost", "127.0.0.1", false),
            ([], ["127.0.0.0/8", "::1/128"], "localhost", "::1", false),
            (["example.org"], ["10.0.0.0/8"], "example.org", "10.1.2.3", false),
            ([], ["example.org", "*.example.org"], "Example.org.", "192.0.2.1", false),
            ([], ["*.example.org."], "www.example.org", "192.0.2.1", false),
        ] as [([String], [String], String, String, Bool)]
    )
    func policy(allowed: [String], denied: [String], host: String, address: String, isPermitted: Bool) {
        let policy = OutboundPolicy(
            allowed: allowed.compactMap(OutboundPolicy.Rule.init),
            denied: denied.compactMap(OutboundPolicy.Rule.init)
        )
        #expect(policy.permits(host: host, address: address) == isPermitted)
    }

    @Test("each failure has its own name")
    func failures() async throws {
        let client = OutboundClient()
        await #expect(throws: OutboundError.badURL) {
            try await client.send(OutboundRequest("GET", "ftp://localhost/"))
        }
        await #expect(throws: OutboundError.unreachable(code: ECONNREFUSED)) {
            try await client.send(OutboundRequest("GET", "http://127.0.0.1:9/"))
        }
        await #expect(throws: OutboundError.unresolvable) {
            try await client.send(OutboundRequest("GET", "http://no-such-host.invalid/"))
        }
    }

    @Test(
        "an end without an answer, and what is none",
        arguments: ["", "SSH-2.0-OpenSSH\r\n", "HTTP/1.1\r\n\r\n"]
    )
    func noAnswers(text: String) throws {
        let server = try StubListener(text)
        #expect(throws: text.isEmpty ? OutboundError.closed : .malformed) {
            try OutboundClient().sendBlocking(OutboundRequest("GET", server.url))
        }
    }

    @Test("an answer comes with its status, fields and body; a redirect is an answer")
    func answers() async throws {
        let server = try StubListener(
            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello"
        )
        let answer = try await OutboundClient().send(
            OutboundRequest("PATCH", server.url, fields: [("X-Asked", "yes")], body: Array("body".utf8))
        )
        #expect(answer.status == 302 && answer.field("x-a") == "b" && answer.body == Array("hello".utf8))
        let asked = server.request()
        #expect(asked.hasPrefix("PATCH / HTTP/1.1\r\n") && asked.hasSuffix("\r\n\r\nbody"))
        #expect(asked.contains("X-Asked: yes\r\n") && !asked.contains("Expect"))
    }

    @Test("an address that is denied is never connected to")
    func forbidden() async throws {
        let server = try StubListener("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let rules = ["127.0.0.0/8"].compactMap(OutboundPolicy.Rule.init)
        let client = OutboundClient(policy: OutboundPolicy(denied: rules))
        await #expect(throws: OutboundError.forbidden("127.0.0.1")) {
            try await client.send(OutboundRequest("GET", server.url))
        }
        #expect(server.connections() == 0)
    }

    @Test("silence ends, and so does an answer without end")
    func bounds() async throws {
        let silent = try StubListener(nil)
        var request = OutboundRequest("GET", silent.url)
        request.timeout = .milliseconds(200)
        await #expect(throws: OutboundError.timeout) { try await OutboundClient().send(request) }
        let long = try StubListener("HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 5000))
        var small = OutboundRequest("GET", long.url)
        small.answerLimit = 1000
        await #expect(throws: OutboundError.tooLarge) { try await OutboundClient().send(small) }
        let head = try StubListener(
            "HTTP/1.1 200 OK\r\nX-Long: \(String(repeating: "x", count: 150_000))\r\n\r\n"
        )
        let answer = OutboundRequest("GET", head.url)
        await #expect(throws: OutboundError.tooLarge) { try await OutboundClient().send(answer) }
    }

    @Test("a proxy that the environment names is passed by")
    func proxy() async throws {
        let proxy = try StubListener("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let server = try StubListener("HTTP/1.1 204 No Content\r\n\r\n")
        setenv("http_proxy", proxy.url, 1)
        defer { unsetenv("http_proxy") }
        #expect(try await OutboundClient().send(OutboundRequest("GET", server.url)).status == 204)
        #expect(proxy.connections() == 0)
    }

    @Test("nothing can be slipped into the head of a request", arguments: ["a\r\nX-B: c", "a\nb", "a\0b"])
    func fields(value: String) async throws {
        let request = OutboundRequest("GET", "http://127.0.0.1:9/", fields: [("X-A", value)])
        await #expect(throws: OutboundError.badField("X-A")) { try await OutboundClient().send(request) }
    }

    @Test("a task that is cancelled does not wait for silence to end")
    func cancelled() async throws {
        let silent = try StubListener(nil)
        let asking = Task {
            _ = await #expect(throws: OutboundError.cancelled) {
                try await OutboundClient().send(OutboundRequest("GET", silent.url))
            }
        }
        while silent.connections() == 0 { try await Task.sleep(for: .milliseconds(5)) }
        asking.cancel()
        await asking.value
    }

    @Test("only so many servers are called at a time, and waiting for a turn counts")
    func lanes() async throws {
        let silent = try StubListener(nil)
        let client = OutboundClient(parallel: 1)
        let first = Task { try await client.send(OutboundRequest("GET", silent.url)) }
        while silent.connections() == 0 { try await Task.sleep(for: .milliseconds(5)) }
        var second = OutboundRequest("GET", silent.url)
        second.deadline = ContinuousClock.now
        let request = second
        let waiting = Task {
            _ = await #expect(throws: OutboundError.timeout) { try await client.send(request) }
        }
        first.cancel()
        await #expect(throws: OutboundError.cancelled) { try await first.value }
        await waiting.value
        #expect(silent.connections() == 1)
    }
}
