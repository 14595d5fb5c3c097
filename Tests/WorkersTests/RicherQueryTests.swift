import Core
import FeatureTestKit
import HTTP
import Testing

@testable import Workers

/// Labels, patterns and pages of `GET /api/metrics/query`: contract noetl §7.5.
@Suite struct `A richer query` {
    private static func filled() async throws -> WorkersHarness {
        let weir = try WorkersHarness()
        try await weir.pool("a")
        try await weir.pool("b")
        let time = #","timestamp":"2026-11-20T00:00:00+00:00""#
        try await weir.report(
            "a",
            WorkersHarness.gauge("cpu_usage", "1", labels: #"{"zone":"x","host":"h1"}"#, rest: time),
            WorkersHarness.gauge("cpu_idle", "2", labels: #"{"zone":"y"}"#, rest: time),
            WorkersHarness.gauge("memory", "3", labels: #"{"zone":"a=b&c","":"empty"}"#, rest: time)
        )
        try await weir.report(
            "b",
            WorkersHarness.gauge("cpu_usage", "4", labels: #"{"zone":"x","host":"h2"}"#, rest: time)
        )
        return weir
    }

    @Test(
        arguments: [
            ("metric_name_regex=cpu_.*", [1, 2, 4]), ("metric_name_regex=cpu", []),
            ("metric_name_regex=memory%7Ccpu_idle", [2, 3]), ("metric_name_regex=", [1, 2, 3, 4]),
            ("metric_name_regex=cpu_.*&component_name=b", [4]),
            ("metric_name_regex=cpu_.*&metric_name=cpu_idle", [2]),
            ("label.zone=x", [1, 4]), ("label.zone=x&label.host=h2", [4]), ("label.zone=", []),
            ("label.zone=a%3Db%26c", [3]), ("label.=empty", [3]), ("label.ghost=x", []),
            ("label.zone=x&runtime_id=0&component_name=a", [1]),
            ("label.zone=y&label.zone=x&metric_type=gauge", [1, 4]),
        ] as [(String, [Double])]
    )
    func `finds series by labels and patterns`(query: String, values: [Double]) async throws {
        let weir = try await Self.filled()
        let answer = try await weir.get("/api/metrics/query?\(query)")
        #expect(answer.status == 200)
        let found = try answer.json["metrics"]?.elements.compactMap { $0["metric_value"]?.double }
        #expect(found?.sorted() == values)
    }

    @Test(arguments: [
        "metric_name_regex=(", "metric_name_regex=a)%7C(b", "metric_name_regex=(a)%5C1",
        "metric_name_regex=%00", "metric_name_regex=a%7B1,99999%7D", "label.a=%00", "cursor=x",
        "cursor=WyJhIl0", "metric_name_regex=\(String(repeating: "a", count: 501))",
    ])
    func `is refused with 422`(query: String) async throws {
        let weir = try WorkersHarness()
        let answer = try await weir.get("/api/metrics/query?\(query)")
        #expect(answer.status == 422)
        #expect(!answer.text.contains("SELECT"))
    }

    @Test func `says what is wrong with a pattern`() async throws {
        let weir = try WorkersHarness()
        let answer = try await weir.get("/api/metrics/query?metric_name_regex=(")
        #expect(
            answer.text.contains(
                "Value error, invalid regular expression: parentheses () not balanced"
            )
        )
        #expect(answer.text.contains(#""loc":["query","metric_name_regex"]"#))
    }

    @Test func `leads through all samples by its cursor, which meanwhile arriving ones do not shift`()
        async throws
    {
        let weir = try WorkersHarness()
        try await weir.pool("a")
        for number in 0..<20 {
            // Four samples share each time, so that a page ends among equals.
            let time = #","timestamp":"2026-11-20T00:00:0\#(number / 4)Z""#
            try await weir.report("a", WorkersHarness.gauge("m", "\(number)", rest: time))
        }
        var seen: [Double] = []
        var cursor: String? = ""
        while let start = cursor {
            let page = try await weir.get("/api/metrics/query?metric_name=m&limit=6&cursor=\(start)")
            let json = try page.json
            seen += json["metrics"]?.elements.compactMap { $0["metric_value"]?.double } ?? []
            cursor = json["next_cursor"]?.string
            let link = page.fields["Link"]
            #expect(link == cursor.map { #"<?metric_name=m&limit=6&cursor=\#($0)>; rel="next""# })
            try await weir.report("a", WorkersHarness.gauge("m", "99"))
        }
        #expect(seen == (0..<20).reversed().map(Double.init))
    }

    @Test func `has no further member without a cursor`() async throws {
        let weir = try await Self.filled()
        let answer = try await weir.get("/api/metrics/query?limit=1&metric_name=memory")
        #expect(answer.text.hasSuffix(#","count":1,"limit":1}"#))
    }

    @Test func `finds samples by the trace and the execution that they refer to`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("a")
        let (one, other) = (String(repeating: "1a", count: 16), String(repeating: "2b", count: 16))
        for (number, trace, execution) in [(1, one, "e1"), (2, one, "e2"), (3, other, "e1")] {
            let labels = #"{"trace_id":"\#(trace)","execution_id":"\#(execution)","zone":"x"}"#
            try await weir.report(
                "a",
                WorkersHarness.gauge("m", "\(number)", labels: labels),
                WorkersHarness.gauge("n", "9")
            )
        }
        func found(_ query: String) async throws -> [Double] {
            let answer = try await weir.get("/api/metrics/query?\(query)").json
            return (answer["metrics"]?.elements.compactMap { $0["metric_value"]?.double } ?? []).sorted()
        }
        #expect(try await found("trace_id=\(one)") == [1, 2])
        #expect(try await found("execution_id=e1") == [1, 3])
        #expect(try await found("execution_id=e1&trace_id=\(other)&label.zone=x") == [3])
        #expect(try await found("trace_id=ghost") == [])
        #expect(try await found("trace_id=e1") == [])
        let answer = try await weir.get("/api/metrics/query?execution_id=e2")
        #expect(answer.text.contains(#""exemplar":{"trace_id": "\#(one)", "execution_id": "e2"}"#))
    }
}
