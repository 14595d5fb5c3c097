import Core
import TestKit
import Testing

@testable import Notifications

@Suite struct `E-mail` {
    private func config(_ sink: SMTPSink, _ to: JSONValue = ["ops@example.org"]) -> ChannelConfiguration {
        channel(
            .email,
            [
                "smtp_host": "127.0.0.1", "port": .number(Array(String(sink.port).utf8)), "tls": "none",
                "from": "weir@example.org", "to": to,
            ]
        )
    }

    @Test func `is a message of text and HTML`() async throws {
        let sink = try SMTPSink(SMTPSink.usual)
        let notification = stageFailed().with {
            $0.text = "Größe < 5 & mehr\n.dot = x "
            $0.labels = [("project", "orders.checkout")]
            $0.links = [.init(text: "View trace", url: "https://weir/t?a=1&b=2")]
        }
        #expect(await sender().send(notification, over: config(sink)) == .sent(status: 250, note: nil))
        #expect(
            sink.data
                == """
                From: weir@example.org
                To: ops@example.org
                Subject: =?UTF-8?B?W1BpcGVsb2dpcV1bRVJST1JdIFN0YWdlIGZhaWxlZCA=?=
                 =?UTF-8?B?4oCTIG9yZGVycy5jaGVja291dA==?=
                Date: Mon, 16 Feb 2026 12:00:05 +0000
                Message-ID: <0198a3b4-0000-4000-8000-000000000001@example.org>
                In-Reply-To: <incident.\(StableKey.digest("pipelogiq/stage_failed/12:34").prefix(40))@example.org>
                References: <incident.\(StableKey.digest("pipelogiq/stage_failed/12:34").prefix(40))@example.org>
                Auto-Submitted: auto-generated
                X-Auto-Response-Suppress: All
                X-Pipelogiq-Event: stage_failed
                X-Weir-State: firing
                X-Weir-Severity: error
                X-Weir-Incident: pipelogiq/stage_failed/12:34
                MIME-Version: 1.0
                Content-Type: multipart/alternative; boundary="weir-0198a3b4-0000-4000-8000-000000000001"

                --weir-0198a3b4-0000-4000-8000-000000000001
                Content-Type: text/plain; charset=utf-8
                Content-Transfer-Encoding: quoted-printable

                [ERROR] Stage failed
                Gr=C3=B6=C3=9Fe < 5 & mehr
                ..dot =3D x=20
                event: stage_failed
                time: 2026-02-16T12:00:00Z
                View trace: https://weir/t?a=3D1&b=3D2
                --weir-0198a3b4-0000-4000-8000-000000000001
                Content-Type: text/html; charset=utf-8
                Content-Transfer-Encoding: quoted-printable

                <!DOCTYPE html>
                <html><body style=3D"font-family:sans-serif">
                <h2 style=3D"color:#D13438">[ERROR] Stage failed</h2>
                <p>Gr=C3=B6=C3=9Fe &lt; 5 &amp; mehr<br>
                ..dot =3D x </p>
                <table>
                <tr><th align=3D"left">Event</th><td>stage_failed</td></tr>
                <tr><th align=3D"left">Time</th><td>2026-02-16T12:00:00Z</td></tr>
                <tr><th align=3D"left">project</th><td>orders.checkout</td></tr>
                </table>
                <p><a href=3D"https://weir/t?a=3D1&amp;b=3D2">View trace</a></p>
                </body></html>
                --weir-0198a3b4-0000-4000-8000-000000000001--

                """.replacing("\n", with: "\r\n")
        )
    }

    @Test func `names recipients that the server does not take`() async throws {
        let sink = try SMTPSink { $0 == "RCPT TO:<no@example.org>" ? "550 no such user" : SMTPSink.usual($0) }
        #expect(
            await sender().send(stageFailed(), over: config(sink, "ops@example.org, no@example.org"))
                == .sent(status: 250, note: "not taken: no@example.org: 550 no such user")
        )
    }

    @Test(arguments: [
        ("MAIL", "451 later", true), ("MAIL", "550 never", false), ("RCPT", "450 greylisted", true),
        ("RCPT", "550 unknown", false), (".", "452 full", true), (".", "554 spam", false),
    ])
    func `is sent again after 4yz, and not after 5yz`(command: String, reply: String, isAgain: Bool)
        async throws
    {
        let sink = try SMTPSink { $0.hasPrefix(command) ? reply : SMTPSink.usual($0) }
        let outcome = await sender().send(stageFailed(), over: config(sink))
        #expect(outcome.isAgain == isAgain && outcome.isRefused == !isAgain && outcome.why.contains(reply))
    }

    @Test func `has a stable id in each attempt, and one thread for each incident`() {
        func fields(_ notification: AlertNotification, _ time: Int64) -> [String] {
            let message = MailMessage(
                notification,
                from: "w@example.org",
                to: ["a@b"],
                at: Timestamp(microseconds: time)
            )
            return String(decoding: message.bytes, as: UTF8.self).split(separator: "\r\n").map { String($0) }
                .filter { $0.hasPrefix("Message-ID") || $0.hasPrefix("References") }
        }
        #expect(fields(stageFailed(), 0) == fields(stageFailed(), 5_000_000))
        #expect(fields(stageFailed().resolved, 0)[1] == fields(stageFailed(), 0)[1])
    }

    @Test(arguments: [
        "a\r\nBcc: evil@example.org", "a\nX: y", "a\0b", "=?UTF-8?B?eA==?=", "a\u{85}b\u{2028}c",
    ])
    func `lets nothing slip into its head`(text: String) {
        let notification = stageFailed().with {
            $0.title = text
            $0.event = text
            $0.incident = text
            $0.labels = [("project", text)]
        }
        let message = MailMessage(notification, from: "w@example.org", to: ["a@b"], at: .epoch)
        let head = String(decoding: message.bytes, as: UTF8.self).components("\r\n\r\n")[0]
        let names = head.components("\r\n").filter { !$0.hasPrefix(" ") }.map {
            String($0.prefix { $0 != ":" })
        }
        #expect(
            names == [
                "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted",
                "X-Auto-Response-Suppress", "X-Pipelogiq-Event", "X-Weir-State", "X-Weir-Severity",
                "X-Weir-Incident",
                "MIME-Version", "Content-Type",
            ]
        )
        #expect(head.utf8.allSatisfy { $0 == 13 || $0 == 10 || (32...126).contains($0) })
    }

    @Test func `has lines of 76 characters, and words of 75 in its head`() {
        let text = String(repeating: "ü漢🇩🇪x ", count: 200)
        #expect(QuotedPrintable.lines(text).allSatisfy { $0.utf8.count <= 76 })
        let words = EncodedWord.header(text, after: 9).components("\r\n ")
        #expect(words.count > 1 && words.allSatisfy { $0.utf8.count <= 75 })
        let decoded = words.flatMap { Base64.decode($0.dropFirst(10).dropLast(2)) ?? [] }
        #expect(String(decoding: decoded, as: UTF8.self) == text)
    }
}

extension String {
    fileprivate func components(_ separator: String) -> [String] {
        split(separator: separator).map(String.init)
    }
}
