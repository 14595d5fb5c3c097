import Core
import FeatureTestKit
import HTTP
import Notifications
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

    @Test func `fires, ends and is told of by index, whatever the history`() async throws {
        let weir = try AlertsHarness.keeping()
        try fill(weir)
        let read = try await weir.feature.pool.withConnection { connection in
            // A prepared statement gets its lasting plan after five executions.
            for _ in 1...6 { try connection.transaction { try Self.fireAndEnd(on: connection) } }
            return try connection.transaction {
                try Self.fireAndEnd(on: connection)
                // The server may not have taken over the numbers of the rounds before yet, and of two plans by index that are
                // equally good one reads the open deliveries more often: hundreds of rows. The history has 50,000.
                return try connection.execute(
                    """
                    SELECT relname, seq_tup_read, idx_tup_fetch < 5000 AS is_little
                    FROM pg_stat_xact_user_tables
                    WHERE relname IN ('alert_incident', 'alert_delivery')
                    ORDER BY relname
                    """
                ).map {
                    "\(try $0.text("relname")) \(try $0.int64("seq_tup_read")) \(try $0.bool("is_little"))"
                }
            }
        }
        #expect(read == ["alert_delivery 0 true", "alert_incident 0 true"])
    }

    /// Half a second each time, many times a second.
    @Test func `compiles no plan and reads no table whole to take a delivery from an empty one`() async throws
    {
        let weir = try AlertsHarness.keeping()
        let plan = try await weir.feature.pool.withConnection { connection in
            try connection.transaction {
                try IndexPlans.use(on: connection)
                return try connection.execute(
                    Statement("plan", "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) \(DeliveryStore.claim.sql)"),
                    [.int(64), .double(60), .null, .text("test")]
                ).map { try $0.text("QUERY PLAN") }
            }
        }.joined(separator: "\n")
        #expect(!plan.contains("JIT"), "\(plan)")
        #expect(!plan.contains("Seq Scan on alert_delivery"), "\(plan)")
        #expect(plan.contains("alert_delivery_open"), "\(plan)")
    }

    /// Fires what goes on, what is new and what is over at once; ends some of it; tells people of what was held back.
    private static func fireAndEnd(on connection: Connection) throws {
        try IndexPlans.use(on: connection)
        let book = try AlertsHarness.book(connection)
        let rule = try #require(book.configuration.rules.first { "\($0.id)" == AlertsHarness.rule })
        let findings = [("k10000", false), ("k7", false), ("new", false), ("k8", true)].map {
            key,
            isMomentary in
            var finding = Finding(
                key: key,
                event: "pipeline_failed",
                alert: "execution.failed",
                severity: .error,
                title: "t",
                summary: "s",
                labels: ["project": "rna", "run_of": key],
                at: book.now
            )
            finding.isMomentary = isMomentary
            return Firing(finding: finding, rule: rule, beganAt: book.now)
        }
        try book.fire(findings)
        _ = try IncidentStore.firingEvents(on: connection)
        try book.resolve(.init(events: [.pipelineFailed], label: "run_of", value: "new"))
        try book.announceHeld()
        _ = try DeliveryStore.claim(atMost: 1, of: nil, for: .seconds(1), by: "test", on: connection)
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
