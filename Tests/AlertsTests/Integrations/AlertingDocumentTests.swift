import Core
import FeatureTestKit
import HTTP
import Notifications
import Postgres
import TestKit
import Testing

@testable import Alerts

@Suite("The alerting document", .serialized)
struct AlertingDocumentTests {
    static func save(_ weir: AlertsHarness, _ config: String) async throws {
        let answer = try await weir.post(
            "/observability/config",
            #"{"type":"alerting","config":\#(config)}"#
        )
        try #require(answer.status == 200, "\(answer.text)")
    }

    private static func rules(_ weir: AlertsHarness) async throws -> [JSONNode] {
        try await weir.feature.send(.get, "/api/v2/alert-rules").json.elements
            .filter { $0["origin"]?.string == "observability" }
    }

    @Test func `makes a channel and a rule for each selected channel, with ids that stay`() async throws {
        let weir = try AlertsHarness()
        try await Self.save(
            weir,
            #"{"channels":["webhook","slack"],"enabledEvents":["stage_failed","worker_failed"],"webhookUrl":"http://h.example/x","slackWebhookUrl":"http://s.example/y","channelEvents":{"slack":["worker_failed"]},"minSeverity":{"slack":"error"},"sendResolved":true}"#
        )
        let made = try await Self.rules(weir)
        #expect(made.map { $0["name"]?.string } == ["observability/slack", "observability/webhook"])
        #expect(made.map { $0["origin"]?.string } == ["observability", "observability"])
        #expect(made.map { $0["trigger_kind"]?.string } == ["event", "event"])
        #expect(made.map { $0["severity"]?.string } == ["event", "event"])
        #expect(made.map { $0["cooldown_seconds"]?.int64 } == [300, 300])
        #expect(made.map { $0["send_resolved"]?.bool } == [true, true])
        #expect(made[0]["trigger_config"]?["events"]?.elements.map(\.string) == ["worker_failed"])
        #expect(made[0]["trigger_config"]?["min_severity"]?.string == "error")
        #expect(
            made[1]["trigger_config"]?["events"]?.elements.map(\.string) == ["stage_failed", "worker_failed"]
        )
        try await Self.save(
            weir,
            #"{"channels":["webhook"],"enabledEvents":["stage_failed"],"webhookUrl":"********","dedupeWindowSeconds":"60"}"#
        )
        let changed = try await Self.rules(weir)
        #expect(changed.map { $0["uuid"]?.string } == [made[1]["uuid"]?.string])
        #expect(
            changed.map { $0["channel_ids"]?.elements.map(\.string) }
                == [made[1]["channel_ids"]?.elements.map(\.string)]
        )
        #expect(changed.map { $0["cooldown_seconds"]?.int64 } == [60])
        #expect(changed.map { $0["send_resolved"]?.bool } == [false])
    }

    @Test func `is switched off by its flag, and by empty lists`() async throws {
        let weir = try AlertsHarness()
        let rest = #""enabledEvents":["stage_failed"],"webhookUrl":"http://h.example/x""#
        try await Self.save(weir, #"{"channels":["webhook"],\#(rest),"enabled":false}"#)
        #expect(try await Self.rules(weir).map { $0["enabled"]?.bool } == [false])
        try await Self.save(weir, #"{"channels":["webhook"],\#(rest)}"#)
        #expect(try await Self.rules(weir).map { $0["enabled"]?.bool } == [true])
        try await Self.save(weir, #"{"channels":["webhook"],"enabledEvents":[],"webhookUrl":"********"}"#)
        #expect(try await Self.rules(weir).isEmpty)
        try await Self.save(weir, #"{"channels":[],\#(rest)}"#)
        #expect(try await Self.rules(weir).isEmpty)
    }

    @Test func `sends over the channels that are complete, whatever another lacks`() async throws {
        let weir = try AlertsHarness()
        try await Self.save(
            weir,
            #"{"channels":["webhook","telegram"],"enabledEvents":["stage_failed"],"webhookUrl":"http://h.example/x"}"#
        )
        #expect(try await Self.rules(weir).map { $0["name"]?.string } == ["observability/webhook"])
        let status = try await weir.feature.send(.get, "/observability/status").json["alerting"]
        #expect(status?["configured"]?.bool == false)
    }

    @Test func `makes measured rules of the events that nothing announces`() async throws {
        let weir = try AlertsHarness()
        try await Self.save(
            weir,
            #"{"channels":["webhook"],"enabledEvents":["queue_backlog_high","dlq_message_detected","pipeline_stuck"],"webhookUrl":"http://h.example/x","queueBacklogThreshold":5,"pipelineStuckAfterSeconds":60}"#
        )
        let rules = try await Self.rules(weir)
        #expect(
            rules.map { $0["name"]?.string } == [
                "observability/webhook/dlq_message_detected", "observability/webhook/pipeline_stuck",
                "observability/webhook/queue_backlog_high",
            ]
        )
        #expect(
            rules.map { $0["trigger_kind"]?.string } == ["dead_letters", "run_stuck", "pending_backlog"]
        )
        #expect(rules[1]["trigger_config"]?["after_seconds"]?.double == 60)
        #expect(rules[2]["trigger_config"]?["threshold"]?.double == 5)
        // Two evaluations, one after the other.
        #expect(rules[2]["trigger_config"]?["for_seconds"]?.double == 1)
    }

    @Test func `tells of a backlog with the queue, its depth and the threshold`() async throws {
        let weir = try AlertsHarness()
        let hook = try Receiver(Receiver.answer(200))
        try await weir.start()
        weir.values.give([MeasuredValue(["project": "orders"], ["tasks": 1200, "oldest": 5])], to: .pending)
        try await Self.save(
            weir,
            #"{"channels":["webhook"],"enabledEvents":["queue_backlog_high"],"webhookUrl":"\#(hook.url)/x"}"#
        )
        try await weir.eventually { hook.requests.count == 1 }
        let alert = try #require(hook.requests.first).json["alert"]
        #expect(alert?["event"]?.string == "queue_backlog_high")
        #expect(alert?["dedupeKey"]?.string == "queue_backlog_high:orders")
        #expect(
            alert?["details"].map {
                IntegrationDocument.areEqual(
                    JSONValue($0),
                    ["queue": "orders", "depth": 1200, "threshold": 1000]
                )
            }
                == true
        )
    }

    @Test func `keeps its rules and channels from other hands`() async throws {
        let weir = try AlertsHarness()
        try await Self.save(
            weir,
            #"{"channels":["webhook"],"enabledEvents":["stage_failed"],"webhookUrl":"http://h.example/x"}"#
        )
        let rule = try #require(try await Self.rules(weir).first)
        for (kind, id) in [
            ("alert-rules", rule["uuid"]?.string),
            ("notification-channels", rule["channel_ids"]?.elements.compactMap(\.string).first),
        ] {
            let path = "/api/v2/\(kind)/\(id ?? "")"
            let changed = try await weir.patch(path, #"{"enabled":false}"#)
            #expect(changed.status == 409)
            #expect(try changed.json["error"]?.string?.contains("POST /observability/config") == true)
            #expect(try await weir.feature.send(.delete, path).status == 409)
        }
        let named = try await weir.post(
            "/api/v2/notification-channels",
            #"{"name":"observability/teams","kind":"teams","config":{"url":"http://h.example/x"}}"#
        )
        #expect(named.status == 400)
        try await weir.execute(
            "INSERT INTO notification_channel (uuid, name, kind) VALUES (gen_random_uuid(), 'observability/slack', 'slack')"
        )
        let answer = try await weir.post(
            "/observability/config",
            #"{"type":"alerting","config":{"channels":["slack"],"enabledEvents":["stage_failed"],"slackWebhookUrl":"http://s.example/y"}}"#
        )
        #expect(answer.status == 400)
        #expect(try answer.json["error"]?["details"]?["value"]?.string == "slack")
        #expect(try await weir.document("alerting").contains("webhook"))
    }

    @Test func `that the original has written is taken over at the start, and its secrets are sealed`()
        async throws
    {
        let first = try AlertsHarness()
        try await first.eventually { try await first.hasIntegrations() }
        try await first.execute(
            """
            UPDATE observability_integration_config
            SET config_json = '{"channels":["webhook"],"enabledEvents":["stage_failed"],"webhookUrl":"http://h.example/very-secret"}'
            WHERE type = 'alerting'
            """
        )
        let second = try AlertsHarness(over: first.feature.database)
        try await second.eventually { try await !second.document("alerting").contains("very-secret") }
        #expect(try await Self.rules(second).map { $0["name"]?.string } == ["observability/webhook"])
        let list = try await second.feature.send(.get, "/observability/config")
        let shown = try IntegrationRoutesTests.integration(list, "alerting")
        #expect(shown?["status"]?.string == "configured")
        #expect(shown?["config"]?["webhookUrl"]?.string == "********")
    }
}

extension AlertsHarness {
    func hasIntegrations() async throws -> Bool {
        try await feature.pool.withConnection { connection in
            try !connection.execute("SELECT FROM observability_integration_config", []).isEmpty
        }
    }
}
