import Core
import Glibc
import Outbound
import TestKit
import Testing

@testable import Notifications

@Suite struct `A receiver at its worst` {
    private func outcome(_ url: String, _ change: (inout ChannelSender.Options) -> Void = { _ in }) async
        -> SendOutcome
    {
        await sender(change).send(stageFailed(), over: channel(.webhook, ["url": .text(url)]))
    }

    @Test func `hangs`() async throws {
        let silent = try StubListener(nil)
        let outcome = await outcome(silent.url) { $0.attemptTimeout = .milliseconds(300) }
        #expect(outcome == .again(status: nil, after: nil, why: "no answer in time"))
    }

    @Test func `closes early, or speaks another language`() async throws {
        let closing = try Receiver()
        #expect(await outcome(closing.url).why == "the connection was closed before an answer came")
        let foreign = try Receiver("SSH-2.0-x\r\n")
        #expect(await outcome(foreign.url).why == "the answer is not HTTP")
        #expect(closing.requests.count == 1 && foreign.requests.count == 1)
    }

    @Test func `isn't there`() async {
        #expect(
            await outcome("http://127.0.0.1:9/")
                == .again(status: nil, after: nil, why: "cannot connect: Connection refused")
        )
        #expect(await outcome("http://no-such-host.invalid/").isAgain)
    }

    /// The message has arrived: to send it again would double it, and the rest of the answer says nothing.
    @Test func `takes the message and answers without end`() async throws {
        let endless = try Receiver("HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 4 << 20))
        #expect(await outcome(endless.url) == .sent(status: 200, note: nil))
        let refusing = try Receiver("HTTP/1.1 400 Bad\r\n\r\n" + String(repeating: "x", count: 4 << 20))
        let why = await outcome(refusing.url).why
        #expect(why.utf16.count <= 320 && why.hasSuffix("…"))
    }

    /// One line of 150 KB, and 100 KB in lines: libcurl and Weir have a limit each.
    @Test(arguments: [
        "X-Long: \(String(repeating: "x", count: 150_000))\r\n",
        String(repeating: "X-Many: \(String(repeating: "x", count: 990))\r\n", count: 100),
    ])
    func `has a header without end`(fields: String) async throws {
        func outcome(_ status: String) async throws -> SendOutcome {
            let receiver = try Receiver("HTTP/1.1 \(status)\r\n\(fields)Content-Length: 0\r\n\r\n")
            return await self.outcome(receiver.url)
        }
        #expect(try await outcome("200 OK") == .sent(status: 200, note: nil))
        #expect(try await outcome("400 Bad Request") == .refused(status: 400, why: "HTTP 400"))
        #expect(try await outcome("503 Busy") == .again(status: 503, after: nil, why: "HTTP 503"))
    }

    @Test func `redirects`() async throws {
        let target = try Receiver(Receiver.answer(200))
        let redirecting = try Receiver(Receiver.answer(307, "", "Location: \(target.url)/"))
        #expect(
            await outcome(redirecting.url)
                == .refused(
                    status: 307,
                    why: "HTTP 307: a redirect, which is not followed; set the URL to where it leads"
                )
        )
        #expect(target.requests.isEmpty)
    }

    @Test func `speaks no TLS`() async throws {
        let plain = try StubListener("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        let outcome = await outcome("https://127.0.0.1:\(plain.port)/")
        #expect(outcome.isAgain && outcome.why.hasPrefix("no secure connection: "))
    }

    @Test func `is where nobody may call`() async throws {
        let receiver = try Receiver(Receiver.answer(200))
        let outcome = await outcome(receiver.url) { $0.policy = .alerting() }
        #expect(outcome.isRefused && outcome.why.hasPrefix("127.0.0.1 may not be called"))
        #expect(receiver.requests.isEmpty)
        #expect(await self.outcome("http://169.254.169.254/latest/meta-data").isRefused)
    }

    @Test func `repeats secrets, which are not shown`() async throws {
        let receiver = try Receiver(
            Receiver.answer(400, "no hook at /services/T0/B0/xyzzy, Bearer sesame-open, token=abc&x=1")
        )
        let config: JSONValue = [
            "url": .text("\(receiver.url)/services/T0/B0/xyzzy"),
            "headers": ["Authorization": "Bearer sesame-open"],
        ]
        let outcome = await sender().send(stageFailed(), over: channel(.webhook, config))
        #expect(
            outcome
                == .refused(
                    status: 400,
                    why: "HTTP 400: no hook at /[REDACTED], [REDACTED], token=[REDACTED]&x=1"
                )
        )
    }

    @Test func `is never called with a configuration that is none`() async {
        let outcome = await sender().send(stageFailed(), over: channel(.webhook, ["url": "ftp://x/y"]))
        #expect(outcome == .refused(status: nil, why: "config.url: this is no URL of http or https"))
    }
}
