import Core
import FeatureTestKit
import HTTP
import OpenTelemetry
import Postgres
import TestKit
import Testing

@testable import Pipelines

/// Contract pipelogiq §0.3, §3.2.
@Suite("What a pipeline carries on", .serialized)
struct PipelineContextTests {
    @Test func `is shown with it and with each of its stages, and its spans have the same ids`() async throws
    {
        let trace = "0af7651916cd43dd8448eb211c80319c"
        let made = try await PipelinesWeir.make(
            #"{"stageName":"a"}"#,
            fields: [
                "X-API-Key": "key-a", "traceparent": "00-\(trace)-b7ad6b7169203331-00", "tracestate": "a=1",
            ]
        )
        let stage = made.stages[0]
        _ = try await PipelinesWeir.post("/stages/\(stage)/status", #"{"status":"Running"}"#)
        _ = try await PipelinesWeir.post("/stages/\(stage)/result", #"{"isSuccess":false}"#)
        let weir = try PipelinesWeir.weir()
        let shown = try await weir.send(.get, "/pipelines/\(made.id)").json
        let (spans, found) = try await weir.pool.withConnection { connection in
            (
                try PipelineSpans.page(pipeline: made.id, after: 0, limit: 10, on: connection).spans,
                try PipelineSpans.pipelines(of: #require(TraceID(wire: trace)), limit: 100, on: connection)
            )
        }
        #expect(found.contains(made.id))
        #expect(spans.map { "\($0.traceID)" } == [trace, trace])
        #expect(spans[0].parentID.map { "\($0)" } == "b7ad6b7169203331")
        #expect(spans[1].status.code == .error)
        for json in [made.json, shown] {
            #expect(json["traceparent"]?.string == "00-\(trace)-\(spans[0].spanID)-00")
            #expect(json["tracestate"]?.string == "a=1")
            let first = json["stages"]?.elements.first { _ in true }
            #expect(first?["spanId"]?.string == "\(spans[1].spanID)")
            #expect(first?["traceparent"]?.string == "00-\(trace)-\(spans[1].spanID)-00")
        }
    }

    @Test func `is not there for words that are no trace id`() async throws {
        let answer = try await PipelinesWeir.post(
            "/pipelines",
            #"{"name":"words","traceId":"order-17","stages":[{"stageName":"s"}]}"#
        ).json
        #expect(answer["traceId"]?.string == "order-17")
        #expect(answer["traceparent"]?.string?.contains("order") == false)
    }

    @Test(arguments: [
        ("2026-02-16T12:00:00Z", "2026-02-16T12:00:00Z", "2026-02-16T12:00:00Z"),
        ("2026-02-16T12:00:00.120Z", "2026-02-16T12:00:00.12Z", "2026-02-16T12:00:00Z"),
        ("2026-02-16T12:00:10.999999Z", "2026-02-16T12:00:10.999999Z", "2026-02-16T12:00:10Z"),
    ])
    func `times have a fraction where they need one, and observability none`(
        time: String,
        full: String,
        whole: String
    )
        throws
    {
        let time = try #require(Timestamp(iso8601: time))
        #expect(PipelineEncoder.moment(time) == full)
        #expect(PipelineEncoder.wholeSeconds(time) == whole)
    }
}
