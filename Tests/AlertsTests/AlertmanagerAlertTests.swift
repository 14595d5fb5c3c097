import API
import Core
import FeatureTestKit
import HTTP
import TestKit
import Testing

@testable import Alerts

@Suite("Alerts as Alertmanager shows them", .serialized)
struct AlertmanagerAlertTests {
    private func alerts(_ weir: AlertsHarness, _ query: String = "") async throws -> [String] {
        let answer = try await weir.feature.send(.get, "/api/v2/alerts\(query)")
        try #require(answer.status == 200, "\(answer.text)")
        return try answer.json.elements.map { $0["labels"]?["incident_key"]?.string ?? "" }.sorted()
    }

    /// The answer without the end of its alerts, which follows the clock.
    private func steady(_ text: String) -> String {
        text.replacing(/"endsAt":"[^"]*",/, with: "")
    }

    private static let first = #"""
        {"annotations":{"summary":"Run failed","description":"Run 1 failed","token":"[REDACTED]","pipeline_id":"7"},"fingerprint":"d44ad07040fa380f","receivers":[{"name":"archive"},{"name":"on call"}],"startsAt":"2026-11-01T10:00:00.000Z","status":{"inhibitedBy":[],"mutedBy":[],"silencedBy":[],"state":"active"},"updatedAt":"2026-11-01T10:05:00.250Z","generatorURL":"https://weir.example.org/api/v2/alert-incidents/0198a1b2-0000-7000-8000-000000000001","labels":{"alertname":"run failed","event":"pipeline_failed","incident_key":"k/1","project":"rna","severity":"error"}}
        """#

    @Test func `have its members, times and statuses`() async throws {
        let weir = try AlertsHarness.keeping(["WEIR_PUBLIC_URL": "https://weir.example.org/"])
        try weir.makeRules()
        try weir.makeIncident(
            1,
            labels: #"{"project":"rna","stage":""}"#,
            details: #"{"pipeline-id":7,"token":"x"}"#
        )
        let answer = try await weir.feature.send(.get, "/api/v2/alerts")
        #expect(steady(answer.text) == "[\(Self.first)]")
        #expect(answer.fields["Content-Type"] == "application/json")
        let groups = try await weir.feature.send(.get, "/api/v2/alerts/groups?receiver=on.*")
        #expect(
            steady(groups.text)
                == #"[{"alerts":[\#(Self.first)],"labels":{"alertname":"run failed"},"receiver":{"name":"on call"}}]"#
        )
    }

    @Test func `keep their fingerprint whenever they fire, whatever their severity`() async throws {
        let weir = try AlertsHarness.keeping()
        try weir.makeRules()
        try weir.makeIncident(1)
        func fingerprint() async throws -> String? {
            let answer = try await weir.feature.send(.get, "/api/v2/alerts")
            return try answer.json.elements.first { _ in true }?["fingerprint"]?.string
        }
        #expect(try await fingerprint() == "d44ad07040fa380f")
        try weir.feature.database.execute(
            "UPDATE alert_incident SET severity = 'critical', uuid = gen_random_uuid(), summary = 'x'"
        )
        #expect(try await fingerprint() == "d44ad07040fa380f")
    }

    @Test func `are found by matchers, receivers and states`() async throws {
        let weir = try AlertsHarness.keeping()
        try weir.makeRules()
        try weir.makeIncident(1)
        try weir.makeIncident(
            2,
            of: AlertsHarness.otherRule,
            named: "backlog",
            labels: #"{"process":"ALIGN"}"#
        )
        try weir.makeIncident(3, labels: #"{"process":"SORT"}"#)
        try weir.feature.database.execute(
            """
            UPDATE alert_incident SET acknowledged_at = now(), acknowledged_by = 'ana'
            WHERE uuid = '\(AlertsHarness.incident(3))'
            """
        )
        let ends = "2099-01-01T00:00:00Z"
        let silence = try await weir.silence(
            #"{"matchers":[{"name":"process","value":"AL.*","isRegex":true}],"startsAt":"2026-01-01T00:00:00Z","endsAt":"\#(ends)","createdBy":"ana","comment":"c"}"#
        )
        #expect(silence.status == 200, "\(silence.text)")
        let table: [(String, [String])] = [
            ("", ["k/1", "k/2", "k/3"]), ("?active=false", ["k/2", "k/3"]), ("?silenced=false", ["k/1"]),
            ("?muted=false", ["k/1", "k/2"]), ("?inhibited=false&unprocessed=false", ["k/1", "k/2", "k/3"]),
            ("?active=false&silenced=false", []), ("?filter=project=rna", ["k/1"]),
            ("?filter=project%3D%22%22", ["k/2", "k/3"]),
            ("?filter=process%3D~%22AL.*%7CSORT%22", ["k/2", "k/3"]),
            ("?filter=process!%3DALIGN&filter=process!%3DSORT", ["k/1"]),
            ("?filter=%7Bprocess%3D%22ALIGN%22,alertname%3D~%22back.*%22%7D", ["k/2"]),
            ("?receiver=weir", ["k/2"]), ("?receiver=on", []), ("?receiver=on.call|x", ["k/1", "k/3"]),
            ("?receiver=&active=", ["k/1", "k/2", "k/3"]),
        ]
        for (query, expected) in table { #expect(try await alerts(weir, query) == expected, "\(query)") }
        let states = try await weir.feature.send(.get, "/api/v2/alerts").json.elements
            .map { alert -> String in
                let status = alert["status"]
                let by = ["silencedBy", "mutedBy"].map { status?[$0]?.elements.count { _ in true } ?? -1 }
                return
                    "\(alert["labels"]?["incident_key"]?.string ?? "") \(status?["state"]?.string ?? "") \(by)"
            }.sorted()
        #expect(states == ["k/1 active [0, 0]", "k/2 suppressed [1, 0]", "k/3 suppressed [0, 1]"])
    }

    @Test(
        "refuse what they cannot read, as a JSON text",
        arguments: [
            (
                "filter=foo",
                #""bad matcher format: foo: a matcher is written as name=\"value\", with =, !=, =~ or !~""#
            ),
            ("receiver=(", #""failed to parse receiver param: a `(` in the pattern has no `)`""#),
            ("active=x", #""active is neither true nor false""#),
        ]
    )
    func refusals(_ query: String, _ expected: String) async throws {
        let weir = try AlertsHarness.keeping()
        let answer = try await weir.feature.send(.get, "/api/v2/alerts?\(query)")
        #expect(answer.status == 400)
        #expect(answer.text == expected)
    }

    @Test func `are routed by what the status shows, and to the receivers that it names`() async throws {
        let weir = try AlertsHarness.keeping()
        try weir.makeRules()
        let receivers = try await weir.feature.send(.get, "/api/v2/receivers")
        #expect(receivers.text == #"[{"name":"archive"},{"name":"on call"},{"name":"weir"}]"#)
        let status = try await weir.feature.send(.get, "/api/v2/status").json
        #expect(status["versionInfo"]?["version"]?.string == "0.28.0")
        #expect(status["cluster"]?["status"]?.string == "disabled")
        #expect(status["uptime"]?.string?.count == 24)
        #expect(
            status["config"]?["original"]?.string == #"""
                # Weir routes by its alert rules: this shows them as Alertmanager would have them.
                route:
                  receiver: "weir"
                  group_by: [alertname]
                  routes:
                  - receiver: "archive"
                    matchers: ["alertname=\"run failed\""]
                    continue: true
                  - receiver: "on call"
                    matchers: ["alertname=\"run failed\""]
                    continue: true
                receivers:
                - name: "archive"
                - name: "on call"
                - name: "weir"

                """#
        )
    }

    @Test func `need the scope read, and their changes the scope admin`() throws {
        let weir = try AlertsHarness.keeping()
        let scopes = weir.feature.endpoints.filter { $0.documentation.tag == "Alertmanager" }
            .map { "\($0.method) \($0.path) \($0.scope.map { "\($0)" } ?? "none")" }.sorted()
        #expect(
            scopes == [
                "DELETE /api/v2/silence/{id} admin", "GET /api/v2/alerts read",
                "GET /api/v2/alerts/groups read",
                "GET /api/v2/receivers read", "GET /api/v2/silence/{id} read", "GET /api/v2/silences read",
                "GET /api/v2/status read", "POST /api/v2/silences admin",
            ]
        )
    }
}
