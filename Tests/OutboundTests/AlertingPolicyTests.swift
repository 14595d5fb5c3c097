import TestKit
import Testing

@testable import Outbound

@Suite struct `A policy for URLs that others write` {
    private func rules(_ texts: String...) -> [OutboundPolicy.Rule] {
        texts.compactMap(OutboundPolicy.Rule.init)
    }

    @Test(arguments: [
        "169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
        "::169.254.169.254",
        "fe80::1%eth0", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "0.0.0.0", "::", "224.0.0.1",
        "ff02::1", "255.255.255.255", "nonsense", "",
    ])
    func `never leads there, whatever is allowed`(address: String) {
        let open = OutboundPolicy.alerting(
            exceptions: rules("0.0.0.0/0", "::/0", "any.example.org"),
            allowsPrivate: true
        )
        #expect(!open.permits(host: "any.example.org", address: address))
    }

    @Test(arguments: [
        "127.0.0.1", "::1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "100.64.0.1", "fd12::1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1", "2002:0a00:0001::",
    ])
    func `leads to private addresses only on purpose`(address: String) {
        #expect(!OutboundPolicy.alerting().permits(host: "in.example.org", address: address))
        #expect(
            OutboundPolicy.alerting(allowsPrivate: true).permits(host: "in.example.org", address: address)
        )
        #expect(
            OutboundPolicy.alerting(exceptions: rules("in.example.org")).permits(
                host: "in.example.org",
                address: address
            )
        )
        #expect(
            OutboundPolicy.alerting(allowed: rules("*.example.org")).permits(
                host: "in.example.org",
                address: address
            )
        )
    }

    @Test func `leads to the Internet, unless a list names what is allowed`() {
        #expect(OutboundPolicy.alerting().permits(host: "hooks.slack.com", address: "3.5.6.7"))
        #expect(
            OutboundPolicy.alerting(exceptions: rules("10.0.0.0/8")).permits(
                host: "hooks.slack.com",
                address: "3.5.6.7"
            )
        )
        #expect(
            !OutboundPolicy.alerting(allowed: rules("10.0.0.0/8")).permits(
                host: "hooks.slack.com",
                address: "3.5.6.7"
            )
        )
        #expect(
            !OutboundPolicy.alerting(denied: rules("*.slack.com")).permits(
                host: "hooks.slack.com",
                address: "3.5.6.7"
            )
        )
    }

    @Test(arguments: ["localhost", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]"])
    func `sees this machine in every spelling`(host: String) async throws {
        let server = try StubListener("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let client = OutboundClient(policy: .alerting())
        let error = await #expect(throws: OutboundError.self) {
            try await client.send(OutboundRequest("GET", "http://\(host):\(server.port)/"))
        }
        guard case .forbidden? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(server.connections() == 0)
    }
}

@Suite struct `A proxy by setting` {
    private static let hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

    @Test func `gets the requests`() async throws {
        let proxy = try StubListener(Self.hello)
        let client = OutboundClient(policy: .alerting(), proxy: proxy.url)
        let answer = try await client.send(OutboundRequest("GET", "http://no-such-host.invalid/x"))
        #expect(answer.status == 200)
        #expect(proxy.request().hasPrefix("GET http://no-such-host.invalid/x HTTP/1.1\r\n"))
    }

    @Test func `is asked for a tunnel to what is called over TLS`() async throws {
        let proxy = try StubListener("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        let client = OutboundClient(proxy: proxy.url)
        await #expect(throws: OutboundError.self) {
            try await client.send(OutboundRequest("GET", "https://no-such-host.invalid/x"))
        }
        #expect(proxy.request().hasPrefix("CONNECT no-such-host.invalid:443 HTTP/1.1\r\n"))
    }

    @Test(arguments: [
        "http://169.254.169.254/latest", "http://localhost/", "http://127.1/", "http://[::1]/",
        "http://2852039166/",
        "http://denied.example.org/",
    ])
    func `gets none that the policy forbids by its name`(url: String) async throws {
        let proxy = try StubListener(Self.hello)
        let denied = ["denied.example.org"].compactMap(OutboundPolicy.Rule.init)
        let client = OutboundClient(policy: .alerting(denied: denied), proxy: proxy.url)
        let error = await #expect(throws: OutboundError.self) {
            try await client.send(OutboundRequest("GET", url))
        }
        guard case .forbidden? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(proxy.connections() == 0)
    }

    @Test func `leaves an answer cut at its limit where that is wanted`() async throws {
        let long = try StubListener("HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 50_000))
        var request = OutboundRequest("GET", long.url)
        (request.answerLimit, request.cutsAnswer) = (1000, true)
        let answer = try await OutboundClient().send(request)
        #expect(answer.status == 200 && answer.body.count == 1000)
    }
}
