import TestKit
import Testing

@testable import Notifications

@Suite struct `Slack's incoming webhooks` {
    @Test func `get a fallback text and an attachment of blocks`() async throws {
        let slack = try Receiver(Receiver.answer(200, "ok"))
        let notification = stageFailed().with {
            $0.links = [.init(text: "View trace", url: "https://weir/t/1")]
        }
        let outcome = await sender().send(
            notification,
            over: channel(.slack, ["url": .text("\(slack.url)/services/T/B/x")])
        )
        #expect(outcome == .sent(status: 200, note: nil))
        #expect(slack.requests[0].line == "POST /services/T/B/x HTTP/1.1")
        #expect(slack.requests[0].field("Content-Type") == "application/json")
        #expect(
            try json(slack.requests[0].body)
                == json(
                    """
                    {"text":"[ERROR] Stage failed: Pipeline 12 stage 34 failed (charge-card)",
                     "attachments":[{"color":"#D13438","blocks":[
                      {"type":"header","text":{"type":"plain_text","text":"Stage failed"}},
                      {"type":"section","text":{"type":"mrkdwn","text":"Pipeline 12 stage 34 failed (charge-card)"}},
                      {"type":"section","fields":[{"type":"mrkdwn","text":"*Event*\\nstage_failed"},
                       {"type":"mrkdwn","text":"*Time*\\n2026-02-16T12:00:00Z"}]},
                      {"type":"actions","elements":[
                       {"type":"button","text":{"type":"plain_text","text":"View trace"},"url":"https://weir/t/1"}]}]}]}
                    """
                )
        )
    }

    @Test func `escape three characters and no others`() {
        #expect(SlackMessage.escaped("a<b> & *c* _d_", 100) == "a&lt;b&gt; &amp; *c* _d_")
    }

    @Test func `are green when it is over`() throws {
        let body = SlackMessage.body(stageFailed().resolved)
        #expect(body["text"] == "[RESOLVED] Stage recovered: Pipeline 12 stage 34 failed (charge-card)")
        #expect(body["attachments"]?.elements?[0]["color"] == "#2EA043")
    }

    @Test(arguments: [
        (400, "invalid_payload", "refused"), (403, "action_prohibited", "refused"),
        (404, "no_service", "gone"),
        (410, "channel_is_archived", "gone"), (500, "rollup_error", "again"), (429, "", "again"),
        (200, "no_text", "refused"),
    ])
    func `answer in words`(status: Int, word: String, meaning: String) async throws {
        let slack = try Receiver(Receiver.answer(status, word, "Retry-After: 30"))
        let outcome = await sender().send(
            stageFailed(),
            over: channel(.slack, ["url": .text("\(slack.url)/s")])
        )
        let expected = "HTTP \(status)" + (word.isEmpty ? "" : ": \(word)")
        switch meaning {
        case "refused": #expect(outcome == .refused(status: status, why: expected))
        case "gone": #expect(outcome == .gone(status: status, why: expected))
        default: #expect(outcome == .again(status: status, after: .seconds(30), why: expected))
        }
    }
}
