import Core
import TestKit
import Testing

@testable import Notifications

@Suite struct `PagerDuty's Events API v2` {
    private static let key = "0123456789abcdef0123456789abcdef"

    private func config(_ receiver: Receiver) -> ChannelConfiguration {
        channel(.pagerduty, ["routing_key": .text(Self.key), "api_base": .text(receiver.url)])
    }

    @Test func `gets a trigger`() async throws {
        let pagerDuty = try Receiver(
            Receiver.answer(202, #"{"status":"success","message":"Event processed","dedup_key":"x"}"#)
        )
        let notification = stageFailed().with {
            $0.links = [.init(text: "View trace", url: "https://weir/t/1")]
            $0.labels = [("project", "orders.checkout"), ("stage_name", "charge-card")]
            $0.facts = [.init(name: "pipelineId", json: Array("12".utf8))]
        }
        #expect(await sender().send(notification, over: config(pagerDuty)) == .sent(status: 202, note: nil))
        #expect(pagerDuty.requests[0].line == "POST /v2/enqueue HTTP/1.1")
        #expect(
            try json(pagerDuty.requests[0].body)
                == json(
                    """
                    {"routing_key":"\(Self.key)","event_action":"trigger","dedup_key":"pipelogiq/stage_failed/12:34",
                     "client":"Pipelogiq","client_url":"https://weir/t/1",
                     "links":[{"href":"https://weir/t/1","text":"View trace"}],
                     "payload":{"summary":"Stage failed: Pipeline 12 stage 34 failed (charge-card)",
                      "source":"pipelogiq","severity":"error","timestamp":"2026-02-16T12:00:00Z",
                      "component":"charge-card","group":"orders.checkout","class":"stage_failed",
                      "custom_details":{"pipelineId":12,"project":"orders.checkout","stage_name":"charge-card",
                       "text":"Pipeline 12 stage 34 failed (charge-card)"}}}
                    """
                )
        )
    }

    @Test func `gets a resolve with the same key`() throws {
        #expect(
            try PagerDutyEvent.body(stageFailed().resolved, key: Self.key)
                == json(
                    """
                    {"routing_key":"\(Self.key)","event_action":"resolve","dedup_key":"pipelogiq/stage_failed/12:34"}
                    """
                )
        )
    }

    @Test func `gets keys of 255 bytes at most, which stay different`() {
        let keys = ["a", "b"].map { StableKey.fit(String(repeating: "ü", count: 300) + $0, 255) }
        #expect(keys[0] != keys[1] && keys.allSatisfy { $0.utf8.count <= 255 && $0.utf8.count > 250 })
    }

    @Test func `gets at most 512 KB`() {
        let notification = stageFailed().with {
            $0.facts = [.init(name: "log", json: JSONText.quoted(String(repeating: "x", count: 600_000)))]
        }
        let body = PagerDutyEvent.body(notification, key: Self.key)
        #expect(body.json.count <= 512 << 10)
        #expect(body["payload"]?["custom_details"]?["cut"] == "the details were too large")
    }

    @Test func `says what is invalid`() async throws {
        let pagerDuty = try Receiver(
            Receiver.answer(
                400,
                #"{"status":"invalid event","message":"Event object is invalid","errors":["'routing_key' is bad"]}"#
            )
        )
        #expect(
            await sender().send(stageFailed(), over: config(pagerDuty))
                == .refused(status: 400, why: "HTTP 400: Event object is invalid; 'routing_key' is bad")
        )
    }
}

@Suite struct `Opsgenie's alerts` {
    private func config(_ receiver: Receiver) -> ChannelConfiguration {
        channel(
            .opsgenie,
            [
                "api_key": "genie-key", "api_url": .text(receiver.url),
                "responders": [["type": "team", "name": "ops"]],
            ]
        )
    }

    @Test func `are created with an alias`() async throws {
        let opsgenie = try Receiver(
            Receiver.answer(202, #"{"result":"Request will be processed","took":0.3}"#)
        )
        let notification = stageFailed().with {
            $0.facts = [.init(name: "pipelineId", json: Array("12".utf8))]
        }
        #expect(await sender().send(notification, over: config(opsgenie)) == .sent(status: 202, note: nil))
        let request = opsgenie.requests[0]
        #expect(request.line == "POST /v2/alerts HTTP/1.1")
        #expect(request.field("Authorization") == "GenieKey genie-key")
        #expect(
            try json(request.body)
                == json(
                    #"""
                    {"message":"Stage failed: Pipeline 12 stage 34 failed (charge-card)",
                     "alias":"pipelogiq/stage_failed/12:34",
                     "description":"[ERROR] Stage failed\nPipeline 12 stage 34 failed (charge-card)\nevent: stage_failed\ntime: 2026-02-16T12:00:00Z\npipelineId: 12",
                     "responders":[{"type":"team","name":"ops"}],"tags":["stage_failed","error"],
                     "details":{"pipelineId":"12"},"source":"pipelogiq","priority":"P2"}
                    """#
                )
        )
    }

    @Test func `are closed by their alias`() async throws {
        let opsgenie = try Receiver(Receiver.answer(202, "{}"))
        #expect(await sender().send(stageFailed().resolved, over: config(opsgenie)).isSent)
        #expect(
            opsgenie.requests[0].line
                == "POST /v2/alerts/pipelogiq%2Fstage_failed%2F12%3A34/close?identifierType=alias HTTP/1.1"
        )
        #expect(try opsgenie.requests[0].json["source"]?.string == "pipelogiq")
    }

    @Test(arguments: [(401, false), (403, false), (422, false), (429, true), (503, true)])
    func `are refused or wanted again`(status: Int, isAgain: Bool) async throws {
        let opsgenie = try Receiver(Receiver.answer(status, #"{"message":"why, GenieKey genie-key"}"#))
        let outcome = await sender().send(stageFailed(), over: config(opsgenie))
        #expect(outcome.isAgain == isAgain && outcome.isRefused == !isAgain)
        #expect(outcome.why == "HTTP \(status): why, GenieKey [REDACTED]")
    }
}

@Suite struct `Alertmanager's API v2` {
    private static let failed = stageFailed(.beampipe).with {
        $0.labels = [("project", "orders"), ("stage.name", "charge-card"), ("empty", "")]
        $0.links = [.init(text: "View run", url: "https://weir/r/1")]
    }

    @Test func `gets an alert that ends in five minutes unless it is sent again`() async throws {
        let alertmanager = try Receiver(Receiver.answer(200))
        let config: JSONValue = [
            "url": .text("\(alertmanager.url)/am/"), "user": "weir", "password": "pass-word",
        ]
        #expect(await sender().send(Self.failed, over: channel(.alertmanager, config)).isSent)
        let request = alertmanager.requests[0]
        #expect(request.line == "POST /am/api/v2/alerts HTTP/1.1")
        #expect(request.field("Authorization") == "Basic d2VpcjpwYXNzLXdvcmQ=")
        #expect(
            try json(request.body)
                == json(
                    """
                    [{"labels":{"alertname":"stage_failed","severity":"error","incident":"pipelogiq/stage_failed/12:34",
                       "project":"orders","stage_name":"charge-card"},
                      "annotations":{"summary":"Stage failed",
                       "description":"Pipeline 12 stage 34 failed (charge-card)"},
                      "startsAt":"2026-02-16T12:00:00.000000Z","endsAt":"2026-02-16T12:05:05.000000Z",
                      "generatorURL":"https://weir/r/1"}]
                    """
                )
        )
    }

    @Test func `knows a resolved alert by the same labels`() {
        let firing = AlertmanagerAlert.body(Self.failed, .latest)
        let resolved = AlertmanagerAlert.body(Self.failed.resolved, .latest)
        #expect(firing["labels"] == resolved["labels"] && firing["startsAt"] == resolved["startsAt"])
        #expect(resolved["endsAt"] == "2026-02-16T12:30:00.000000Z")
        let early = AlertmanagerAlert.body(Self.failed.resolved.with { $0.at = .epoch }, .latest)
        #expect(early["endsAt"] == early["startsAt"])
    }

    @Test func `takes a bearer token`() async throws {
        let alertmanager = try Receiver(Receiver.answer(200))
        let config: JSONValue = ["url": .text(alertmanager.url), "token": "tok-en"]
        #expect(await sender().send(Self.failed, over: channel(.alertmanager, config)).isSent)
        #expect(alertmanager.requests[0].field("Authorization") == "Bearer tok-en")
    }

    @Test(arguments: [("a", "a"), ("a-b.c", "a_b_c"), ("9a", "_9a"), ("ü", "_"), ("", "_")])
    func `gets names that every version takes`(name: String, label: String) {
        #expect(AlertmanagerAlert.labelName(name) == label)
    }
}
