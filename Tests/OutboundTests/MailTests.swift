import Glibc
import TestKit
import Testing

@testable import Outbound

@Suite struct `Mail over SMTP` {
    private func mail(_ sink: SMTPSink, to recipients: [String] = ["ops@example.org"]) -> OutboundMail {
        var mail = OutboundMail(
            host: "127.0.0.1",
            port: sink.port,
            security: .none,
            from: "weir@example.org",
            to: recipients,
            message: Array("Subject: x\r\n\r\nfirst\r\n.second\r\n..third\r\n".utf8)
        )
        mail.hello = "weir.example.org"
        return mail
    }

    /// Why a message was not taken.
    private func failure(_ mail: OutboundMail, _ policy: OutboundPolicy = OutboundPolicy()) async
        -> MailError?
    {
        do throws(MailError) {
            _ = try await MailClient(policy: policy).send(mail)
            return nil
        } catch {
            return error
        }
    }

    @Test func `is a dialogue, and lines that begin with a dot get another one`() async throws {
        let sink = try SMTPSink(SMTPSink.usual)
        let receipt = try await MailClient().send(mail(sink, to: ["ops@example.org", "team@example.org"]))
        #expect(receipt.status == 250 && receipt.refused == [])
        #expect(
            sink.commands.prefix(5) == [
                "EHLO weir.example.org", "MAIL FROM:<weir@example.org>", "RCPT TO:<ops@example.org>",
                "RCPT TO:<team@example.org>", "DATA",
            ]
        )
        #expect(sink.data == "Subject: x\r\n\r\nfirst\r\n..second\r\n...third\r\n")
    }

    @Test func `goes to the recipients that the server takes, and names the others`() async throws {
        let sink = try SMTPSink { $0 == "RCPT TO:<no@example.org>" ? "550 no such user" : SMTPSink.usual($0) }
        for recipients in [["no@example.org", "ops@example.org"], ["ops@example.org", "no@example.org"]] {
            let receipt = try await MailClient().send(mail(sink, to: recipients))
            #expect(receipt.status == 250)
            #expect(
                receipt.refused == [.init(address: "no@example.org", code: 550, reply: "550 no such user")]
            )
        }
    }

    @Test func `fails when the server takes no recipient`() async throws {
        let sink = try SMTPSink { command in
            switch command {
            case "RCPT TO:<a@example.org>": "550 5.1.1 unknown"
            case "RCPT TO:<b@example.org>": "450 4.2.1 try later"
            default: SMTPSink.usual(command)
            }
        }
        #expect(
            await failure(mail(sink, to: ["a@example.org", "b@example.org"]))
                == MailError.recipients([
                    .init(address: "a@example.org", code: 550, reply: "550 5.1.1 unknown"),
                    .init(address: "b@example.org", code: 450, reply: "450 4.2.1 try later"),
                ])
        )
    }

    @Test(arguments: [
        ("", "554 go away", "connecting"), ("EHLO", "421 closing", "EHLO"), ("MAIL", "451 later", "MAIL"),
        ("DATA", "503 no", "DATA"), (".", "552 too large", "DATA"), (".", "452 disk full", "DATA"),
    ])
    func `names the step and the code of a refusal`(command: String, reply: String, step: String) async throws
    {
        let sink = try SMTPSink { line in
            let isIt = command.isEmpty ? line.isEmpty : line.hasPrefix(command)
            // A refused EHLO is followed by HELO.
            return isIt || (command == "EHLO" && line.hasPrefix("HELO")) ? reply : SMTPSink.usual(line)
        }
        let error = await failure(mail(sink))
        guard case .reply(let code, let text, let named)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(code == Int(reply.prefix(3)) && text == reply)
        #expect(named == step || (command == "EHLO" && named == "HELO"))
    }

    @Test func `sends no password without TLS unless that is meant`() async throws {
        let sink = try SMTPSink(SMTPSink.usual)
        var open = mail(sink)
        open.credentials = ("user", "secret")
        #expect(await failure(open) == MailError.plainPassword)
        #expect(sink.commands.isEmpty)
        open.allowsPlainPassword = true
        _ = try await MailClient().send(open)
        #expect(sink.commands.contains("AHVzZXIAc2VjcmV0"))
    }

    @Test func `names a refused password, and doesn't repeat it`() async throws {
        let sink = try SMTPSink {
            $0.hasPrefix("AUTH") || $0.hasPrefix("AHV") ? "535 5.7.8 no" : SMTPSink.usual($0)
        }
        var open = mail(sink)
        open.credentials = ("user", "secret")
        open.allowsPlainPassword = true
        #expect(await failure(open) == MailError.reply(code: 535, text: "535 5.7.8 no", step: "AUTH"))
    }

    @Test func `is not sent in the clear when STARTTLS is demanded and not offered`() async throws {
        let sink = try SMTPSink(SMTPSink.usual)
        var closed = mail(sink)
        closed.security = .startTLS
        #expect(await failure(closed) == MailError.noTLS)
        #expect(!sink.commands.contains { $0.hasPrefix("MAIL") })
    }

    @Test func `is not sent when TLS is demanded and the server speaks none`() async throws {
        let sink = try SMTPSink(SMTPSink.usual)
        var closed = mail(sink)
        closed.security = .implicit
        let error = await failure(closed)
        guard case .transport(.tls)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `fails when the server closes, is silent, or isn't there`() async throws {
        let closing = try SMTPSink { $0.hasPrefix("MAIL") ? nil : SMTPSink.usual($0) }
        #expect(await failure(mail(closing)) == MailError.transport(.closed))
        let silent = try StubListener(nil)
        var waiting = mail(closing)
        (waiting.port, waiting.timeout, waiting.stepTimeout) = (
            Int(silent.port), .milliseconds(300), .milliseconds(300)
        )
        #expect(await failure(waiting) == MailError.transport(.timeout))
        var nobody = mail(closing)
        nobody.port = 9
        #expect(await failure(nobody) == MailError.transport(.unreachable(code: ECONNREFUSED)))
    }

    @Test(arguments: ["a@b\r\nRCPT TO:<c@d>", "a b@c", "a@b>", ""])
    func `lets no address end its command`(address: String) async throws {
        let sink = try SMTPSink(SMTPSink.usual)
        #expect(await failure(mail(sink, to: [address])) == MailError.badAddress)
        #expect(sink.commands.isEmpty)
    }

    @Test func `goes only where the policy lets it`() async throws {
        let sink = try SMTPSink(SMTPSink.usual)
        #expect(await failure(mail(sink), .alerting()) == MailError.transport(.forbidden("127.0.0.1")))
        #expect(sink.commands.isEmpty)
    }
}
