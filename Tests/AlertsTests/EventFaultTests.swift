import Core
import FeatureTestKit
import Ingest
import Postgres
import TestKit
import Testing

@testable import Alerts

@Suite("Events that cannot be evaluated", .serialized)
struct EventFaultTests {
    @Test func `are left out, and hold up no other of their batch`() async throws {
        let weir = try AlertsHarness()
        try await weir.start()
        let receiver = try Receiver(Receiver.answer(200))
        let channel = try await weir.channel(receiver.url)
        _ = try await weir.rule(
            #""trigger_kind":"event","trigger_config":{"events":["pipeline_failed"]}"#,
            to: channel
        )
        try weir.feature.database.execute(
            "ALTER TABLE alert_incident ADD CONSTRAINT refused CHECK (key NOT LIKE '%bad%')"
        )
        let events = ["a", "bad", "b"].map { agent in
            OutboxEvent(
                kind: "run.failed",
                subject: agent,
                at: .now(),
                detail: Array(#"{"agent":"\#(agent)"}"#.utf8)
            )
        }
        try await weir.feature.pool.withConnection { connection in
            try connection.transaction { try OutboxStore.insert(events, on: connection) }
        }
        try await weir.eventually { receiver.requests.count == 2 }
        try await weir.happen("run.failed", "c", #"{"agent":"c"}"#)
        try await weir.eventually { receiver.requests.count == 3 }
        let told = try await weir.incidents().map {
            "\($0["key"]?.string ?? "") \($0["firings"]?.int64 ?? 0)"
        }
        #expect(told == ["c", "b", "a"].map { "pipeline_failed:\($0) 1" })
    }

    @Test func `leave rules as they were changed, also those that ship`() async throws {
        let weir = try AlertsHarness()
        let cooldowns = try await weir.feature.pool.withConnection { connection in
            try connection.transaction {
                try DefaultRules.store(on: connection)
                try connection.execute("UPDATE alert_rule SET cooldown_seconds = 7")
                try DefaultRules.store(on: connection)
                return try connection.execute("SELECT DISTINCT cooldown_seconds AS seconds FROM alert_rule")
                    .map { try $0.int("seconds") }
            }
        }
        #expect(cooldowns == [7])
    }
}
