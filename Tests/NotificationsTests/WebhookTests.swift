import Core
import TestKit
import Testing

@testable import Notifications

@Suite struct `A generic webhook` {
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    @Test func `gets the body as it is, and its headers`() async throws {
        let receiver = try Receiver(Receiver.answer(204))
        let notification = stageFailed().with { $0.body = Array(#"{"source":"pipelogiq","any":1}"#.utf8) }
        let config: JSONValue = [
            "url": .text("\(receiver.url)/hook?key=1"),
            "headers": ["X-Team": "radio", "Authorization": "Bearer abcd"],
        ]
        #expect(
            await sender().send(notification, over: channel(.webhook, config))
                == .sent(status: 204, note: nil)
        )
        let request = receiver.requests[0]
        #expect(request.line == "POST /hook?key=1 HTTP/1.1")
        #expect(request.text == #"{"source":"pipelogiq","any":1}"#)
        #expect(request.field("X-Team") == "radio" && request.field("Authorization") == "Bearer abcd")
        #expect(request.field("Content-Type") == "application/json" && request.field("User-Agent") == "Weir")
        #expect(request.field("X-Pipelogiq-Event") == "stage_failed")
        let id = "0198a3b4-0000-4000-8000-000000000001"
        for name in ["X-Pipelogiq-Delivery", "Idempotency-Key", "webhook-id"] {
            #expect(request.field(name) == id)
        }
        #expect(request.field("webhook-timestamp") == "1771243205")
        #expect(request.field("X-Pipelogiq-Signature") == nil && request.field("webhook-signature") == nil)
    }

    @Test func `is signed with a secret, in both ways`() async throws {
        let receiver = try Receiver(Receiver.answer(200))
        let notification = stageFailed().with { $0.body = Array(#"{"test": 2432232314}"#.utf8) }
        let config: JSONValue = ["url": .text("\(receiver.url)/"), "secret": .text(Self.secret)]
        #expect(await sender().send(notification, over: channel(.webhook, config)).isSent)
        let request = receiver.requests[0]
        #expect(request.field("X-Pipelogiq-Signature")?.hasPrefix("t=1771243205,v1=") == true)
        #expect(request.field("webhook-signature")?.hasPrefix("v1,") == true)
    }

    /// The example of the Standard Webhooks' documentation.
    @Test func `is signed as Standard Webhooks' own example`() {
        let signature = WebhookSignature(secret: Self.secret)
        let code = signature.standard(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            Array(#"{"test": 2432232314}"#.utf8)
        )
        #expect(code == "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test func `has Slack's short form as a template`() async throws {
        let receiver = try Receiver(Receiver.answer(200))
        let notification = stageFailed(.beampipe).with { $0.labels = [("project", "wallaby")] }
        let config: JSONValue = ["url": .text("\(receiver.url)/"), "template": "slack"]
        #expect(await sender().send(notification, over: channel(.webhook, config)).isSent)
        #expect(
            receiver.requests[0].text
                == #"{"text":"*error* [wallaby]\nPipeline 12 stage 34 failed (charge-card)"}"#
        )
    }

    @Test func `has PagerDuty's form as a template`() async throws {
        let receiver = try Receiver(Receiver.answer(202))
        let notification = stageFailed(.beampipe).with {
            $0.body = Array(#"{"alert":"execution.failed"}"#.utf8)
        }
        let config: JSONValue = [
            "url": .text("\(receiver.url)/"), "template": "pagerduty", "routing_key": "R0UTE",
        ]
        #expect(await sender().send(notification, over: channel(.webhook, config)).isSent)
        #expect(
            try json(receiver.requests[0].body)
                == json(
                    """
                    {"routing_key":"R0UTE","event_action":"trigger","dedup_key":"pipelogiq/stage_failed/12:34",
                     "payload":{"summary":"Stage failed: Pipeline 12 stage 34 failed (charge-card)","severity":"error",
                      "source":"beampipe-v2","custom_details":{"alert":"execution.failed"}}}
                    """
                )
        )
    }

    @Test(arguments: [
        (200, "sent"), (202, "sent"), (302, "refused"), (400, "refused"), (401, "refused"), (404, "refused"),
        (408, "again"), (410, "gone"), (413, "refused"), (425, "again"), (429, "again"), (500, "again"),
        (503, "again"),
    ])
    func `is understood by its status`(status: Int, meaning: String) async throws {
        let receiver = try Receiver(Receiver.answer(status, "", "Location: http://127.0.0.1:9/secret"))
        let outcome = await sender().send(
            stageFailed(),
            over: channel(.webhook, ["url": .text("\(receiver.url)/")])
        )
        let word =
            switch outcome {
            case .sent: "sent"
            case .again: "again"
            case .refused: "refused"
            case .gone: "gone"
            }
        #expect(word == meaning && receiver.requests.count == 1)
        #expect(outcome.isSent || outcome.why.hasPrefix("HTTP \(status)"))
        #expect(!outcome.why.contains("secret"))
    }

    @Test(arguments: [
        ("Retry-After: 120", 120_000), ("Retry-After: 1.5", 1500),
        ("Retry-After: Mon, 16 Feb 2026 12:01:05 GMT", 60_000),
        ("Retry-After: Mon, 16 Feb 2026 11:00:00 GMT", 0),
        ("Retry-After: 9999999", 86_400_000),
    ])
    func `says how long it wants to be left alone`(field: String, milliseconds: Int) async throws {
        let receiver = try Receiver(Receiver.answer(503, "", field))
        let outcome = await sender().send(
            stageFailed(),
            over: channel(.webhook, ["url": .text("\(receiver.url)/")])
        )
        #expect(outcome == .again(status: 503, after: .milliseconds(milliseconds), why: "HTTP 503"))
    }
}
