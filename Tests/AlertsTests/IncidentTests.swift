import Core
import FeatureTestKit
import HTTP
import Postgres
import TestKit
import Testing

@testable import Alerts

@Suite("Incidents", .serialized)
struct IncidentTests {
    private static let failed = #"{"agent_name":"a","run_id":"r"}"#

    private func failures(_ weir: AlertsHarness, _ more: String, _ receiver: Receiver) async throws {
        let channel = try await weir.channel(receiver.url)
        _ = try await weir.rule(
            #""trigger_kind":"event","trigger_config":{"events":["pipeline_failed"]}"# + more,
            to: channel
        )
    }

    @Test func `that somebody looks after are not told again`() async throws {
        let weir = try AlertsHarness()
        try await weir.start()
        let receiver = try Receiver(Receiver.answer(200))
        try await failures(weir, #","cooldown_minutes":0"#, receiver)
        try await weir.happen("run.failed", "e1", Self.failed)
        try await weir.eventually { receiver.requests.count == 1 }
        try await weir.happen("run.failed", "e2", Self.failed)
        try await weir.eventually { receiver.requests.count == 2 }
        let id = try await weir.incidents()[0]["uuid"]?.string ?? ""
        let acknowledged = try await weir.post("/api/v2/alert-incidents/\(id)/acknowledge", #"{"by":"kim"}"#)
        #expect(try acknowledged.json["acknowledged_by"]?.string == "kim")
        try await weir.happen("run.failed", "e3", Self.failed)
        try await weir.eventually { try await weir.incidents()[0]["firings"]?.int64 == 3 }
        #expect(try await weir.deliveries().count == 2)
        #expect(try await weir.post("/api/v2/alert-incidents/\(id)/resolve", "{}").status == 200)
        #expect(try await weir.post("/api/v2/alert-incidents/\(id)/resolve", "{}").status == 409)
    }

    @Test func `are held back by the cooldown of what the rule says is the same`() async throws {
        for (dedupe, messages) in [("subject", 3), ("project", 2), ("rule", 1)] {
            let weir = try AlertsHarness()
            try await weir.start()
            let receiver = try Receiver(Receiver.answer(200))
            try await failures(weir, #","dedupe_by":"\#(dedupe)""#, receiver)
            for (agent, project) in [("a", "p"), ("b", "p"), ("c", "q"), ("a", "p")] {
                let detail = #"{"agent_name":"\#(agent)","project":"\#(project)"}"#
                try await weir.happen("run.failed", "\(agent)\(project)", detail)
            }
            try await weir.eventually {
                try await weir.incidents().compactMap { $0["firings"]?.int64 }.reduce(0, +) == 4
            }
            try await weir.eventually { receiver.requests.count == messages }
            #expect(try await weir.deliveries().count == messages, "\(dedupe)")
        }
    }

    /// Contract beampipe §11.5.
    @Test func `are told again when the cooldown has passed, and not a minute before`() async throws {
        let weir = try AlertsHarness()
        try await weir.start()
        let receiver = try Receiver(Receiver.answer(200))
        try await failures(weir, #","cooldown_minutes":60"#, receiver)
        for (event, minutes, messages) in [("e1", 0, 1), ("e2", 59, 1), ("e3", 60, 2)] {
            try weir.feature.database.execute(
                "UPDATE alert_incident SET notified_at = now() - interval '\(minutes) minutes'"
            )
            try await weir.happen("run.failed", event, Self.failed)
            let firings = event.last.flatMap { Int64(String($0)) }
            try await weir.eventually { try await weir.incidents().first?["firings"]?.int64 == firings }
            #expect(try await weir.deliveries().count == messages, "\(minutes)")
        }
    }

    @Test func `that come and go are told four times, and then held back`() async throws {
        let weir = try AlertsHarness()
        try await weir.start()
        let receiver = try Receiver(Receiver.answer(200))
        try await failures(weir, #","cooldown_minutes":0,"send_resolved":true"#, receiver)
        for round in 1...8 {
            try await weir.happen("run.failed", "f\(round)", Self.failed)
            try await weir.eventually { try await weir.incidents("?status=firing").count == 1 }
            try await weir.happen("run.succeeded", "s\(round)", Self.failed)
            try await weir.eventually { try await weir.incidents("?status=firing").isEmpty }
        }
        let incidents = try await weir.incidents()
        #expect(incidents.count == 1)
        #expect(incidents[0]["flaps"]?.int64 == 7)
        // Five beginnings, the last of which says so, and five ends.
        let deliveries = try await weir.deliveries()
        #expect(deliveries.count == 10)
        let last = deliveries.first { $0["state"]?.string == "firing" }
        let told = "Run r of a failed\nIt comes and goes: further changes are held back until it is quiet."
        #expect(last?["payload"]?["summary"]?.string == told)
    }

    @Test func `that are back are not told to be over when the quiet has passed`() async throws {
        let weir = try AlertsHarness(["WEIR_ALERTS_FLAP_WINDOW": "1h"])
        try await weir.start()
        let receiver = try Receiver(Receiver.answer(200))
        try await failures(weir, #","cooldown_minutes":0,"send_resolved":true"#, receiver)
        for round in 1...7 {
            try await weir.happen("run.failed", "f\(round)", Self.failed)
            try await weir.eventually { try await weir.incidents("?status=firing").count == 1 }
            guard round < 7 else { break }
            try await weir.happen("run.succeeded", "s\(round)", Self.failed)
            try await weir.eventually { try await weir.incidents("?status=firing").isEmpty }
        }
        let notice = try await weir.feature.pool.withConnection {
            try $0.execute("SELECT status, notice FROM alert_incident", []).map {
                "\(try $0.text("status")) \(try $0.optionalText("notice") ?? "-")"
            }
        }
        #expect(notice == ["firing -"])
    }

    @Test func `of discovery list the first twenty sources and count all`() async throws {
        let weir = try AlertsHarness()
        try await weir.start()
        let receiver = try Receiver(Receiver.answer(200))
        let channel = try await weir.channel(receiver.url)
        _ = try await weir.rule(#""trigger_kind":"discovery_changed","trigger_config":{}"#, to: channel)
        let sources = (1...25).map { #""S\#($0)""# }.joined(separator: ",")
        try await weir.happen(
            "discovery.changed",
            "hires",
            #"{"project":"hires","source_identifiers":[\#(sources)]}"#
        )
        try await weir.eventually { receiver.requests.count == 1 }
        let payload = try receiver.requests[0].json
        let listed = payload["source_identifiers"].map { $0.elements.compactMap(\.string) } ?? []
        #expect(listed == (1...20).map { "S\($0)" })
        #expect(payload["links"]?["changed_count"]?.int64 == 25)
        #expect(payload["links"]?["sources"]?.string == "/api/v2/sources?project_module=hires")
        #expect(payload["project_module"]?.string == "hires")
    }

    @Test func `are counted by event_match within its window`() async throws {
        let weir = try AlertsHarness()
        try await weir.start()
        let rule =
            #"{"name":"m","trigger_kind":"event_match","trigger_config":{"event_type":"worker.","min_count":3,"payload":{"pool.size":8}},"channel_ids":[]}"#
        #expect(try await weir.post("/api/v2/alert-rules", rule).status == 201)
        for size in [8, 9, 8] {
            try await weir.happen("worker.started", "w", #"{"component":"w","pool":{"size":\#(size)}}"#)
        }
        try await weir.happen("run.started", "r", #"{"pool":{"size":8}}"#)
        try await weir.happen("worker.stopped", "w", #"{"component":"w","pool":{"size":8}}"#)
        try await weir.eventually { try await weir.incidents().count == 1 }
        #expect(try await weir.incidents()[0]["summary"]?.string == "Worker w stopped (3 within 5 minutes)")
    }

    @Test func `would have fired yesterday, says a preview, and nothing is stored`() async throws {
        let weir = try AlertsHarness()
        try await weir.start()
        for id in ["e1", "e2"] { try await weir.happen("run.failed", id, Self.failed) }
        let body =
            #"{"name":"p","trigger_kind":"event","trigger_config":{"events":["pipeline_failed"]},"channel_ids":[]}"#
        let answer = try await weir.post("/api/v2/alert-rules/preview", body)
        #expect(answer.status == 200, "\(answer.text)")
        let preview = try answer.json
        #expect(preview["evaluated"]?["fired"]?.int64 == 2)
        let fired = preview["would_have_fired"].map { Array($0.elements) } ?? []
        #expect(fired.map { $0["summary"]?.string } == ["Run r of a failed"])
        #expect(try await weir.incidents().isEmpty)
        let list = try await weir.feature.send(.get, "/api/v2/alert-rules")
        #expect(list.text == "[]")
    }

    @Test func `a name of any length is told, and found again`() async throws {
        let weir = try AlertsHarness()
        try await weir.start()
        let receiver = try Receiver(Receiver.answer(200))
        try await failures(weir, "", receiver)
        // PostgreSQL indexes no key of such a length.
        let long = (0..<20_000).map { String($0, radix: 36) }.joined()
        try await weir.happen("run.failed", "bad", #"{"agent_name":"\#(long)"}"#)
        try await weir.eventually { receiver.requests.count == 1 }
        try await weir.happen("run.succeeded", "good", #"{"agent_name":"\#(long)"}"#)
        try await weir.eventually { try await weir.incidents("?status=firing").isEmpty }
    }

    @Test func `two Weirs on one database tell of each firing once`() async throws {
        let key = ["WEIR_SECRET_KEY": String(repeating: "ab", count: 32)]
        let first = try AlertsHarness(key)
        let second = try AlertsHarness(key, over: first.feature.database)
        try await first.start()
        try await second.start()
        let receiver = try Receiver(Receiver.answer(200))
        try await failures(first, "", receiver)
        for agent in 1...60 {
            try await first.happen("run.failed", "e\(agent)", #"{"agent_name":"a\#(agent)"}"#)
        }
        try await first.eventually { receiver.requests.count >= 60 }
        #expect(try await second.deliveries().count == 50)
        let ids = receiver.requests.compactMap { $0.field("webhook-id") }
        #expect(ids.count == 60 && Set(ids).count == 60)
    }

    @Test func `a Weir that dies between sending and recording sends once more with the same id`()
        async throws
    {
        let weir = try AlertsHarness()
        try await weir.start()
        let receiver = try Receiver(Receiver.answer(200))
        try await failures(weir, "", receiver)
        try await weir.happen("run.failed", "e1", Self.failed)
        try await weir.eventually { try await weir.deliveries().first?["status"]?.string == "sent" }
        // What a crash leaves: taken, sent, and not recorded; then its time is over.
        try await weir.feature.pool.withConnection {
            _ = try $0.execute(
                "UPDATE alert_delivery SET status = 'sending', sent_at = NULL, lease_until = now() - interval '1 second'",
                []
            )
        }
        try await weir.eventually { receiver.requests.count == 2 }
        try await weir.eventually { try await weir.deliveries().first?["status"]?.string == "sent" }
        let ids = receiver.requests.map { $0.field("webhook-id") ?? "" }
        #expect(ids[0] == ids[1])
    }
}
