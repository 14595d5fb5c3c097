import API
import Core
import FeatureTestKit
import HTTP
import OpenTelemetry
import Postgres
import TestKit
import Testing

@testable import Pipelines

/// One server for all: each test makes pipelines of its own.
enum PipelinesWeir {
    static let shared: FeatureHarness? = try? FeatureHarness(
        .pipelines(),
        keys: ["key-a": "orders", "key-b": "other"]
    )

    static func weir() throws -> FeatureHarness { try #require(shared) }

    static func json(_ answer: FeatureHarness.Answer) throws -> JSONNode { try answer.json }

    /// Makes a pipeline; returns its number and those of its stages.
    static func make(
        _ stages: String,
        name: String = "orders.checkout",
        fields: HeaderFields = ["X-API-Key": "key-a"]
    )
        async throws -> (id: Int64, stages: [Int64], json: JSONNode)
    {
        let answer = try await weir().send(
            .post,
            "/pipelines",
            body: #"{"name":"\#(name)","stages":[\#(stages)]}"#,
            fields: fields,
            as: []
        )
        #expect(answer.status == 200, "\(answer.text)")
        let json = try answer.json
        let list = try #require(json["stages"])
        return (try #require(json["id"]?.int64), list.elements.compactMap { $0["id"]?.int64 }, json)
    }

    static func post(_ path: String, _ body: String, key: String = "key-a") async throws
        -> FeatureHarness.Answer
    {
        try await weir().send(.post, path, body: body, fields: ["Authorization": "Bearer \(key)"], as: [])
    }
}

@Suite("Pipelines over HTTP", .serialized)
struct PipelineRoutesTests {
    @Test func `are to be sent again while the database has no tables yet`() async throws {
        let weir = try FeatureHarness(.pipelines(), keys: ["key-a": "orders"])
        try weir.database.execute("ALTER SEQUENCE pipeline_id RENAME TO not_yet")
        let answer = try await weir.send(
            .post,
            "/pipelines",
            body: #"{"name":"early","stages":[{"stageName":"a"}]}"#,
            fields: ["X-API-Key": "key-a"],
            as: []
        )
        #expect(answer.status == 503)
        #expect(answer.fields["Retry-After"] == "1")
    }

    @Test func `go from their making to their end`() async throws {
        let made = try await PipelinesWeir.make(
            #"{"stageName":"pay","stageHandlerName":"Pay"},{"stageName":"ship"}"#
        )
        #expect(made.stages.count == 2)
        #expect(made.json["status"]?.string == "NotStarted")
        let first = made.stages[0]
        let second = made.stages[1]
        let early = try await PipelinesWeir.post(
            "/stages/\(first)/result",
            #"{"isSuccess":true,"result":"x"}"#
        )
        #expect(early.status == 409)
        #expect(early.text == "stage is not active: it is NotStarted\n")
        #expect(early.fields["Content-Type"] == "text/plain; charset=utf-8")
        let begun = try await PipelinesWeir.post("/api/stages/\(first)/status", #"{"status":"Running"}"#)
        #expect(begun.text == #"{"status":"ok","stageStatus":"Running"}"# + "\n")
        let body = """
            {"isSuccess":true,"result":"paid","logs":[{"message":"hello","logLevel":"WARN"}],
            "contextItems":[{"key":"order","value":"17"}]}
            """
        let done = try await PipelinesWeir.post("/stages/\(first)/result", body)
        #expect(done.text == #"{"status":"ok","stageStatus":"Completed"}"# + "\n")
        #expect(try await PipelinesWeir.post("/stages/\(first)/result", body).status == 409)
        #expect(
            try await PipelinesWeir.post("/stages/\(second)/status", #"{"status":"Sleeping"}"#).status == 400
        )
        let half = try await PipelinesWeir.weir().send(.get, "/pipelines/\(made.id)").json
        #expect(half["status"]?.string == "Running")
        let stage = try #require(half["stages"]?.elements.first { _ in true })
        #expect(stage["output"]?.string == "paid")
        #expect(
            stage["logs"]?.elements.compactMap { $0["message"]?.string } == [
                "Status changed from NotStarted to Running (status_consumer)",
                "Status changed from Running to Completed (result_consumer)", "hello",
            ]
        )
        #expect(half["pipelineContextItems"]?.elements.compactMap { $0["value"]?.string } == ["17"])
        _ = try await PipelinesWeir.post("/stages/\(second)/status", #"{"status":"Running"}"#)
        _ = try await PipelinesWeir.post("/stages/\(second)/result", #"{"isSuccess":false,"result":"no"}"#)
        let rows = try PipelinesWeir.weir().database.rows(
            "SELECT status, is_completed, finished_at IS NOT NULL FROM pipeline WHERE id = \(made.id)"
        )
        #expect(rows == ["Failed|t|t"])
    }

    @Test func `are retried, rerun and skipped`() async throws {
        let made = try await PipelinesWeir.make(
            #"{"stageName":"a","options":{"maxRetries":1,"retryInterval":5}},{"stageName":"b"}"#
        )
        let stage = made.stages[0]
        _ = try await PipelinesWeir.post("/stages/\(stage)/status", #"{"status":"Running"}"#)
        let retried = try await PipelinesWeir.post("/stages/\(stage)/result", #"{"isSuccess":false}"#)
        #expect(retried.text == #"{"status":"ok","stageStatus":"RetryScheduled"}"# + "\n")
        _ = try await PipelinesWeir.post("/stages/\(stage)/status", #"{"status":"Running"}"#)
        let failed = try await PipelinesWeir.post("/stages/\(stage)/result", #"{"isSuccess":false}"#)
        #expect(failed.text == #"{"status":"ok","stageStatus":"Failed"}"# + "\n")
        let weir = try PipelinesWeir.weir()
        let rerun = try await weir.send(
            .post,
            "/pipelines/rerunStage",
            body: #"{"stageId":\#(stage),"rerunAllNextStages":true}"#
        )
        #expect(rerun.status == 200)
        #expect(rerun.text == "")
        #expect(
            try weir.database.rows(
                "SELECT status, retry_attempt FROM stage WHERE pipeline_id = \(made.id) ORDER BY id"
            )
                == ["NotStarted|0", "NotStarted|0"]
        )
        #expect(try weir.database.rows("SELECT status FROM pipeline WHERE id = \(made.id)") == ["Running"])
        for id in made.stages {
            #expect(
                try await weir.send(.post, "/pipelines/skipStage", body: #"{"stageId":\#(id)}"#).status == 200
            )
        }
        #expect(try weir.database.rows("SELECT status FROM pipeline WHERE id = \(made.id)") == ["Completed"])
        #expect(
            try await weir.send(.post, "/pipelines/skipStage", body: #"{"stageId":999999}"#).status == 404
        )
        let spans = try await weir.pool.withConnection { connection in
            try PipelineSpans.page(pipeline: made.id, after: 0, limit: 10, on: connection).spans
        }
        #expect(spans.map(\.name) == ["orders.checkout", "a"])
        #expect(spans[1].parentID == spans[0].spanID)
        #expect(spans[1].events.map(\.name) == ["retry"])
    }

    @Test func `are told from each other by their keys`() async throws {
        let made = try await PipelinesWeir.make(#"{"stageName":"a"}"#)
        let path = "/stages/\(made.stages[0])/status"
        let weir = try PipelinesWeir.weir()
        #expect(try await PipelinesWeir.post(path, #"{"status":"Running"}"#, key: "key-b").status == 404)
        let bare = try await weir.send(.post, path, body: #"{"status":"Running"}"#, as: [])
        #expect(bare.status == 401)
        #expect(bare.text == "api key is required\n")
        let wrong = try await PipelinesWeir.post(path, #"{"status":"Running"}"#, key: "nonsense")
        #expect(wrong.text == "invalid api key\n")
        let query = try await weir.send(.post, path + "?apiKey=key-a", body: #"{"status":"Running"}"#, as: [])
        #expect(query.status == 200)
        let inBody = try await weir.send(
            .post,
            "/pipelines",
            body: #"{"apiKey":"key-b","name":"n","stages":[{"stageName":"s"}]}"#,
            as: []
        )
        #expect(inBody.status == 200)
        #expect(
            try weir.database.rows(
                "SELECT a.name FROM pipeline p JOIN application a ON a.id = p.application_id WHERE p.name = 'n'"
            ) == ["other"]
        )
    }

    @Test func `are refused in plain words`() async throws {
        let bodies = [
            "[]": "invalid payload\n", "{": "invalid payload\n",
            #"{"name":"n"}"#: "name and stages are required\n",
            #"{"name":"n","stages":[{"stageName":"s"}],"traceId":"\#(String(repeating: "x", count: 37))"}"#:
                "invalid payload: traceId is longer than 36 characters\n",
        ]
        for (body, text) in bodies {
            let answer = try await PipelinesWeir.post("/pipelines", body)
            #expect(answer.status == 400)
            #expect(answer.text == text)
        }
    }

    @Test func `keep the trace that came with them`() async throws {
        let made = try await PipelinesWeir.make(
            #"{"stageName":"a"}"#,
            fields: [
                "X-API-Key": "key-a",
                "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "tracestate": "a=1",
            ]
        )
        #expect(made.json["traceId"]?.string == "0af7651916cd43dd8448eb211c80319c")
        let rows = try PipelinesWeir.weir().database.rows(
            "SELECT trace_id, w3c_trace_id, parent_span_id, trace_flags, tracestate FROM pipeline WHERE id = \(made.id)"
        )
        #expect(
            rows == [
                "0af7651916cd43dd8448eb211c80319c|0af7651916cd43dd8448eb211c80319c|b7ad6b7169203331|1|a=1"
            ]
        )
    }

    @Test func `have workers that begin, live and end`() async throws {
        let weir = try PipelinesWeir.weir()
        let body = #"{"workerName":"w","instanceId":"i-1","supportedHandlers":["Pay"]}"#
        let begun = try await PipelinesWeir.post("/workers/bootstrap", body)
        #expect(begun.status == 200, "\(begun.text)")
        let id = try #require(try begun.json["workerId"]?.int64)
        let token = try #require(try begun.json["workerSessionToken"]?.string)
        func say(_ path: String, _ body: String, _ token: String) async throws -> FeatureHarness.Answer {
            try await weir.send(.post, path, body: body, fields: ["X-Worker-Session": token], as: [])
        }
        let beat = #"{"workerId":\#(id),"state":"ready","jobsProcessed":3,"inFlightJobs":-1}"#
        let heard = try await say("/workers/heartbeat", beat, token)
        #expect(heard.text == #"{"status":"ok","workerId":\#(id)}"# + "\n")
        #expect(try await say("/workers/heartbeat", beat, "x.y").text == "invalid worker session\n")
        #expect(try await weir.send(.post, "/workers/heartbeat", body: beat, as: []).status == 401)
        #expect(
            try await say("/workers/events", #"{"workerId":\#(id)}"#, token).text == "events are required\n"
        )
        let events = #"{"workerId":\#(id),"events":[{"level":"error","message":"boom","details":{"a":1}}]}"#
        let kept = try await say("/workers/events", events, token)
        #expect(kept.text == #"{"status":"ok","acceptedCount":1,"workerId":\#(id)}"# + "\n")
        let list = try await weir.send(.get, "/workers?search=i-1").json
        let item = try #require(list["items"]?.elements.first { _ in true })
        #expect(item["effectiveState"]?.string == "ready")
        #expect(item["jobsProcessed"]?.int64 == 3)
        #expect(item["inFlightJobs"]?.int64 == 0)
        #expect(list["onlineCount"]?.int64 == 1)
        let again = try await PipelinesWeir.post("/workers/bootstrap", body)
        #expect(try again.json["workerId"]?.int64 == id)
        let second = try #require(try again.json["workerSessionToken"]?.string)
        #expect(
            try await say("/workers/shutdown", #"{"workerId":\#(id),"reason":"done"}"#, second).status == 200
        )
        let log = try await weir.send(.get, "/workers/\(id)/events").json
        #expect(
            log.elements.compactMap { $0["eventType"]?.string } == [
                "worker.stopped", "worker.bootstrap", "worker.event", "worker.state_changed",
                "worker.bootstrap",
            ]
        )
    }
}
