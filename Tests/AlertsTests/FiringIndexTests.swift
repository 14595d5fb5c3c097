import Core
import FeatureTestKit
import HTTP
import Postgres
import TestKit
import Testing

@testable import Alerts

/// What asks for firing incidents does not read those that are over.
@Suite("Reading firing incidents among many", .serialized)
struct FiringIndexTests {
    private func fill(_ weir: AlertsHarness) throws {
        try weir.makeRules(kind: "alertmanager")
        try weir.feature.database.execute(
            """
            INSERT INTO alert_incident (
                uuid, rule_id, rule_name, key, status, event, alert, severity, title, summary, started_at, last_fired_at,
                notified_at, resolved_at, resolved_by
            )
            SELECT gen_random_uuid(), '\(AlertsHarness.rule)', 'run failed', 'k' || i,
                   CASE WHEN i % 10000 = 0 THEN 'firing' ELSE 'resolved' END, 'pipeline_failed', 'execution.failed',
                   'error', 't', 's', t, t, t, t, 'event'
            FROM generate_series(1, 200000) i, LATERAL (SELECT now() - i * interval '1 minute') x (t);
            INSERT INTO alert_delivery (
                uuid, channel_id, incident_id, status, state, event, message, max_attempts, created_at
            )
            SELECT gen_random_uuid(), '\(AlertsHarness.channel)', uuid, 'sent', 'firing', 'pipeline_failed', '{}', 8,
                   started_at
            FROM alert_incident LIMIT 50000;
            """
        )
        try weir.feature.database.execute("VACUUM ANALYZE alert_incident, alert_delivery")
    }

    @Test func `reads them by their index`() async throws {
        let weir = try AlertsHarness.keeping()
        try fill(weir)
        let statements: [(Statement, [Parameter], String)] = [
            (FiringIncidents.statement, [.int(10_000)], "alert_incident_"),
            (
                RepeatStore.statement, [.uuidArray([UUID128(AlertsHarness.channel)]), .int(10_000)],
                "alert_incident_"
            ),
            (AlertGauges.waiting, [], "alert_delivery_open"),
        ]
        for (statement, parameters, index) in statements {
            let plan = try await weir.feature.pool.withConnection { connection in
                try connection.execute(
                    Statement("plan", "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) \(statement.sql)"),
                    parameters
                ).map { try $0.text("QUERY PLAN") }
            }.joined(separator: "\n")
            #expect(!plan.contains("Seq Scan"), "\(plan)")
            #expect(plan.contains(index), "\(plan)")
        }
        let answer = try await weir.feature.send(.get, "/api/v2/alerts")
        #expect(try answer.json.elements.count { _ in true } == 20)
    }
}
