import Core
import FeatureTestKit
import Postgres
import TestKit
import Testing

@testable import Alerts

/// What was written while the clock was a day ahead holds nothing back for a day.
@Suite("A clock that is set back", .serialized)
struct ClockTests {
    private static let failures = #""trigger_kind":"event","trigger_config":{"events":["pipeline_failed"]}"#
    private static let run = #"{"agent_name":"backup","run_id":"r"}"#

    @Test func `does not prolong a cooldown`() async throws {
        let (weir, receiver) = try await AlertsHarness.telling(Self.failures)
        try await weir.happen("run.failed", "1", Self.run)
        try await weir.eventually { try await weir.deliveries().first?["status"]?.string == "sent" }
        try weir.feature.database.execute("UPDATE alert_incident SET notified_at = now() + interval '1 day'")
        try await weir.happen("run.failed", "2", Self.run)
        try await weir.eventually { receiver.requests.count == 2 }
    }

    @Test(arguments: [
        "status = 'sending', lease_owner = 'another', lease_until = now() + interval '1 day'",
        "status = 'retrying', next_attempt_at = now() + interval '2 days'",
    ])
    func `does not stop a delivery`(_ state: String) async throws {
        let (weir, receiver) = try await AlertsHarness.telling(Self.failures)
        try await weir.happen("run.failed", "1", Self.run)
        try await weir.eventually { try await weir.deliveries().first?["status"]?.string == "sent" }
        try weir.feature.database.execute("UPDATE alert_delivery SET \(state)")
        try await weir.eventually { receiver.requests.count == 2 }
        #expect(Set(receiver.requests.map { $0.field("webhook-id") }).count == 1)
    }

    @Test(arguments: [
        "UPDATE alert_condition SET since = now() + interval '1 day'",
        """
        UPDATE alert_rule SET next_evaluation_at = now() + interval '1 day';
        UPDATE alert_condition SET since = now() - interval '1 day'
        """,
    ])
    func `does not stop the evaluation of a rule`(_ change: String) async throws {
        let weir = try AlertsHarness()
        try await weir.start()
        let rule =
            #"{"name":"backlog","trigger_kind":"metric_threshold","trigger_config":{"metric":"queue_depth","threshold":1000,"for_seconds":3600},"channel_ids":[]}"#
        let made = try await weir.post("/api/v2/alert-rules", rule)
        try #require(made.status == 201, "\(made.text)")
        let question = MeasuredQuestion.metric("queue_depth", labels: [], minutes: 5, .max)
        weir.values.give([MeasuredValue(["component": "broker"], ["value": 1200])], to: question)
        let count = "SELECT count(*) FROM alert_condition"
        try await weir.eventually { try weir.feature.database.rows(count) == ["1"] }
        #expect(try await weir.incidents().isEmpty)
        try weir.feature.database.execute(change)
        try await weir.eventually { try await weir.incidents().count == 1 }
    }
}
