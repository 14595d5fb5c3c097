import Core
import FeatureTestKit
import Postgres
import TestKit

@testable import Alerts

/// Rules, channels and incidents as rows, with known ids and times.
extension AlertsHarness {
    static let rule = "0198a1b2-0000-7000-8000-000000000001"
    static let otherRule = "0198a1b2-0000-7000-8000-000000000002"
    static let channel = "0198a1b2-0000-7000-8000-0000000000c1"
    static let otherChannel = "0198a1b2-0000-7000-8000-0000000000c2"

    /// One whose engine does not end old incidents.
    static func keeping(_ settings: [String: String] = [:]) throws -> AlertsHarness {
        try AlertsHarness(settings.merging(["WEIR_ALERTS_EXPIRE": "3650d"]) { $1 })
    }

    /// Answers of the engine's book, with the rules, channels and silences that there are now.
    static let book: @Sendable (Connection) throws -> IncidentBook = { connection in
        IncidentBook(
            configuration: try AlertConfiguration.fetch(0, on: connection),
            options: IncidentBook.Options(),
            connection: connection,
            now: .now()
        )
    }

    /// A rule with two channels, and one without.
    func makeRules(kind: String = "webhook") throws {
        try feature.database.execute(
            """
            INSERT INTO notification_channel (uuid, name, kind, config)
            VALUES ('\(Self.channel)', 'on call', '\(kind)', '{"url":"http://127.0.0.1:9"}'),
                   ('\(Self.otherChannel)', 'archive', '\(kind)', '{"url":"http://127.0.0.1:9"}');
            INSERT INTO alert_rule (uuid, name, trigger_kind, trigger_config, channel_ids)
            VALUES ('\(Self.rule)', 'run failed', 'event', '{"events":["pipeline_failed"]}',
                    ARRAY['\(Self.channel)', '\(Self.otherChannel)']::uuid[]),
                   ('\(Self.otherRule)', 'backlog', 'event', '{"events":["stage_failed"]}', '{}');
            UPDATE alert_revision SET revision = revision + 1;
            """
        )
    }

    /// A firing incident whose id ends with the number.
    func makeIncident(
        _ number: Int,
        of rule: String = AlertsHarness.rule,
        named name: String = "run failed",
        labels: String = #"{"project":"rna"}"#,
        details: String = "{}"
    ) throws {
        try feature.database.execute(
            """
            INSERT INTO alert_incident (
                uuid, rule_id, rule_name, key, status, event, alert, severity, project, title, summary, labels, details,
                started_at, last_fired_at, notified_at
            )
            VALUES (
                '\(Self.incident(number))', '\(rule)', '\(name)', 'k/\(number)', 'firing', 'pipeline_failed',
                'execution.failed', 'error', 'rna', 'Run failed', 'Run \(number) failed', '\(labels)', '\(details)',
                '2026-11-01T10:00:00Z', '2026-11-01T10:05:00.25Z', '2026-11-01T10:00:01Z'
            )
            """
        )
    }

    static func incident(_ number: Int) -> String {
        "0198a1b2-0000-7000-8000-" + String(repeating: "0", count: 12 - "\(number)".count) + "\(number)"
    }

    func silence(_ body: String) async throws -> FeatureHarness.Answer {
        try await post("/api/v2/silences", body)
    }
}
