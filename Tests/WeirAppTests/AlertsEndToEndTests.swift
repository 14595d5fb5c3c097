import Core
import TestKit
import Testing

@testable import WeirApp

/// From what a client sends to what a receiver gets, over every layer.
@Suite("Alerts of a running Weir", .serialized)
struct AlertsEndToEndTests {
    private static let now = Timestamp.now()

    private static func event(_ name: String, _ rest: String) -> String {
        #"{"runId":"S","runName":"mad_euler","event":"\#(name)","utcTime":"\#(now.iso8601(offset: .z))",\#(rest)}"#
    }

    private static func workflow(success: Bool?) -> String {
        let end = success.map { #","success":\#($0),"complete":"\#(now.iso8601(offset: .z))""# } ?? ""
        return
            #""metadata":{"parameters":{},"workflow":{"userName":"u","projectName":"rnaseq","start":"\#(now.iso8601(offset: .z))"\#(end)}}"#
    }

    private static let failure = event(
        "process_completed",
        #""trace":{"task_id":2,"hash":"aa/2","name":"ALIGN (2)","process":"ALIGN","status":"FAILED","attempt":1,"exit":137,"error_action":"FINISH","submit":1793527200000,"start":1793527201000,"complete":1793527209000}"#
    )

    @Test func `a Nextflow task that fails for good reaches a webhook, and the success of its run ends it`()
        async throws
    {
        let weir = try await EmbeddedServer.start()
        let client = try weir.client()
        let receiver = try Receiver(Receiver.answer(200))
        let hook = #"{"name":"hook","kind":"webhook","config":{"url":"\#(receiver.url)"}}"#
        let channel = try client.post("/api/v2/notification-channels", json: hook)
        try #require(channel.status == 201)
        let id = try JSONDocument(channel.body).root["uuid"]?.string ?? ""
        let rule =
            #"{"name":"r","trigger_kind":"event","trigger_config":{"events":["stage_failed"]},"send_resolved":true,"channel_ids":["\#(id)"]}"#
        try #require(try client.post("/api/v2/alert-rules", json: rule).status == 201)
        #expect(
            try client.post("/telemetry", json: Self.event("started", Self.workflow(success: nil))).status
                == 200
        )
        #expect(try client.post("/telemetry", json: Self.failure).status == 200)
        try await wait { receiver.requests.count == 1 }
        let fired = try receiver.requests[0].json
        #expect(fired["alert"]?.string == "stage_failed")
        #expect(fired["project_module"]?.string == "rnaseq")
        #expect(
            fired["summary"]?.string?.hasPrefix(
                "Pipeline mad_euler stage ALIGN (2) failed with exit status 137"
            ) == true
        )
        let end = Self.event("completed", Self.workflow(success: true))
        #expect(try client.post("/telemetry", json: end).status == 200)
        try await wait { receiver.requests.count == 2 }
        #expect(try receiver.requests[1].json["status"]?.string == "resolved")
        await weir.stop()
    }

    @Test func `Weir's own rules tell a channel of a failed run, until there is another rule`() async throws {
        let weir = try await EmbeddedServer.start()
        let client = try weir.client()
        let receiver = try Receiver(Receiver.answer(200))
        let hook = #"{"name":"hook","kind":"webhook","config":{"url":"\#(receiver.url)"}}"#
        try #require(try client.post("/api/v2/notification-channels", json: hook).status == 201)
        let run =
            #""run_id":"R","start_time":"2026-01-01T00:00:00Z","agent_name":"a","job_type":"j","status":"failure""#
        #expect(try client.post("/api/v1/runs", json: #"{"event_id":"e1",\#(run)}"#).status == 201)
        try await wait { receiver.requests.count == 1 }
        #expect(try receiver.requests[0].json["alert"]?.string == "pipeline_failed")
        #expect(
            try JSONDocument(try client.get("/api/v2/alert-rules").body).root.elements.map {
                $0["name"]?.string
            } == []
        )
        await weir.stop()
    }

    private func wait(_ condition: () throws -> Bool) async throws {
        for _ in 0..<500 {
            if try condition() { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("it did not happen within ten seconds")
    }
}
