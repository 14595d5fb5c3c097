import Core
import Glibc
import TestKit
import Testing

@testable import Notifications

@Suite struct `A webhook, to the letter` {
    @Test func `is signed over its time, its id and its body`() async throws {
        let receiver = try Receiver(Receiver.answer(200))
        let notification = stageFailed().with {
            $0.body = Array(#"{"test": 2432232314}"#.utf8)
            $0.event = "stage\nfailed\u{7F}ü"
        }
        let config: JSONValue = [
            "url": .text("\(receiver.url)/"), "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "headers": ["Webhook-ID": "mine", "content-type": "application/cloudevents+json"],
        ]
        #expect(await sender().send(notification, over: channel(.webhook, config)).isSent)
        let request = receiver.requests[0]
        #expect(
            request.field("X-Pipelogiq-Signature")
                == "t=1771243205,v1=1f491add922f11bf3cdd4cd2da3cd834ac4c5d62b7b240e69f4a9c71068ebf47"
        )
        #expect(request.field("webhook-signature") == "v1,j7gZJsNyCpMF9+5bvu6PFseHXB42uLeKLf/iUJcwT2k=")
        #expect(request.field("X-Pipelogiq-Event") == "stagefailed")
        // What Weir says of itself wins; the type of the body is the channel's.
        let fields = request.head.lowercased().split(separator: "\r\n")
        #expect(
            fields.filter { $0.hasPrefix("webhook-id") } == [
                "webhook-id: 0198a3b4-0000-4000-8000-000000000001"
            ]
        )
        #expect(
            fields.filter { $0.hasPrefix("content-type") } == ["content-type: application/cloudevents+json"]
        )
    }

    @Test func `says by its templates that it is over`() async throws {
        let receiver = try Receiver(Receiver.answer(200))
        for template in ["slack", "pagerduty"] {
            let config: JSONValue = [
                "url": .text("\(receiver.url)/"), "template": .text(template), "routing_key": "R0UTE",
            ]
            let over = stageFailed(.beampipe).resolved
            #expect(await sender().send(over, over: channel(.webhook, config)).isSent)
        }
        #expect(try receiver.requests[0].json["text"]?.string?.hasPrefix("*resolved* []\n") == true)
        #expect(try receiver.requests[1].json["event_action"]?.string == "resolve")
    }
}

@Suite struct `Vendors, to the letter` {
    /// The first line that a proxy gets for a URL of the vendor's own.
    private func called(_ kind: ChannelKind, _ config: JSONValue) async throws -> String {
        let proxy = try StubListener("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        _ = await sender { $0.proxy = proxy.url }.send(stageFailed(), over: channel(kind, config))
        return String(proxy.request().prefix { $0 != "\r\n" })
    }

    @Test func `are called where they are`() async throws {
        let key = "0123456789abcdef0123456789abcdef"
        #expect(
            try await called(.pagerduty, ["routing_key": .text(key)])
                == "CONNECT events.pagerduty.com:443 HTTP/1.1"
        )
        #expect(
            try await called(.pagerduty, ["routing_key": .text(key), "region": "eu"])
                == "CONNECT events.eu.pagerduty.com:443 HTTP/1.1"
        )
        #expect(try await called(.opsgenie, ["api_key": "k"]) == "CONNECT api.opsgenie.com:443 HTTP/1.1")
        #expect(
            try await called(.telegram, ["bot_token": "t", "chat_id": 1])
                == "CONNECT api.telegram.org:443 HTTP/1.1"
        )
    }

    @Test func `of Teams get a MessageCard where a connector is called`() async throws {
        let proxy = try StubListener("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")
        let teams = channel(.teams, ["url": "http://acme.webhook.office.com/webhookb2/1"])
        #expect(await sender { $0.proxy = proxy.url }.send(stageFailed(), over: teams).isSent)
        #expect(proxy.request().contains(#""@type":"MessageCard""#))
    }

    @Test func `of Teams get few links, short facts, and green for an end`() throws {
        let notification = stageFailed(.beampipe).resolved.with {
            $0.labels = [("project", String(repeating: "p", count: 2000))]
            $0.links = (1...6).map { .init(text: "\($0)", url: "https://weir/\($0)") }
        }
        let card = try #require(
            TeamsMessage.workflow(notification)["attachments"]?.elements?[0]["content"]
        )
        let body = try #require(card["body"]?.elements)
        #expect(card["actions"]?.elements?.count == 4)
        #expect(body[0]["color"] == "Good")
        #expect(body[2]["facts"]?.elements?[2]["value"]?.string?.count == 1000)
    }

    @Test func `of Slack and PagerDuty get no link that is too long`() throws {
        let notification = stageFailed().with {
            $0.links = [.init(text: "View run", url: "https://weir/" + String(repeating: "x", count: 3000))]
        }
        let blocks = SlackMessage.body(notification)["attachments"]?.elements?[0]["blocks"]?.elements
        #expect(blocks?.map { $0["type"] } == ["header", "section", "section"])
        let event = PagerDutyEvent.body(notification.with { $0.severity = .critical }, key: "k")
        #expect(event["links"] == nil && event["client_url"] == nil)
        #expect(event["payload"]?["severity"] == "critical")
    }

    @Test func `of Discord are called with the thread, whatever is in it and in the URL`() async throws {
        let discord = try Receiver(Receiver.answer(200, "{}"))
        let config: JSONValue = ["url": .text("\(discord.url)/w?x=1"), "thread_id": "7&y=2"]
        #expect(await sender().send(stageFailed(), over: channel(.discord, config)).isSent)
        #expect(discord.requests[0].line == "POST /w?x=1&wait=true&thread_id=7%26y%3D2 HTTP/1.1")
    }

    @Test func `of Opsgenie have priorities, and may know no open alert`() async throws {
        let words = [AlertSeverity.critical, .error, .warning, .info].map { severity in
            OpsgenieAlert.body(stageFailed().with { $0.severity = severity }, responders: [])["priority"]
        }
        #expect(words == ["P1", "P2", "P3", "P5"])
        let long = stageFailed().with {
            $0.event = String(repeating: "e", count: 60)
            $0.labels = [("project", String(repeating: "p", count: 600))]
        }
        let body = OpsgenieAlert.body(long, responders: [])
        #expect(body["tags"]?.elements?[0].string?.count == 50)
        #expect(body["entity"]?.string?.count == 512)
        let opsgenie = try Receiver(Receiver.answer(404, "{}"))
        let config: JSONValue = ["api_key": "genie-key", "api_url": .text(opsgenie.url)]
        #expect(
            await sender().send(stageFailed().resolved, over: channel(.opsgenie, config))
                == .sent(status: 404, note: "there was no open alert to close")
        )
        #expect(await sender().send(stageFailed(), over: channel(.opsgenie, config)).isRefused)
    }

    @Test func `of Alertmanagers get labels that none of the alert's own replaces`() throws {
        let alert = AlertmanagerAlert.body(
            stageFailed().with {
                $0.labels = [("severity", "critical"), ("alertname", "rule"), ("incident", "x")]
                $0.suppressed = 2
            },
            .latest
        )
        #expect(
            try alert["labels"]
                == json(
                    #"{"alertname":"rule","severity":"error","incident":"pipelogiq/stage_failed/12:34"}"#
                )
        )
        #expect(alert["annotations"]?["suppressed"] == "2")
    }

    @Test func `of WhatsApp take a number with or without their word, and a text of 1,600`() {
        let form = WhatsAppMessage.twilio(
            stageFailed().with { $0.text = String(repeating: "x", count: 5000) },
            from: "whatsapp:+1",
            to: "+2",
            content: nil
        )
        #expect(form.hasPrefix("From=whatsapp%3A%2B1&To=whatsapp%3A%2B2&Body="))
        #expect(form.count < 1600 + 300)
    }

    @Test func `of Telegram may refuse with a status of 200`() async throws {
        let telegram = try Receiver(Receiver.answer(200, #"{"ok":false,"description":"no"}"#))
        let config: JSONValue = ["bot_token": "1:a", "chat_id": 1, "api_base": .text(telegram.url)]
        #expect(
            await sender().send(stageFailed(), over: channel(.telegram, config))
                == .refused(status: 200, why: "no")
        )
    }

    @Test func `that repeat alerts get them in the channel's words`() async throws {
        let alertmanager = try Receiver(Receiver.answer(200))
        let config: JSONValue = ["url": .text(alertmanager.url), "title_template": "{event}!"]
        #expect(
            await sender().repeatAlerts([stageFailed()], over: channel(.alertmanager, config)).isSent
        )
        let alert = try alertmanager.requests[0].json.elements.first { _ in true }
        #expect(alert?["annotations"]?["summary"]?.string == "stage_failed!")
    }
}

@Suite struct `A mail, to the letter` {
    private func attempt(_ config: JSONValue) -> Attempt {
        Attempt(sender: sender(), notification: stageFailed(), configuration: channel(.email, config))
    }

    @Test func `is protected unless somebody says otherwise`() {
        let security = { (config: JSONValue) in "\(attempt(config).port) \(attempt(config).security)" }
        #expect(security([:]) == "587 startTLS")
        #expect(security(["port": 465]) == "465 implicit")
        #expect(security(["port": 465, "tls": "starttls"]) == "465 startTLS")
        #expect(security(["port": 25, "tls": "none"]) == "25 none")
    }

    @Test func `has no password in the clear unless somebody says so`() async throws {
        let sink = try SMTPSink(SMTPSink.usual)
        let config: JSONValue = [
            "smtp_host": "127.0.0.1", "port": .number(Array(String(sink.port).utf8)), "tls": "none",
            "to": ["a@example.org"], "user": "u", "password": "p",
        ]
        #expect(await sender().send(stageFailed(), over: channel(.email, config)).isRefused)
        #expect(sink.commands.isEmpty)
    }

    @Test(arguments: [
        ("a@b.org", true), (".a@b.org", false), ("a.@b.org", false), ("a@-b.org", false), ("a@b-.org", false),
        ("a@b..org", false), (String(repeating: "a", count: 64) + "@b.org", true),
        (String(repeating: "a", count: 65) + "@b.org", false),
        ("a@" + Array(repeating: String(repeating: "b", count: 62), count: 4).joined(separator: "."), true),
        ("a@" + Array(repeating: String(repeating: "b", count: 63), count: 4).joined(separator: "."), false),
    ])
    func `has addresses that are some`(text: String, isOne: Bool) {
        #expect((MailAddress(text) != nil) == isOne)
    }

    @Test func `has a subject that says that it is over, and none that decodes to another`() {
        #expect(
            MailMessage.subject(stageFailed(.beampipe).resolved)
                == "[beampipe] resolved — Stage recovered: Pipeline 12 stage 34 failed (charge-card)"
        )
        #expect(EncodedWord.header("=?UTF-8?B?eA==?=", after: 9) == "=?UTF-8?B?PT9VVEYtOD9CP2VBPT0/PQ==?=")
    }

    @Test func `has lines in its head that every server takes`() {
        let notification = stageFailed().with {
            $0.title = String(repeating: "ü", count: 5000)
            $0.incident = String(repeating: "i", count: 5000)
            $0.event = String(repeating: "e", count: 5000)
        }
        let bytes = MailMessage(notification, from: "w@example.org", to: ["a@b"], at: .epoch).bytes
        let head = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n").prefix { $0 != "--" }
        #expect(head.allSatisfy { $0.utf8.count <= 998 })
        #expect(head.filter { $0.contains("=?UTF-8?B?") }.allSatisfy { $0.utf8.count <= 76 })
    }

    @Test func `shows what is in it as text`() {
        let page = MailHTML.page(
            stageFailed().with {
                $0.title = "<b>"
                $0.text = "\"x\" & <i>"
                $0.labels = [("<u>", "<s>")]
                $0.links = [
                    .init(text: "<a>", url: "https://weir/\"onclick=\"x"),
                    .init(text: "bad", url: "javascript:x"),
                ]
            }
        )
        #expect(page.contains("[ERROR] &lt;b&gt;</h2>\n<p>&quot;x&quot; &amp; &lt;i&gt;</p>"))
        #expect(page.contains("<tr><th align=\"left\">&lt;u&gt;</th><td>&lt;s&gt;</td></tr>"))
        #expect(page.contains("<p><a href=\"https://weir/&quot;onclick=&quot;x\">&lt;a&gt;</a></p>"))
        #expect(!page.contains("javascript"))
    }
}

@Suite struct `A command, to the letter` {
    @Test func `has no file of Weir's open, and none on the disk`() async throws {
        // A file that whoever opened it forgot to close on exec.
        let file = open("/dev/null", O_RDONLY)
        defer { close(file) }
        let script = "/tmp/weir-command-\(UUID128.random())"
        let text = """
            #!/bin/sh
            [ ! -e /proc/$$/fd/\(file) ] || { echo open >&2; exit 1; }
            case "$(readlink /proc/$$/fd/0)" in *deleted*) ;; *) echo file >&2; exit 2;; esac
            [ "$WEIR_ALERT_TITLE" = ab ] || { echo "$WEIR_ALERT_TITLE" >&2; exit 3; }

            """
        let descriptor = open(script, O_WRONLY | O_CREAT | O_CLOEXEC, 0o755)
        _ = Array(text.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
        defer { unlink(script) }
        let notification = stageFailed().with {
            $0.title = "a\0b"
            // No variable may be larger than 128 KiB.
            $0.text = String(repeating: "x", count: 200_000)
        }
        let sender = sender { $0.commands = [script] }
        #expect(
            await sender.send(notification, over: channel(.exec, ["command": [.text(script)]]))
                == .sent(status: 0, note: nil)
        )
    }
}
