internal import Core
internal import Ingest
internal import Metrics
internal import Notifications
internal import Postgres

/// Gauges of incidents and deliveries from the database: all Weirs that share it show the same values.
enum AlertGauges {
    /// What `weir_alerts` counts by.
    struct Labels: Hashable {
        var rule: String
        var state: String
        var severity: String
        var project: String

        var isOther: Labels { Labels(rule: "other", state: state, severity: severity, project: "other") }
        var order: [String] { [rule, project, severity, state] }
        /// For a metric without names.
        var nameless: Labels { Labels(rule: "", state: state, severity: severity, project: "") }
        var pairs: [(String, String)] {
            let names = rule.isEmpty ? [] : [("alertname", rule), ("project", project)]
            return names + [("alertstate", state), ("severity", severity)]
        }
    }

    /// The source of all of them; `book` is the engine's.
    ///
    /// `named` series of `weir_alerts` have the names of rule and project, those with the most incidents; the others are
    /// added up as `other`. With 0 no series has a name: decision 23.
    static func source(
        named: Int,
        _ book: @escaping @Sendable (Connection) throws -> IncidentBook
    ) -> GaugeSource {
        GaugeSource { connection in
            var snapshot = MetricsSnapshot()
            let alerts = try AlertBoard(book(connection)).alerts(on: connection)
            for (labels, count) in bounded(count(alerts), to: named) {
                snapshot.gauge(
                    "weir_alerts",
                    help:
                        "Incidents that fire, of the 10,000 that began last; by rule and project with WEIR_METRICS_NAMES.",
                    labels: labels.pairs,
                    Double(count)
                )
            }
            let waiting = try connection.execute(waiting, [])[0]
            snapshot.gauge(
                "weir_alert_deliveries_waiting",
                help: "Notifications that are not sent yet and not given up.",
                Double(try waiting.int64("count"))
            )
            // Contract pipelogiq §5.
            snapshot.gauge(
                "pipelogiq_alert_queue_depth",
                help: "Notifications that are not sent yet and not given up.",
                Double(try waiting.int64("count"))
            )
            snapshot.gauge(
                "weir_alert_oldest_delivery_seconds",
                help: "How long the oldest of them has waited; 0 when none waits.",
                try waiting.double("age")
            )
            snapshot.gauge(
                "weir_alert_oldest_event_seconds",
                help: "How long the oldest event has waited for alert rules; 0 when none waits.",
                try connection.execute(unread, [.text(AlertEngine.consumer)])[0].double("age")
            )
            return snapshot
        }
    }

    /// Of the events that are committed.
    static let unread = Statement(
        "oldest unread outbox event",
        """
        SELECT coalesce(greatest(extract(epoch FROM now() - min(e.at)), 0), 0)::float8 AS age
        FROM (
            SELECT s.at
            FROM outbox_event s
            WHERE \(OutboxStore.isUnread)
            ORDER BY s.xid, s.id
            LIMIT 1
        ) e
        """
    )

    static let waiting = Statement(
        "waiting alert deliveries",
        """
        SELECT count(*) AS count,
               coalesce(greatest(extract(epoch FROM now() - min(created_at)), 0), 0)::float8 AS age
        FROM alert_delivery
        WHERE status IN ('pending', 'sending', 'retrying')
        """
    )

    private static func count(_ alerts: [ShownAlert]) -> [Labels: Int] {
        var counts: [Labels: Int] = [:]
        for alert in alerts {
            let state =
                !alert.silencedBy.isEmpty ? "silenced" : alert.isAcknowledged ? "acknowledged" : "firing"
            let labels = Labels(
                rule: alert.incident.ruleName,
                state: state,
                severity: alert.incident.severity.rawValue,
                project: alert.incident.project ?? ""
            )
            counts[labels, default: 0] += 1
        }
        return counts
    }

    /// The series with the most incidents, and the others added up.
    static func bounded(_ counts: [Labels: Int], to most: Int) -> [(Labels, Int)] {
        guard most > 0 else {
            let sums = Dictionary(counts.map { ($0.key.nameless, $0.value) }, uniquingKeysWith: +)
            return sums.sorted { $0.key.order.lexicographicallyPrecedes($1.key.order) }.map {
                ($0.key, $0.value)
            }
        }
        let sorted = counts.sorted { left, right in
            left.value == right.value
                ? left.key.order.lexicographicallyPrecedes(right.key.order) : left.value > right.value
        }
        guard sorted.count > most else { return sorted.map { ($0.key, $0.value) } }
        var others: [Labels: Int] = [:]
        for (labels, count) in sorted.dropFirst(most) { others[labels.isOther, default: 0] += count }
        let rest = others.sorted { $0.key.order.lexicographicallyPrecedes($1.key.order) }
        return (sorted.prefix(most) + rest).map { ($0.key, $0.value) }
    }
}
