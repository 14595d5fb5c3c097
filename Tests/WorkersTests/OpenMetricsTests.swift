import Core
import FeatureTestKit
import HTTP
import Testing

@testable import Workers

/// The export in OpenMetrics 1.0, and parts of it.
@Suite struct `The export by negotiation` {
    private func get(
        _ weir: WorkersHarness,
        _ query: String = "",
        accept: String = "application/openmetrics-text"
    )
        async throws -> WorkersHarness.Answer
    {
        try await weir.feature.send(.get, "/api/metrics/prometheus\(query)", fields: ["Accept": accept])
    }

    @Test func `is OpenMetrics when it is asked for`() async throws {
        let weir = try WorkersHarness()
        let answer = try await get(weir)
        #expect(answer.text == "# EOF\n")
        #expect(answer.fields["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8")
        let prometheus =
            "application/openmetrics-text;version=1.0.0;q=0.75,application/openmetrics-text;version=0.0.1;q=0.5,"
            + "text/plain;version=0.0.4;q=0.4,*/*;q=0.1"
        #expect(try await get(weir, accept: prometheus).text == "# EOF\n")
        #expect(try await get(weir, accept: "*/*").text == "\n")
        #expect(try await get(weir, accept: "text/plain;version=0.0.4").text == "\n")
    }

    @Test func `names counters, units and exemplars as OpenMetrics does`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("w")
        func metric(_ name: String, _ type: String, _ value: Double, _ rest: String = "") -> String {
            #"{"metric_name":"\#(name)","metric_type":"\#(type)","metric_value":\#(value)\#(rest)}"#
        }
        let exemplar =
            #","exemplar":{"trace_id":"t1","span_id":"s1","value":0.5,"timestamp":"2026-11-20T12:00:00.25Z"}"#
        try await weir.report(
            "w",
            metric("jobs_total", "counter", 3, exemplar),
            metric("reads", "counter", 4),
            metric("taken", "counter", 5),
            metric("taken_total", "gauge", 6),
            metric("size_bytes", "gauge", 7, #","unit":"bytes","help_text":"say \"hi\"""#),
            metric("size", "gauge", 8, #","unit":"bytes""#),
            metric("h_bucket", "histogram", 1, #","labels":{"le":"+Inf"}\#(exemplar)"#),
            metric("h_count", "histogram", 1, exemplar),
            metric("h_sum", "histogram", 2)
        )
        let own = #"component="w",component_type="worker_pool""#
        let seen = #" # {trace_id="t1",span_id="s1"} 0.5 1795176000.250000"#
        #expect(
            try await get(weir).text == #"""
                # HELP h NoETL metric: h
                # TYPE h histogram
                h_bucket{le="+Inf",\#(own)} 1.0\#(seen)
                h_count{\#(own)} 1.0
                h_sum{\#(own)} 2.0
                # HELP jobs NoETL metric: jobs_total
                # TYPE jobs counter
                jobs_total{\#(own)} 3.0\#(seen)
                # HELP reads NoETL metric: reads
                # TYPE reads counter
                reads_total{\#(own)} 4.0
                # HELP size NoETL metric: size
                # TYPE size gauge
                size{\#(own)} 8.0
                # HELP size_bytes say \"hi\"
                # TYPE size_bytes gauge
                # UNIT size_bytes bytes
                size_bytes{\#(own)} 7.0
                # HELP taken NoETL metric: taken
                # TYPE taken gauge
                taken{\#(own)} 5.0
                # HELP taken_total NoETL metric: taken_total
                # TYPE taken_total gauge
                taken_total{\#(own)} 6.0
                # EOF

                """#
        )
    }

    @Test func `hostile names are legal in OpenMetrics, too`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool(#"w \"1\""#)
        try await weir.report(
            #"w \"1\""#,
            WorkersHarness.gauge("", "1"),
            WorkersHarness.gauge(
                "a\\nü\\\"",
                "\"NaN\"",
                labels: #"{"__x":"\\","1":"\n","":"e","component_type":"mine"}"#,
                rest: #","help_text":"\"\\\n\"","unit":"ü""#
            )
        )
        #expect(
            try await get(weir).text == #"""
                # HELP a___ \"\\\n\"
                # TYPE a___ gauge
                a___{_1="\n",_x="\\",component_type="worker_pool",component="w \"1\""} NaN
                # EOF

                """#
        )
    }

    @Test func `shows the series that are asked for`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("w")
        try await weir.pool("x")
        for name in ["w", "x"] {
            try await weir.report(
                name,
                WorkersHarness.gauge("up", "1", labels: #"{"zone":"a"}"#),
                WorkersHarness.gauge("up", "2", labels: #"{"zone":"b"}"#),
                WorkersHarness.gauge("down", "3")
            )
        }
        func lines(_ query: String) async throws -> Int {
            try await get(weir, query, accept: "text/plain").text.split(separator: "\n").count {
                !$0.hasPrefix("#")
            }
        }
        #expect(try await lines("") == 6)
        #expect(try await lines("?name[]=up") == 4)
        #expect(try await lines("?name[]=up&name[]=down&component_name=w") == 3)
        #expect(try await lines("?match[]=up{zone=%22a%22}") == 2)
        #expect(try await lines("?match[]={component=~%22w|y%22}&match[]=up{zone!=%22a%22}") == 4)
        #expect(try await lines("?window=1") == 6)
        #expect(try await get(weir, "?match[]={").status == 422)
        #expect(try await get(weir, "?window=0").status == 422)
        #expect(
            try await get(weir, "?match[]=up{", accept: "*/*").text
                == #"{"detail":[{"type":"value_error","loc":["query","match[]"],"msg":"Value error, the name of a label is expected at the end","input":null,"ctx":{"error":{}}}]}"#
        )
    }

    @Test func `lines of another type under one name do not break the text`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("w")
        try await weir.report("w", WorkersHarness.gauge("h", "1"))
        try await weir.report(
            "w",
            #"{"metric_name":"h_count","metric_type":"histogram","metric_value":2}"#
        )
        let own = #"{component="w",component_type="worker_pool"}"#
        #expect(
            try await get(weir, accept: "text/plain").text == """
                # HELP h NoETL metric: h
                # TYPE h untyped
                h\(own) 1.0
                h_count\(own) 2.0

                """
        )
        #expect(
            try await get(weir).text == """
                # HELP h NoETL metric: h
                # TYPE h gauge
                h\(own) 1.0
                # EOF

                """
        )
    }
}
