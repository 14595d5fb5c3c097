import Core
import FeatureTestKit
import HTTP
import Notifications
import TestKit
import Testing

@testable import Alerts

@Suite("Alerts of the document", .serialized)
struct AlertDeliveryTests {
    /// A row of contract pipelogiq §6.4: what happened, and the alert object without its time.
    struct Row: Sendable, CustomTestStringConvertible {
        let kind: String
        let detail: String
        let alert: String

        var testDescription: String { kind }
    }

    static let rows = [
        Row(
            kind: "stage.failed",
            detail:
                #"{"pipeline":12,"pipeline_name":"orders.checkout","stage":34,"stage_name":"charge-card","old_status":"Running","new_status":"Failed","source":"result_consumer"}"#,
            alert:
                #"{"event":"stage_failed","title":"Stage failed","message":"Pipeline 12 stage 34 failed (charge-card)","severity":"error","dedupeKey":"stage_failed:12:34","details":{"pipelineId":12,"pipelineName":"orders.checkout","stageId":34,"stageName":"charge-card","oldStatus":"Running","newStatus":"Failed","source":"result_consumer"},"channels":["webhook"]}"#
        ),
        Row(
            kind: "stage.rerun",
            detail: #"{"pipeline":12,"stage":34,"new_status":"NotStarted","source":"rerun_stage"}"#,
            alert:
                #"{"event":"stage_rerun_manual","title":"Stage rerun (manual)","message":"Pipeline 12 stage 34 rerun manually","severity":"info","dedupeKey":"stage_rerun_manual:12:34","details":{"pipelineId":12,"stageId":34,"newStatus":"NotStarted","source":"rerun_stage"},"channels":["webhook"]}"#
        ),
        Row(
            kind: "stage.skipped",
            detail: #"{"pipeline":12,"stage":34,"source":"skip_stage"}"#,
            alert:
                #"{"event":"stage_skipped_manual","title":"Stage skipped (manual)","message":"Pipeline 12 stage 34 skipped manually","severity":"warning","dedupeKey":"stage_skipped_manual:12:34","details":{"pipelineId":12,"stageId":34,"newStatus":"Skipped","source":"skip_stage"},"channels":["webhook"]}"#
        ),
        Row(
            kind: "worker.started",
            detail: #"{"component":"w1","hostname":"node7"}"#,
            alert:
                #"{"event":"worker_started","title":"Worker started","message":"Worker w1 started","severity":"info","dedupeKey":"worker_started:w1","details":{"workerId":"w1","hostName":"node7","eventType":"worker.bootstrap","level":"INFO"},"channels":["webhook"]}"#
        ),
        Row(
            kind: "worker.back",
            detail: #"{"component":"w1"}"#,
            alert:
                #"{"event":"worker_started","title":"Worker ready","message":"Worker w1 is ready","severity":"info","dedupeKey":"worker_ready:w1","details":{"workerId":"w1","eventType":"worker.state_changed","to":"ready","level":"INFO"},"channels":["webhook"]}"#
        ),
        Row(
            kind: "worker.stopped",
            detail: #"{"component":"w1","reason":"deployed"}"#,
            alert:
                #"{"event":"worker_stopped","title":"Worker stopped","message":"Worker w1 stopped","severity":"warning","dedupeKey":"worker_stopped:w1","details":{"workerId":"w1","reason":"deployed","eventType":"worker.stopped","level":"WARN"},"channels":["webhook"]}"#
        ),
        Row(
            kind: "worker.failed",
            detail: #"{"component":"w1"}"#,
            alert:
                #"{"event":"worker_failed","title":"Worker failed","message":"Worker w1 entered error state","severity":"error","dedupeKey":"worker_failed:w1:error","details":{"workerId":"w1","eventType":"worker.state_changed","to":"error","level":"ERROR"},"channels":["webhook"]}"#
        ),
        Row(
            kind: "worker.error",
            detail: #"{"component":"w1","event_type":"job.crash","message":"boom"}"#,
            alert:
                #"{"event":"worker_failed","title":"Worker error event","message":"Worker w1 reported an error event","severity":"error","dedupeKey":"worker_error:w1:job.crash:boom","details":{"workerId":"w1","eventType":"job.crash","message":"boom","level":"ERROR"},"channels":["webhook"]}"#
        ),
        Row(
            kind: "worker.heartbeat_lost",
            detail: #"{"component":"w1"}"#,
            alert:
                #"{"event":"worker_heartbeat_lost","title":"Worker heartbeat lost","message":"Worker w1 is offline","severity":"error","dedupeKey":"worker_offline:w1","details":{"workerId":"w1","eventType":"worker.state_changed","to":"offline","level":"ERROR"},"channels":["webhook"]}"#
        ),
        Row(
            kind: "policy.changed",
            detail: #"{"policy":7,"actor":"Ada L","event_type":"paused","version":3}"#,
            alert:
                #"{"event":"policy_changed","title":"Policy changed","message":"Policy 7 changed (paused)","severity":"info","dedupeKey":"policy_changed:7","details":{"policyId":7,"actor":"Ada L","eventType":"paused","version":3},"channels":["webhook"]}"#
        ),
        Row(
            kind: "policy.triggered",
            detail: #"{"policy":7}"#,
            alert:
                #"{"event":"policy_triggered","title":"Policy triggered","message":"Policy 7 triggered","severity":"warning","dedupeKey":"policy_triggered:7","details":{"policyId":7},"channels":["webhook"]}"#
        ),
        Row(
            kind: "pipeline.failed",
            detail: #"{"pipeline":12,"pipeline_name":"orders.checkout"}"#,
            alert:
                #"{"event":"pipeline_failed","title":"Pipeline failed","message":"Pipeline orders.checkout failed","severity":"error","dedupeKey":"pipeline_failed:12","details":{"pipelineId":12,"pipelineName":"orders.checkout"},"channels":["webhook"]}"#
        ),
    ]

    private static func save(_ weir: AlertsHarness, _ hook: Receiver, _ more: String = "")
        async throws
    {
        let events = EventName.ofDocument.map { "\"\($0.rawValue)\"" }.joined(separator: ",")
        try await AlertingDocumentTests.save(
            weir,
            #"{"channels":["webhook"],"enabledEvents":[\#(events)],"webhookUrl":"\#(hook.url)/hook"\#(more)}"#
        )
    }

    @Test(arguments: rows)
    func `reach the webhook as the catalogue words them`(_ row: Row) async throws {
        let weir = try AlertsHarness()
        let hook = try Receiver(Receiver.answer(200))
        try await weir.start()
        try await Self.save(weir, hook)
        try await weir.happen(row.kind, "subject", row.detail)
        try await weir.eventually { hook.requests.count == 1 }
        let request = try #require(hook.requests.first)
        #expect(request.line == "POST /hook HTTP/1.1")
        #expect(request.field("Content-Type") == "application/json")
        let body = JSONValue(try request.json)
        #expect(body.members.map(\.name).sorted() == ["alert", "channel", "source"])
        #expect(body["source"] == "pipelogiq")
        #expect(body["channel"] == "webhook")
        var alert = try #require(body["alert"])
        let time = alert["timestamp"]?.string ?? ""
        #expect(time.count == 20 && time.hasSuffix("Z"), "\(time)")
        alert["timestamp"] = nil
        let expected = JSONValue(try JSONDocument(text: row.alert).root)
        #expect(
            IntegrationDocument.areEqual(alert, expected),
            "\(String(decoding: alert.json, as: UTF8.self))"
        )
    }

    @Test func `reach Telegram as the text of the contract`() async throws {
        let weir = try AlertsHarness()
        let api = try Receiver(Receiver.answer(200, #"{"ok":true,"result":{}}"#))
        try await weir.start()
        try await AlertingDocumentTests.save(
            weir,
            #"{"channels":["telegram"],"enabledEvents":["stage_failed"],"telegramBotToken":"123:abc","telegramChatId":"-1001","telegramApiBase":"\#(api.url)"}"#
        )
        try await weir.happen("stage.failed", "s", Self.rows[0].detail)
        try await weir.eventually { api.requests.count == 1 }
        let request = try #require(api.requests.first)
        #expect(request.line == "POST /bot123:abc/sendMessage HTTP/1.1")
        let body = try request.json
        #expect(body["chat_id"]?.string == "-1001")
        let lines = (body["text"]?.string ?? "").split(separator: "\n").map(String.init)
        #expect(lines.count == 6)
        #expect(
            lines.prefix(3) == [
                "[ERROR] Stage failed", "Pipeline 12 stage 34 failed (charge-card)", "event: stage_failed",
            ]
        )
        #expect(lines.dropFirst(3).first?.hasPrefix("time: 20") == true)
        #expect(lines.suffix(2) == ["pipelineId: 12", "stageId: 34"])
        #expect(body.members.map { $0.key.string } == ["chat_id", "text"])
    }

    @Test func `are told once within the window, and then with how many were suppressed`() async throws {
        let weir = try AlertsHarness()
        let hook = try Receiver(Receiver.answer(200))
        try await weir.start()
        try await Self.save(weir, hook)
        func fire(_ kind: String, _ worker: String) async throws {
            try await weir.happen(kind, worker, #"{"component":"\#(worker)"}"#)
        }
        for kind in ["worker.heartbeat_lost", "worker.stopped"] {
            let before = hook.requests.count
            try await fire(kind, "w1")
            try await weir.eventually { hook.requests.count == before + 1 }
            // Another worker's alert comes after those that are suppressed.
            for worker in ["w1", "w1", "w2"] { try await fire(kind, worker) }
            try await weir.eventually { hook.requests.count == before + 2 }
            #expect(hook.requests.last?.text.contains("w2") == true)
            try await weir.execute(
                "UPDATE alert_incident SET notified_at = notified_at - interval '301 seconds'"
            )
            try await fire(kind, "w1")
            try await weir.eventually { hook.requests.count == before + 3 }
            let alert = try #require(hook.requests.last).json["alert"]
            #expect(alert?["details"]?["workerId"]?.string == "w1")
            #expect(alert?["suppressed"]?.int64 == 2, "\(kind)")
        }
    }

    @Test func `go on over a save, and say when it is over`() async throws {
        let weir = try AlertsHarness()
        let hook = try Receiver(Receiver.answer(200))
        try await weir.start()
        try await Self.save(weir, hook, #","sendResolved":true"#)
        let task =
            #"{"pipeline":"r1","pipeline_name":"rna","process":"ALIGN","stage":"7","stage_name":"ALIGN (7)"}"#
        try await weir.happen("nextflow.task_failed", "r1", task)
        try await weir.eventually { hook.requests.count == 1 }
        try await Self.save(weir, hook, #","sendResolved":true,"dedupeWindowSeconds":600"#)
        try await weir.happen("nextflow.task_failed", "r1", task)
        try await weir.happen("nextflow.run_succeeded", "r1", #"{"pipeline":"r1","pipeline_name":"rna"}"#)
        try await weir.eventually { hook.requests.count == 2 }
        let bodies = try hook.requests.map { try $0.json["alert"] }
        #expect(bodies[0]?["message"]?.string == "Pipeline rna stage ALIGN (7) failed")
        #expect(bodies[0]?["status"] == nil)
        #expect(bodies[1]?["status"]?.string == "resolved")
        #expect(
            bodies.map { $0?["dedupeKey"]?.string } == ["stage_failed:r1:ALIGN", "stage_failed:r1:ALIGN"]
        )
        #expect(try await weir.incidents().map { $0["firings"]?.int64 } == [2])
        let deliveries = try await weir.feature.send(.get, "/api/v2/alert-deliveries").json.elements
        #expect(Set(deliveries.map { $0["dedupe_key"]?.string }) == ["pipelogiq/stage_failed/r1:ALIGN"])
        let history = try await weir.feature.send(.get, "/api/observability/alerts?channel=webhook&limit=1")
            .json
        let page = history["alerts"].map { Array($0.elements) } ?? []
        #expect(page.map { $0["channel"]?.string } == ["webhook"])
        #expect(page.first?["alert"]?["status"]?.string == "resolved")
        let next = try #require(history["next"]?.string)
        let older = try await weir.feature.send(.get, "/observability/alerts?before=\(next)").json
        #expect(older["alerts"]?.elements.map { $0["alert"]?["event"]?.string } == ["stage_failed"])
        #expect(older["next"] == nil)
        let failed = try await weir.feature.send(.get, "/observability/alerts?state=failed").text
        #expect(failed == #"{"alerts":[]}"#)
        #expect(try await weir.feature.send(.get, "/observability/alerts?state=lost").status == 400)
    }
}
