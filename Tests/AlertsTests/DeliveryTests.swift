import Core
import FeatureTestKit
import HTTP
import Ingest
import Postgres
import TestKit
import Testing

@testable import Alerts

@Suite("Deliveries", .serialized)
struct DeliveryTests {
    private static let ok = Receiver.answer(200, "{}")

    @Test func `bring a failed run to a webhook in the contract's form, and its end`() async throws {
        let weir = try AlertsHarness()
        try await weir.start()
        let receiver = try Receiver(Self.ok)
        let channel = try await weir.channel(receiver.url + "/hook")
        let rule = try await weir.rule(
            #""trigger_kind":"execution_terminal","trigger_config":{},"severity":"critical","send_resolved":true"#,
            to: channel
        )
        let detail = #"{"agent_name":"backup","run_id":"r1","error_summary":"disk full"}"#
        try await weir.happen("run.failed", "e1", detail)
        try await weir.eventually { receiver.requests.count == 1 }
        let fired = try receiver.requests[0].json
        #expect(fired["alert"]?.string == "execution.failed")
        #expect(fired["severity"]?.string == "critical")
        #expect(fired["project_module"]?.string == "")
        #expect(fired["summary"]?.string == "Run r1 of backup failed: disk full")
        #expect(fired["links"]?["events"]?.string == "/api/v2/executions/e1/events")
        #expect(fired["fired_at"]?.string?.hasSuffix("+00:00") == true)
        try await weir.happen("run.succeeded", "e2", detail)
        try await weir.eventually { receiver.requests.count == 2 }
        #expect(try receiver.requests[1].json["status"]?.string == "resolved")
        // An attempt is recorded after it was made.
        try await weir.eventually {
            try await weir.deliveries().map { $0["status"]?.string } == ["sent", "sent"]
        }
        let list = try await weir.deliveries()
        #expect(list.map { $0["state"]?.string } == ["resolved", "firing"])
        #expect(list.map { $0["rule_id"]?.string } == [rule, rule])
        #expect(
            receiver.requests.map { $0.field("webhook-id") } == list.reversed().map { $0["uuid"]?.string }
        )
    }

    /// Contract beampipe §4.2, §11.5.
    @Test func `are 50 in a list, or from 1 to 500, whatever number is asked for`() async throws {
        let weir = try AlertsHarness.keeping()
        try weir.makeRules()
        try weir.feature.database.execute(
            """
            INSERT INTO alert_delivery (uuid, channel_id, status, state, event, message, max_attempts, created_at)
            SELECT gen_random_uuid(), '\(AlertsHarness.channel)', 'sent', 'firing', 'e' || i, '{}', 8,
                   timestamptz '2026-01-01' + i * interval '1 second'
            FROM generate_series(1, 501) i
            """
        )
        for (query, count) in [
            ("", 50), ("?limit=0", 1), ("?limit=-7", 1), ("?limit=500", 500), ("?limit=9999", 500),
        ] {
            let list = try await weir.feature.send(.get, "/api/v2/alert-deliveries\(query)")
            #expect(try list.json.elements.reduce(0) { n, _ in n + 1 } == count, "\(query)")
            #expect(
                try list.json.elements.first { _ in true }?["created_at"]?.string
                    == "2026-01-01T00:08:21.000000Z"
            )
        }
        #expect(try await weir.feature.send(.get, "/api/v2/alert-deliveries?limit=x").status == 400)
    }

    /// They say who is to be told of the end.
    @Test(arguments: ["purge", "retention"])
    func `of an incident that fires are kept, however old they are`(by way: String) async throws {
        let weir = try AlertsHarness.keeping()
        try weir.makeRules()
        for number in 1...2 { try weir.makeIncident(number) }
        try weir.feature.database.execute(
            """
            UPDATE alert_incident SET status = 'resolved', resolved_at = now(), resolved_by = 'event'
            WHERE uuid = '\(AlertsHarness.incident(2))';
            INSERT INTO alert_delivery (
                uuid, channel_id, incident_id, status, state, event, message, max_attempts, created_at
            )
            SELECT gen_random_uuid(), '\(AlertsHarness.channel)', i, 'sent', 'firing', e, '{}', 8, '2026-01-01'
            FROM (
                VALUES ('\(AlertsHarness.incident(1))'::uuid, 'fires'), ('\(AlertsHarness.incident(2))', 'is over'),
                       (NULL, 'a test')
            ) d (i, e)
            """
        )
        if way == "purge" {
            let path = "/api/v2/alert-deliveries?until=2026-02-01T00:00:00Z"
            #expect(try await weir.feature.send(.delete, path).text == #"{"deleted":2}"#)
        } else {
            let rule = try #require(Feature.alerts { _ in weir.values }.retention.first)
            let limit = try #require(Timestamp(iso8601: "2026-02-01T00:00:00Z"))
            let count = try await weir.feature.pool.withConnection {
                try rule.rows.deleteBatch(before: limit, atMost: 10, on: $0)
            }
            #expect(count == 2)
        }
        #expect(try weir.feature.database.rows("SELECT event FROM alert_delivery") == ["fires"])
    }

    @Test func `are repeated with the same id until the receiver takes them, in the order of the channel`()
        async throws
    {
        let weir = try AlertsHarness()
        try await weir.start()
        let receiver = try Receiver(Receiver.answer(503, "", "Retry-After: 1"), Receiver.answer(429), Self.ok)
        let channel = try await weir.channel(receiver.url)
        _ = try await weir.rule(#""trigger_kind":"execution_terminal","trigger_config":{}"#, to: channel)
        try await weir.happen("run.failed", "e1", #"{"agent_name":"a"}"#)
        try await weir.eventually { receiver.requests.count == 1 }
        try await weir.happen("run.failed", "e2", #"{"agent_name":"b"}"#)
        try await weir.hurry()
        try await weir.eventually { receiver.requests.count == 2 }
        try await weir.hurry()
        try await weir.eventually { receiver.requests.count == 4 }
        let ids = receiver.requests.map { $0.field("webhook-id") ?? "" }
        #expect(ids[0] == ids[1])
        #expect(ids[1] == ids[2])
        #expect(ids[3] != ids[0])
        try await weir.eventually {
            try await weir.deliveries().allSatisfy { $0["status"]?.string == "sent" }
        }
        #expect(try await weir.deliveries().map { $0["attempts"]?.int64 } == [1, 3])
    }

    @Test func `fail at once when the receiver refuses, and go out again by hand`() async throws {
        let weir = try AlertsHarness()
        try await weir.start()
        let receiver = try Receiver(Receiver.answer(400, "no"), Self.ok)
        let channel = try await weir.channel(receiver.url)
        _ = try await weir.rule(#""trigger_kind":"execution_terminal","trigger_config":{}"#, to: channel)
        try await weir.happen("run.failed", "e1", #"{"agent_name":"a"}"#)
        try await weir.eventually { try await weir.deliveries().first?["status"]?.string == "failed" }
        let failed = try await weir.deliveries()[0]
        #expect(failed["http_status"]?.int64 == 400)
        #expect(failed["error"]?.string?.contains("HTTP 400") == true)
        let id = failed["uuid"]?.string ?? ""
        #expect(try await weir.feature.send(.post, "/api/v2/alert-deliveries/\(id)/retry").status == 200)
        try await weir.eventually { try await weir.deliveries().first?["status"]?.string == "sent" }
        #expect(receiver.requests.map { $0.field("webhook-id") } == [id, id])
        #expect(try await weir.feature.send(.post, "/api/v2/alert-deliveries/\(id)/retry").status == 409)
    }

    @Test func `of a channel that is deleted while they wait have failed, and stay in the history`()
        async throws
    {
        let weir = try AlertsHarness()
        try await weir.start()
        let receiver = try Receiver(Receiver.answer(503))
        let channel = try await weir.channel(receiver.url)
        _ = try await weir.rule(#""trigger_kind":"execution_terminal","trigger_config":{}"#, to: channel)
        try await weir.happen("run.failed", "e1", #"{"agent_name":"a"}"#)
        try await weir.eventually { try await weir.deliveries().first?["status"]?.string == "retrying" }
        #expect(
            try await weir.feature.send(.delete, "/api/v2/notification-channels/\(channel)").status == 204
        )
        let left = try await weir.deliveries()[0]
        #expect(left["status"]?.string == "failed")
        #expect(left["error"]?.string == "The channel was deleted.")
        #expect(left["channel_id"]?.isNull == true)
    }

    @Test func `are one for a firing within the cooldown, which the next one counts`() async throws {
        let weir = try AlertsHarness()
        try await weir.start()
        let receiver = try Receiver(Self.ok)
        let channel = try await weir.channel(receiver.url)
        _ = try await weir.rule(
            #""trigger_kind":"event","trigger_config":{"events":["worker_started"]},"cooldown_minutes":60"#,
            to: channel
        )
        for _ in 1...3 { try await weir.happen("worker.started", "w1", #"{"component":"w1"}"#) }
        try await weir.happen("worker.started", "w2", #"{"component":"w2"}"#)
        try await weir.eventually { receiver.requests.count == 2 }
        #expect(try await weir.deliveries().count == 2)
        let incidents = try await weir.incidents()
        #expect(incidents.map { $0["key"]?.string } == ["worker_started:w2", "worker_started:w1"])
        #expect(incidents.map { $0["firings"]?.int64 } == [1, 3])
        #expect(incidents.map { $0["status"]?.string } == ["resolved", "resolved"])
    }
}
