import Foundation
import Metrics
import Testing

/// One of everything, with text that needs every escape.
private func makeRegistry() -> Registry {
    let registry = Registry()
    let requests = registry.counterFamily(
        "weir_requests_total",
        help: "Requests by route,\nwith \"quotes\" and a \\.",
        labels: ["route", "status"],
    )
    requests.child("/b", "200").increment(by: 3)
    requests.child("/a\"\\\n", "500").increment()
    requests.child("/a", "200").add(0.25)
    registry.gauge("weir_lag_lines", help: "Lines to load.").set(-1.5)
    registry.gauge("weir_big", help: "A big number.").set(9_007_199_254_740_991)
    let latency = registry.histogramFamily(
        "weir_latency_seconds",
        help: "Latency.",
        labels: ["route"],
        bounds: [0.005, 1, 20],
    )
    latency.child("/a").observe(0.25)
    latency.child("/a").observe(0.5)
    latency.child("/a").observe(100.0)
    registry.histogram("weir_batch", help: "Lines a batch.", bounds: [1]).observe(1.0)
    return registry
}

@Suite struct `Exposition` {
    @Test func `Prometheus text`() {
        let expected = #"""
            # HELP weir_batch Lines a batch.
            # TYPE weir_batch histogram
            weir_batch_bucket{le="1"} 1
            weir_batch_bucket{le="+Inf"} 1
            weir_batch_sum 1
            weir_batch_count 1
            # HELP weir_big A big number.
            # TYPE weir_big gauge
            weir_big 9007199254740991
            # HELP weir_lag_lines Lines to load.
            # TYPE weir_lag_lines gauge
            weir_lag_lines -1.5
            # HELP weir_latency_seconds Latency.
            # TYPE weir_latency_seconds histogram
            weir_latency_seconds_bucket{route="/a",le="0.005"} 0
            weir_latency_seconds_bucket{route="/a",le="1"} 2
            weir_latency_seconds_bucket{route="/a",le="20"} 2
            weir_latency_seconds_bucket{route="/a",le="+Inf"} 3
            weir_latency_seconds_sum{route="/a"} 100.75
            weir_latency_seconds_count{route="/a"} 3
            # HELP weir_requests_total Requests by route,\nwith "quotes" and a \\.
            # TYPE weir_requests_total counter
            weir_requests_total{route="/a",status="200"} 0.25
            weir_requests_total{route="/a\"\\\n",status="500"} 1
            weir_requests_total{route="/b",status="200"} 3

            """#
        #expect(String(decoding: makeRegistry().exposition(as: .prometheusText), as: UTF8.self) == expected)
    }

    @Test func `OpenMetrics`() {
        let expected = #"""
            # HELP weir_batch Lines a batch.
            # TYPE weir_batch histogram
            weir_batch_bucket{le="1.0"} 1
            weir_batch_bucket{le="+Inf"} 1
            weir_batch_sum 1
            weir_batch_count 1
            # HELP weir_big A big number.
            # TYPE weir_big gauge
            weir_big 9007199254740991
            # HELP weir_lag_lines Lines to load.
            # TYPE weir_lag_lines gauge
            weir_lag_lines -1.5
            # HELP weir_latency_seconds Latency.
            # TYPE weir_latency_seconds histogram
            weir_latency_seconds_bucket{route="/a",le="0.005"} 0
            weir_latency_seconds_bucket{route="/a",le="1.0"} 2
            weir_latency_seconds_bucket{route="/a",le="20.0"} 2
            weir_latency_seconds_bucket{route="/a",le="+Inf"} 3
            weir_latency_seconds_sum{route="/a"} 100.75
            weir_latency_seconds_count{route="/a"} 3
            # HELP weir_requests Requests by route,\nwith \"quotes\" and a \\.
            # TYPE weir_requests counter
            weir_requests_total{route="/a",status="200"} 0.25
            weir_requests_total{route="/a\"\\\n",status="500"} 1
            weir_requests_total{route="/b",status="200"} 3
            # EOF

            """#
        #expect(String(decoding: makeRegistry().exposition(as: .openMetrics), as: UTF8.self) == expected)
    }

    @Test func `collectors and additions join the families`() {
        let registry = Registry()
        registry.gaugeFamily("weir_b", help: "B.", labels: ["x"]).child("2").set(2)
        registry.addCollector { snapshot in
            snapshot.gauge("weir_b", help: "B.", labels: [("x", "1")], 1)
            snapshot.gauge("weir_b", help: "B.", labels: [("x", "2")], 99)
            snapshot.counter("weir_c_total", help: "C.", .infinity)
        }
        var additions = MetricsSnapshot()
        additions.gauge("weir_a", help: "A.", .nan)
        additions.gauge("weir_c", help: "Collides with the counter.", 5)
        let reading = HistogramReading(bounds: [], counts: [2], sum: -.infinity)
        additions.histogram("weir_d", help: "D.", reading)
        let expected = """
            # HELP weir_a A.
            # TYPE weir_a gauge
            weir_a NaN
            # HELP weir_b B.
            # TYPE weir_b gauge
            weir_b{x="1"} 1
            weir_b{x="2"} 2
            # HELP weir_c_total C.
            # TYPE weir_c_total counter
            weir_c_total +Inf
            # HELP weir_d D.
            # TYPE weir_d histogram
            weir_d_bucket{le="+Inf"} 2
            weir_d_sum -Inf
            weir_d_count 2

            """
        let exposition = registry.exposition(as: .prometheusText, adding: additions)
        #expect(String(decoding: exposition, as: UTF8.self) == expected)
    }

    @Test func `an empty registry is an empty scrape`() {
        #expect(Registry().exposition(as: .prometheusText) == [])
        #expect(Registry().exposition(as: .openMetrics) == Array("# EOF\n".utf8))
    }

    @Test(.enabled(if: Promtool.path != nil, "promtool is not installed (Debian package prometheus)"))
    func `promtool finds nothing to say`() throws {
        let registry = makeRegistry()
        registry.addCollector(ProcessMetrics().collect)
        let verdict = try Promtool.check(registry.exposition(as: .prometheusText))
        #expect(verdict.status == 0)
        #expect(verdict.output == "")
    }

    @Test(.enabled(if: Promtool.path != nil, "promtool is not installed (Debian package prometheus)"))
    func `promtool does find what is wrong`() throws {
        #expect(try Promtool.check(Array("x{a=\"\n".utf8)).status != 0)
    }
}

@Suite struct `Format negotiation` {
    @Test(
        arguments: [
            (nil, .prometheusText),
            ("", .prometheusText),
            ("*/*", .prometheusText),
            ("text/plain", .prometheusText),
            ("text/html,application/xhtml+xml,*/*;q=0.8", .prometheusText),
            ("application/openmetrics-text", .openMetrics),
            ("Application/OpenMetrics-Text; Version=1.0.0; charset=utf-8", .openMetrics),
            ("application/openmetrics-text;version=\"1.0.0\"", .openMetrics),
            ("application/openmetrics-text;version=0.0.1", .prometheusText),
            ("application/openmetrics-text;version=2.0.0", .prometheusText),
            ("application/openmetrics-text;q=0", .prometheusText),
            ("application/openmetrics-text;q=0.5,text/plain", .prometheusText),
            ("application/openmetrics-text;q=0.5,text/plain;q=0.4", .openMetrics),
            ("text/plain;q=0.5,application/openmetrics-text;q=0.5", .openMetrics),
            ("application/openmetrics-text;q=0.5,*/*", .prometheusText),
            ("application/openmetrics-text;q=0.5,text/plain;q=0.3,*/*", .openMetrics),
            ("application/openmetrics-text;q=nonsense", .prometheusText),
            ("application/openmetrics-text;q=1.5", .prometheusText),
            ("text/plain;note=\"a,application/openmetrics-text\"", .prometheusText),
            // What Prometheus 2.30, 2.49 and 3.0 send.
            (
                "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                .prometheusText
            ),
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                    + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                .openMetrics
            ),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                    + "application/openmetrics-text;version=0.0.1;q=0.5,"
                    + "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
                .openMetrics
            ),
        ] as [(String?, ExpositionFormat)]
    )
    func `follows the quality values`(accept: String?, expected: ExpositionFormat) {
        #expect(ExpositionFormat.negotiate(accept: accept) == expected)
    }

    @Test func `content types name the version`() {
        #expect(ExpositionFormat.prometheusText.contentType == "text/plain; version=0.0.4; charset=utf-8")
        #expect(
            ExpositionFormat.openMetrics.contentType
                == "application/openmetrics-text; version=1.0.0; charset=utf-8"
        )
    }
}

private enum Promtool {
    static let path = ["/usr/bin/promtool", "/usr/local/bin/promtool"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    static func check(_ exposition: [UInt8]) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(path))
        process.arguments = ["check", "metrics"]
        let input = Pipe()
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(exposition))
        try input.fileHandleForWriting.close()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: text, as: UTF8.self))
    }
}
