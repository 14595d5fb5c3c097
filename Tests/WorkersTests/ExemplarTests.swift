import Core
import FeatureTestKit
import HTTP
import TestKit
import Testing

@testable import Workers

/// Contract noetl §7.8.
@Suite struct `References of samples to traces` {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"

    private static let stored = """
        SELECT s.metric_name, coalesce(s.labels::text, '-'), e.value ->> 'trace_id', e.value ->> 'span_id',
            e.value ->> 'execution_id', e.value ->> 'value', array_to_string(b.trace_refs, ',')
        FROM sample_block b
        CROSS JOIN LATERAL jsonb_each(b.exemplars) e
        JOIN series s ON s.series_id = b.series[e.key::int]
        ORDER BY 1
        """

    @Test func `come with a metric, with labels or with the request, and make no series of their own`()
        async throws
    {
        let weir = try WorkersHarness(adopting: .any)
        let gauge = WorkersHarness.gauge
        let own = #","exemplar":{"trace_id":"\#(Self.trace)","span_id":"00f067aa0ba902b7","value":0.5}"#
        try await weir.report(
            "p",
            gauge("a", "1", "null", own),
            gauge("b", "1", #"{"zone":"x","trace_id":"t1","execution_id":"e1"}"#, ""),
            gauge("b", "2", #"{"zone":"x","trace_id":"t2","execution_id":"e2"}"#, ""),
            gauge("c", "1", "null", "")
        )
        #expect(
            try await weir.rows(Self.stored) == [
                "a|-|\(Self.trace)|00f067aa0ba902b7|∅|0.5|\(Self.trace),e1,e2,t1,t2",
                #"b|{"zone": "x"}|t1|∅|e1|∅|\#(Self.trace),e1,e2,t1,t2"#,
                #"b|{"zone": "x"}|t2|∅|e2|∅|\#(Self.trace),e1,e2,t1,t2"#,
            ]
        )
        #expect(try await weir.rows("SELECT count(*) FROM series") == ["3"])
    }

    @Test func `of a request survive in the journal`() async throws {
        let weir = try WorkersHarness(adopting: .any)
        let body = #"{"component_name":"p","metrics":[\#(WorkersHarness.gauge("a", "1"))]}"#
        let answer = try await weir.feature.send(
            .post,
            "/api/metrics/report",
            body: body,
            fields: [
                "Content-Type": "application/json", "traceparent": "00-\(Self.trace)-00f067aa0ba902b7-01",
            ]
        )
        #expect(answer.status == 200)
        #expect(try await weir.rows(Self.stored) == ["a|-|\(Self.trace)|00f067aa0ba902b7|∅|∅|\(Self.trace)"])
    }

    @Test(
        "are read from traceparent as W3C writes it",
        arguments: [
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true),
            ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", true),
            ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false),
            ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false),
            ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false),
            ("00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01", false), ("", false), ("00", false),
        ]
    )
    func traceparent(text: String, isValid: Bool) {
        #expect((Exemplar(traceparent: text) != nil) == isValid)
    }

    @Test(
        "that are malformed are refused with their place",
        arguments: [
            (#""exemplar":5"#, #"["body","metrics",0,"exemplar"]"#),
            (#""exemplar":{"trace_id":5}"#, #"["body","metrics",0,"exemplar","trace_id"]"#),
            (#""exemplar":{"trace_id":"t","value":"x"}"#, #"["body","metrics",0,"exemplar","value"]"#),
            (
                #""exemplar":{"trace_id":"t","timestamp":"x"}"#,
                #"["body","metrics",0,"exemplar","timestamp"]"#
            ),
        ]
    )
    func refused(member: String, place: String) async throws {
        let weir = try WorkersHarness(adopting: .any)
        let answer = try await weir.report("p", WorkersHarness.gauge("a", "1", rest: ",\(member)"))
        #expect(answer.status == 422)
        let first = try #require(try answer.json["detail"].map { Array($0.elements) }?.first)
        #expect(first["loc"].map { String(decoding: $0.rawBytes, as: UTF8.self) } == place)
    }
}
