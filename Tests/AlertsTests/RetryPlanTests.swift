import Core
import Notifications
import Testing

@testable import Alerts

@Suite("Attempts")
struct RetryPlanTests {
    private func result(
        _ outcome: SendOutcome,
        _ attempts: Int = 1,
        of most: Int = 8,
        jitter: Double = 0
    ) -> AttemptResult {
        RetryPlan().result(
            of: outcome,
            attempts: attempts,
            mostAttempts: most,
            milliseconds: 7,
            jitter: jitter
        )
    }

    @Test func `pause three times as long after each, up to fifteen minutes, a fifth more or less`() {
        let busy = SendOutcome.again(status: 503, after: nil, why: "busy")
        #expect((1...7).map { result(busy, $0).pause / .seconds(1) } == [5, 15, 45, 135, 405, 900, 900])
        #expect(result(busy, 1, jitter: 1).pause == .seconds(6))
        #expect(result(busy, 1, jitter: -1).pause == .seconds(4))
        #expect(result(busy).status == "retrying" && result(busy).error == "busy")
        #expect(result(busy).httpStatus == 503 && result(busy).milliseconds == 7)
    }

    @Test func `wait as long as the receiver wishes, an hour at most`() {
        func pause(_ wish: Duration, _ attempts: Int = 1) -> Duration {
            result(.again(status: 429, after: wish, why: ""), attempts).pause
        }
        #expect(pause(.seconds(120)) == .seconds(120) && pause(.seconds(7200)) == .seconds(3600))
        #expect(pause(.seconds(1), 3) == .seconds(45))
    }

    @Test func `are given up after the last`() {
        let busy = SendOutcome.again(status: 503, after: .seconds(9), why: "busy")
        #expect(result(busy, 7).status == "retrying")
        #expect(result(busy, 8).status == "failed")
        #expect(result(busy, 8).error == "busy (given up after 8 attempts)")
        #expect(result(busy, 1, of: 1).error == "busy")
    }

    @Test func `are over when the receiver has taken it, or never will`() {
        #expect(result(.sent(status: 250, note: "not taken: x")).status == "sent")
        #expect(result(.sent(status: 250, note: "not taken: x")).error == "not taken: x")
        #expect(result(.refused(status: 400, why: "bad")).status == "failed")
        #expect(result(.gone(status: 410, why: "gone")).status == "failed")
    }
}

@Suite("Messages as they are stored")
struct MessageDocumentTests {
    @Test func `are the same when they are read`() throws {
        var message = AlertNotification(
            id: .random(),
            incident: "weir/1",
            state: .resolved,
            event: "pipeline_failed",
            severity: .critical,
            title: "Title",
            text: "Text",
            at: Timestamp(microseconds: 1_780_000_000_000_001),
            startedAt: Timestamp(microseconds: 1_770_000_000_000_002)
        )
        message.facts = [.init(name: "n", json: Array("1.50".utf8))]
        message.labels = [("b", "1"), ("a", "2")]
        message.links = [.init(text: "View", url: "https://weir/1")]
        message.suppressed = 3
        message.dialect = .pipelogiq
        let body = Array(#"{"any":1}"#.utf8)
        let read = try #require(
            MessageDocument.decode(MessageDocument.encode(message), id: message.id, body: body)
        )
        #expect(read.id == message.id && read.incident == "weir/1" && read.state == .resolved)
        #expect(read.event == "pipeline_failed" && read.severity == .critical)
        #expect(read.title == "Title" && read.text == "Text")
        #expect(read.at == message.at && read.startedAt == message.startedAt)
        #expect(read.facts == message.facts && read.links == message.links)
        #expect(read.labels.map { "\($0.name)=\($0.value)" } == ["b=1", "a=2"])
        #expect(read.suppressed == 3 && read.dialect == .pipelogiq && read.body == body)
        #expect(MessageDocument.decode(Array("{}".utf8), id: message.id, body: []) == nil)
    }

    @Test func `have the alert object of the original`() {
        func body(_ details: String, _ change: (inout AlertObject) -> Void = { _ in }) -> String {
            var alert = AlertObject(
                event: "e",
                title: "t",
                message: "m",
                severity: .critical,
                at: Timestamp(microseconds: 1_780_000_000_000_000),
                dedupeKey: "k",
                details: Array(details.utf8)
            )
            change(&alert)
            return String(decoding: alert.webhookBody, as: UTF8.self)
        }
        let head =
            #"{"source":"pipelogiq","channel":"webhook","alert":{"event":"e","title":"t","message":"m","#
        #expect(
            body("{}")
                == head + #""severity":"error","timestamp":"2026-05-28T20:26:40Z","dedupeKey":"k"}}"#
        )
        let whole = body(#"{"a":1}"#) { ($0.channels, $0.isResolved, $0.suppressed) = (["webhook"], true, 2) }
        #expect(
            whole.hasSuffix(
                #""details":{"a":1},"channels":["webhook"],"status":"resolved","suppressed":2}}"#
            )
        )
    }
}
