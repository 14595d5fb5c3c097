import Glibc
import TestKit
import Testing

@testable import Outbound

@Suite struct `A policy, to the letter` {
    private func rules(_ texts: String...) -> [OutboundPolicy.Rule] {
        texts.compactMap(OutboundPolicy.Rule.init)
    }

    @Test(arguments: ["fec0::1", "64:ff9b:1::a9fe:a9fe", "0.1.2.3", "240.0.0.1", "239.255.255.250"])
    func `never leads to what is special`(address: String) {
        let open = OutboundPolicy.alerting(exceptions: rules("0.0.0.0/0", "::/0"), allowsPrivate: true)
        #expect(!open.permits(host: "any.example.org", address: address))
    }

    @Test(arguments: [
        "192.0.0.8", "198.18.0.1", "198.19.255.255", "172.16.0.1", "192.168.255.1", "fc00::1",
        "64:ff9b:1::a00:1",
    ])
    func `leads to what is local only on purpose`(address: String) {
        #expect(!OutboundPolicy.alerting().permits(host: "in.example.org", address: address))
        #expect(
            OutboundPolicy.alerting(allowsPrivate: true).permits(host: "in.example.org", address: address)
        )
    }

    @Test(arguments: [
        "172.32.0.1", "198.20.0.1", "192.0.1.1", "100.128.0.1", "11.0.0.1", "2001:db8::1", "64:ff9b::808:808",
    ])
    func `leads to their neighbours`(address: String) {
        #expect(OutboundPolicy.alerting().permits(host: "out.example.org", address: address))
    }

    @Test func `of a domain means the end of a name, and denies even what is allowed`() {
        let policy = OutboundPolicy(allowed: rules("*.example.org"), denied: rules("bad.example.org"))
        #expect(policy.permits(host: "a.example.org", address: "192.0.2.1"))
        #expect(!policy.permits(host: "a.example.org.evil.test", address: "192.0.2.1"))
        #expect(!policy.permits(host: "example.org", address: "192.0.2.1"))
        #expect(!policy.permits(host: "BAD.example.org.", address: "192.0.2.1"))
    }

    @Test func `sees names alone where a proxy resolves them`() {
        let policy = OutboundPolicy.alerting(
            allowed: rules("*.example.org", "127.0.0.1", "10.0.0.0/8"),
            denied: rules("bad.example.org")
        )
        #expect(policy.permitsName("a.example.org"))
        #expect(!policy.permitsName("bad.example.org") && !policy.permitsName("other.test"))
        #expect(policy.permitsName("10.1.2.3") && !policy.permitsName("11.1.2.3"))
        #expect(policy.permitsName("127.0.0.1") && !policy.permitsName("[::1]"))
        #expect(!OutboundPolicy.alerting().permitsName("a.localhost"))
        #expect(OutboundPolicy().permitsName("localhost"))
    }

    @Test func `has a proxy that no variable switches off`() async throws {
        let proxy = try StubListener("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        setenv("no_proxy", "*", 1)
        defer { unsetenv("no_proxy") }
        let client = OutboundClient(policy: .alerting(), proxy: proxy.url)
        #expect(try await client.send(OutboundRequest("GET", "http://no-such-host.invalid/")).status == 200)
    }

    @Test func `has mails that pass by a proxy of the environment`() async throws {
        let sink = try SMTPSink(SMTPSink.usual)
        setenv("all_proxy", "http://127.0.0.1:9", 1)
        defer { unsetenv("all_proxy") }
        let mail = OutboundMail(
            host: "127.0.0.1",
            port: sink.port,
            security: .none,
            from: "a@example.org",
            to: ["b@example.org"],
            message: Array("Subject: x\r\n\r\n".utf8)
        )
        #expect(try await MailClient().send(mail).status == 250)
    }
}
