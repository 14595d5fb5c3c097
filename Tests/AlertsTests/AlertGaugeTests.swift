import Core
import FeatureTestKit
import Ingest
import Metrics
import Postgres
import TestKit
import Testing

@testable import Alerts

@Suite("Gauges of alerts", .serialized)
struct AlertGaugeTests {
    /// `name{values of labels} number`, sorted.
    private func lines(_ weir: AlertsHarness, named: Int = 10) async throws -> [String] {
        let source = AlertGauges.source(named: named, AlertsHarness.book)
        let snapshot = try await weir.feature.pool.withConnection { try source.read($0) }
        let names = ["weir_alerts", "weir_alert_deliveries_waiting", "weir_alert_oldest_delivery_seconds"]
        return names.flatMap { name in
            snapshot.numbers(name).map { number in
                let labels = number.labels.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
                return "\(name){\(labels)} \(number.value)"
            }.sorted()
        }
    }

    @Test func `count what fires by rule, state, severity and project, and what waits`() async throws {
        let weir = try AlertsHarness.keeping()
        try weir.makeRules()
        #expect(
            try await lines(weir) == [
                "weir_alert_deliveries_waiting{} 0.0", "weir_alert_oldest_delivery_seconds{} 0.0",
            ]
        )
        for number in 1...3 { try weir.makeIncident(number, labels: #"{"process":"P\#(number)"}"#) }
        try weir.makeIncident(4, of: AlertsHarness.otherRule, named: "backlog")
        try weir.feature.database.execute(
            """
            UPDATE alert_incident SET acknowledged_at = now() WHERE uuid = '\(AlertsHarness.incident(1))';
            INSERT INTO alert_silence (uuid, matchers, starts_at, ends_at)
            VALUES (gen_random_uuid(), '[{"name":"process","value":"P2"}]', '2026-01-01', '2099-01-01')
            """
        )
        let series = try await lines(weir).filter { $0.hasPrefix("weir_alerts{") }
        #expect(
            series == [
                "weir_alerts{alertname=backlog,project=rna,alertstate=firing,severity=error} 1.0",
                "weir_alerts{alertname=run failed,project=rna,alertstate=acknowledged,severity=error} 1.0",
                "weir_alerts{alertname=run failed,project=rna,alertstate=firing,severity=error} 1.0",
                "weir_alerts{alertname=run failed,project=rna,alertstate=silenced,severity=error} 1.0",
            ]
        )
        // /metrics needs no token.
        let nameless = try await lines(weir, named: 0).filter { $0.hasPrefix("weir_alerts{") }
        #expect(
            nameless == [
                "weir_alerts{alertstate=acknowledged,severity=error} 1.0",
                "weir_alerts{alertstate=firing,severity=error} 2.0",
                "weir_alerts{alertstate=silenced,severity=error} 1.0",
            ]
        )
    }

    @Test func `have a bounded number of series, and add up the rest`() {
        func labels(_ rule: Int) -> AlertGauges.Labels {
            AlertGauges.Labels(rule: "r\(rule)", state: "firing", severity: "error", project: "p\(rule)")
        }
        let counts = Dictionary(uniqueKeysWithValues: (1...5).map { (labels($0), $0) })
        let bounded = AlertGauges.bounded(counts, to: 2)
        #expect(bounded.map(\.0.rule) == ["r5", "r4", "other"])
        #expect(bounded.map(\.0.project) == ["p5", "p4", "other"])
        #expect(bounded.map(\.1) == [5, 4, 6])
    }
}
