import Core
import FeatureTestKit
import HTTP
import Testing

@testable import Alerts

@Suite("Alert rules", .serialized)
struct RuleTests {
    @Test func `are stored with the defaults of the contract, and listed by name`() async throws {
        let weir = try AlertsHarness()
        let made = try await weir.post(
            "/api/v2/alert-rules",
            #"{"name":"run failures","trigger_kind":"execution_terminal","trigger_config":{},"channel_ids":[]}"#
        )
        #expect(made.status == 201, "\(made.text)")
        let rule = try made.json
        #expect(rule["severity"]?.string == "warning")
        #expect(rule["cooldown_minutes"]?.int64 == 60)
        #expect(rule["enabled"]?.bool == true)
        #expect(rule["project_module"]?.isNull == true)
        #expect(rule["last_fired_at"]?.isNull == true)
        #expect(rule["updated_at"]?.isNull == true)
        let list = try await weir.feature.send(.get, "/api/v2/alert-rules")
        #expect(try list.json.elements.map { $0["name"]?.string } == ["run failures"])
    }

    @Test(
        "refuse nonsense, with the field named",
        arguments: [
            (
                #"{"trigger_kind":"event","trigger_config":{"events":["stage_failed"]},"channel_ids":[]}"#,
                422, "name"
            ),
            (#"{"name":"a","trigger_kind":"sms","trigger_config":{},"channel_ids":[]}"#, 400, "trigger_kind"),
            (#"{"name":"a","trigger_kind":"execution_terminal","channel_ids":[]}"#, 422, "trigger_config"),
            (
                #"{"name":"a","trigger_kind":"execution_terminal","trigger_config":{},"channel_ids":"x"}"#,
                422, "channel_ids"
            ),
            (
                #"{"name":"a","trigger_kind":"execution_terminal","trigger_config":{},"channel_ids":["0198a1b2-0000-7000-8000-000000000001"]}"#,
                400, "channel_ids"
            ),
            (
                #"{"name":"a","trigger_kind":"event","trigger_config":{"events":["nothing"]},"channel_ids":[]}"#,
                400,
                "trigger_config.events"
            ),
            (
                #"{"name":"a","trigger_kind":"event","trigger_config":{"events":["stage_failed"],"x":1},"channel_ids":[]}"#,
                400, "trigger_config.x"
            ),
            (
                #"{"name":"a","trigger_kind":"metric_threshold","trigger_config":{"metric":"m"},"channel_ids":[]}"#,
                400,
                "trigger_config.threshold"
            ),
            (
                #"{"name":"a","trigger_kind":"pending_backlog","trigger_config":{"threshold":"many"},"channel_ids":[]}"#,
                400, "trigger_config.threshold"
            ),
            (
                #"{"name":"a","trigger_kind":"event_match","trigger_config":{"event_type":"run.","min_count":10001},"channel_ids":[]}"#,
                400, "trigger_config.min_count"
            ),
            (
                #"{"name":"a","trigger_kind":"dependency_down","trigger_config":{"for_seconds":-1},"channel_ids":[]}"#,
                400, "trigger_config.for_seconds"
            ),
            (
                #"{"name":"a","trigger_kind":"execution_terminal","trigger_config":{},"channel_ids":[],"severity":"bad"}"#,
                400, "severity"
            ),
            (
                #"{"name":"a","trigger_kind":"execution_terminal","trigger_config":{},"channel_ids":[],"cooldown_minutes":-1}"#,
                400, "cooldown_minutes"
            ),
        ]
    )
    func refusals(_ body: String, _ status: Int, _ field: String) async throws {
        let weir = try AlertsHarness()
        let answer = try await weir.post("/api/v2/alert-rules", body)
        #expect(answer.status == status, "\(answer.text)")
        let failure = try answer.json["failure"]
        let first = failure?["diagnostics"]?.elements.first { _ in true }
        #expect(first?["path"]?.string == field)
        #expect(try answer.json["code"]?.string == "bad_request")
    }

    @Test func `lose their project by null, and keep it when it is left out`() async throws {
        let weir = try AlertsHarness()
        let made = try await weir.post(
            "/api/v2/alert-rules",
            #"{"name":"a","trigger_kind":"execution_terminal","trigger_config":{},"channel_ids":[],"project_module":"p"}"#
        )
        let id = try made.json["uuid"]?.string ?? ""
        let kept = try await weir.patch("/api/v2/alert-rules/\(id)", #"{"name":"b"}"#)
        #expect(try kept.json["project_module"]?.string == "p")
        #expect(try kept.json["updated_at"]?.isNull == false)
        let cleared = try await weir.patch("/api/v2/alert-rules/\(id)", #"{"project_module":null}"#)
        #expect(try cleared.json["project_module"]?.isNull == true)
        #expect(try await weir.feature.send(.delete, "/api/v2/alert-rules/\(id)").status == 204)
        #expect(try await weir.feature.send(.delete, "/api/v2/alert-rules/\(id)").status == 404)
    }
}
