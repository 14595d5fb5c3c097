import Core
import FeatureTestKit
import Ingest
import Postgres
import TestKit
import Testing

@testable import Alerts

/// What alerts tell others. Contract beampipe §3.4.
@Suite("Events of alerts", .serialized)
struct ToldEventTests {
    @Test func `say that people are told, and of a delivery that has failed, and fire nothing themselves`()
        async throws
    {
        let weir = try AlertsHarness()
        try await weir.start()
        let receiver = try Receiver(Receiver.answer(400))
        let channel = try await weir.channel(receiver.url)
        let failures = try await weir.rule(
            #""trigger_kind":"event","trigger_config":{"events":["pipeline_failed"]}"#,
            to: channel
        )
        // One that would go on for ever.
        _ = try await weir.rule(
            #""trigger_kind":"event_match","trigger_config":{"event_type":"alert."},"cooldown_minutes":0"#,
            to: channel,
            "loop"
        )
        let run = "0198a1b2-0000-7000-8000-0000000000aa"
        try await weir.happen(
            "nextflow.run_failed",
            run,
            #"{"pipeline":"\#(run)","pipeline_name":"happy","project":"rna","error":"token=hunter2"}"#
        )
        try await weir.eventually { try await kinds(weir) == ["alert.delivery_failed", "alert.fired"] }
        let fired = try await detail("alert.fired", weir)
        #expect(fired["project"]?.string == "rna")
        #expect(fired["execution_id"]?.string == run)
        #expect(fired["actor"]?.string == "system:alerts")
        #expect(fired["payload"]?["alert"]?.string == "pipeline_failed")
        #expect(fired["payload"]?["summary"]?.string?.contains("token=[REDACTED]") == true)
        let failed = try await detail("alert.delivery_failed", weir)["payload"]
        #expect(failed?["rule_id"]?.string == failures)
        #expect(failed?["alert"]?.string == "pipeline_failed")
        let reason = failed?["failures"]?.elements.first { _ in true }
        #expect(reason?["channel_id"]?.string == channel)
        #expect(reason?["error"]?.string?.contains("400") == true)
        #expect(failed?["original"]?["alert"]?.string == "pipeline_failed")
        // Everything was taken, and made one incident.
        try await weir.eventually {
            try await weir.feature.pool.withConnection { try !OutboxStore.hasUnread("alerts", on: $0) }
        }
        #expect(try await weir.incidents().count == 1)
        #expect(try await kinds(weir).count == 2)
    }

    private func kinds(_ weir: AlertsHarness) async throws -> [String] {
        try weir.feature.database.rows(
            "SELECT kind FROM outbox_event WHERE kind LIKE 'alert.%' ORDER BY kind"
        )
    }

    private func detail(_ kind: String, _ weir: AlertsHarness) async throws -> JSONNode {
        let rows = try weir.feature.database.rows(
            "SELECT detail::text FROM outbox_event WHERE kind = '\(kind)'"
        )
        return try JSONDocument(Array(try #require(rows.first).utf8)).root
    }
}
