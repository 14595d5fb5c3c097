import Core
import FeatureTestKit
import TestKit
import Testing

@testable import Alerts

@Suite("The engine", .serialized)
struct EngineTests {
    private static let failures =
        #"{"name":"failures","trigger_kind":"event","trigger_config":{"events":["pipeline_failed","stage_failed"]},"channel_ids":[]}"#

    @Test func `makes an incident of a failed run, counts the next, and ends it when a run succeeds`()
        async throws
    {
        let weir = try AlertsHarness()
        try await weir.start()
        #expect(try await weir.post("/api/v2/alert-rules", Self.failures).status == 201)
        let detail =
            #"{"agent_name":"backup","job_type":"nightly","run_id":"r1","error_summary":"disk full"}"#
        try await weir.happen("run.failed", "e1", detail)
        try await weir.eventually { try await weir.incidents("?status=firing").count == 1 }
        let incident = try await weir.incidents()[0]
        #expect(incident["event"]?.string == "pipeline_failed")
        #expect(incident["key"]?.string == "pipeline_failed:backup/nightly")
        #expect(incident["summary"]?.string == "Run r1 of backup/nightly failed: disk full")
        #expect(incident["labels"]?["agent"]?.string == "backup")
        try await weir.happen("run.failed", "e2", detail)
        try await weir.eventually { try await weir.incidents()[0]["firings"]?.int64 == 2 }
        try await weir.happen("run.succeeded", "e3", detail)
        try await weir.eventually { try await weir.incidents("?status=firing").isEmpty }
        #expect(try await weir.incidents()[0]["resolved_by"]?.string == "event")
    }

    @Test func `puts forty tasks of one run that fail alike into one incident`() async throws {
        let weir = try AlertsHarness()
        try await weir.start()
        _ = try await weir.post("/api/v2/alert-rules", Self.failures)
        for task in 1...40 {
            let detail =
                #"{"pipeline":"run-1","process":"ALIGN","stage":"\#(task)","stage_name":"ALIGN (\#(task))","exit":137}"#
            try await weir.happen("nextflow.task_failed", "run-1/ALIGN", detail)
        }
        try await weir.eventually { try await weir.incidents().first?["firings"]?.int64 == 40 }
        #expect(try await weir.incidents().count == 1)
    }

    @Test func `fires and resolves by a measured value, once it has held`() async throws {
        let weir = try AlertsHarness()
        try await weir.start()
        let rule =
            #"{"name":"backlog","trigger_kind":"metric_threshold","trigger_config":{"metric":"queue_depth","comparator":"ge","threshold":1000},"channel_ids":[]}"#
        #expect(try await weir.post("/api/v2/alert-rules", rule).status == 201)
        let question = MeasuredQuestion.metric("queue_depth", labels: [], minutes: 5, .max)
        weir.values.give([MeasuredValue(["component": "broker"], ["value": 1200])], to: question)
        try await weir.eventually { try await weir.incidents("?status=firing").count == 1 }
        let incident = try await weir.incidents()[0]
        #expect(incident["event"]?.string == "queue_backlog_high")
        #expect(incident["summary"]?.string == "queue_depth is 1200, at or above 1000 (component broker)")
        #expect(incident["value"]?.double == 1200)
        weir.values.give([], to: question)
        try await weir.eventually { try await weir.incidents("?status=firing").isEmpty }
        #expect(try await weir.incidents()[0]["resolved_by"]?.string == "condition")
    }

    @Test func `tells once of a condition that goes on, also without a cooldown`() async throws {
        let (weir, receiver) = try await AlertsHarness.telling(
            #""trigger_kind":"metric_threshold","trigger_config":{"metric":"queue_depth","threshold":1000},"cooldown_minutes":0"#
        )
        let question = MeasuredQuestion.metric("queue_depth", labels: [], minutes: 5, .max)
        weir.values.give([MeasuredValue(["component": "broker"], ["value": 1200])], to: question)
        try await weir.eventually { try await weir.incidents().first?["firings"]?.int64 ?? 0 >= 3 }
        #expect(receiver.requests.count == 1)
        #expect(try await weir.deliveries().count == 1)
    }
}
