import Core
import FeatureTestKit
import HTTP
import Testing

@testable import Workers

/// `GET /api/metrics/prometheus`: contract noetl §1.5.
@Suite struct `The export for Prometheus` {
    @Test func `is one line feed when there is nothing`() async throws {
        let weir = try WorkersHarness()
        let answer = try await weir.get("/api/metrics/prometheus")
        #expect(answer.text == "\n")
        #expect(answer.fields["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
    }

    @Test func `shows the newest value of each series, with the names of the registry`() async throws {
        let weir = try WorkersHarness()
        try await weir.post("/api/runtime/register", #"{"name":"alpha","base_url":"u"}"#)
        try await weir.pool("beta")
        let labels = #"{"status":"done","a":"1","zz":"2","component":"mine","component_type":"mytype"}"#
        try await weir.report(
            "alpha",
            #"{"metric_name":"z","metric_type":"counter","metric_value":45,"labels":\#(labels),"help_text":"First"}"#
        )
        try await weir.report(
            "alpha",
            #"{"metric_name":"z","metric_type":"counter","metric_value":46,"labels":\#(labels),"help_text":"Newer"}"#
        )
        try await weir.report(
            "beta",
            WorkersHarness.gauge("up", "1"),
            WorkersHarness.gauge("up", "2", labels: "{}")
        )
        #expect(
            try await weir.get("/api/metrics/prometheus").text == """
                # HELP up NoETL metric: up
                # TYPE up gauge
                up{component="beta",component_type="worker_pool"} 2.0
                # HELP z Newer
                # TYPE z counter
                z{a="1",zz="2",status="done",component="alpha",component_type="server_api"} 46.0

                """
        )
        #expect(try await weir.get("/api/metrics/prometheus?component_name=ghost").text == "\n")
        #expect(try await weir.get("/api/metrics/prometheus?component_name=beta").text.hasPrefix("# HELP up"))
        #expect(try await weir.get("/api/metrics/prometheus?runtime_id=99").text == "\n")
    }

    @Test func `repairs names and escapes values`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("w")
        let labels =
            #"{"q":"say \"hi\"","b":"c:\\x","n":"a\nb","bad-name":"v","":"empty","ünï":"ö","__x":"y"}"#
        try await weir.report(
            "w",
            WorkersHarness.gauge("weird name-ü", "1.5", labels: labels, rest: #","help_text":"a\nb \\ c""#),
            WorkersHarness.gauge("", "1"),
            WorkersHarness.gauge("1st", "\"-inf\"")
        )
        #expect(
            try await weir.get("/api/metrics/prometheus").text == #"""
                # HELP _1st NoETL metric: 1st
                # TYPE _1st gauge
                _1st{component="w",component_type="worker_pool"} -Inf
                # HELP weird_name__ a\nb \\ c
                # TYPE weird_name__ gauge
                weird_name__{b="c:\\x",n="a\nb",q="say \"hi\"",_x="y",_n_="ö",bad_name="v",component="w",component_type="worker_pool"} 1.5

                """#
        )
    }

    @Test func `has one line for sets of labels that become equal`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("w")
        try await weir.report(
            "w",
            WorkersHarness.gauge("m", "1", labels: #"{"component":"x"}"#),
            WorkersHarness.gauge("m", "2", labels: #"{"component":"y"}"#)
        )
        let lines = try await weir.get("/api/metrics/prometheus").text.split(separator: "\n")
        #expect(lines.count == 3)
    }

    @Test(arguments: ["text/plain;version=0.0.4", "application/openmetrics-text"])
    func `leaves out a metric that is called like a line of a histogram`(accept: String) async throws {
        let weir = try WorkersHarness()
        try await weir.pool("w")
        func metric(_ name: String, _ type: String, _ value: Int, _ labels: String = "null") -> String {
            #"{"metric_name":"\#(name)","metric_type":"\#(type)","metric_value":\#(value),"labels":\#(labels)}"#
        }
        try await weir.report(
            "w",
            metric("a_bucket", "histogram", 1, #"{"le":"+Inf"}"#),
            metric("a_sum", "histogram", 2),
            metric("a_count", "histogram", 1),
            metric("a_count", "gauge", 5),
            metric("a_count_total", "counter", 6),
            metric("a_max", "gauge", 7),
            metric("b_sum", "summary", 8),
            metric("b_sum", "counter", 9)
        )
        let text = try await weir.feature.send(.get, "/api/metrics/prometheus", fields: ["Accept": accept])
            .text
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            "\(line.prefix { $0 != "{" }) \(line.split(separator: " ").last ?? "")"
        }
        #expect(
            lines == [
                "a_bucket 1.0", "a_count 1.0", "a_sum 2.0", "a_count_total 6.0", "a_max 7.0", "b_sum 8.0",
            ]
        )
        #expect(text.contains("# TYPE a histogram\n"))
        #expect(!text.contains(" a_count gauge") && !text.contains(" a_count counter"))
    }

    @Test func `names histograms by their family and orders their buckets`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("w")
        func part(_ name: String, _ value: Int, _ le: String? = nil) -> String {
            let labels = le.map { #"{"le":"\#($0)"}"# } ?? "null"
            return
                #"{"metric_name":"\#(name)","metric_type":"histogram","metric_value":\#(value),"labels":\#(labels)}"#
        }
        try await weir.report(
            "w",
            part("h_sum", 9),
            part("h_bucket", 4, "+Inf"),
            part("h_bucket", 3, "10"),
            part("h_bucket", 2, "2.5"),
            part("h_count", 4)
        )
        let text = try await weir.get("/api/metrics/prometheus").text
        #expect(
            text == """
                # HELP h NoETL metric: h
                # TYPE h histogram
                h_bucket{le="2.5",component="w",component_type="worker_pool"} 2.0
                h_bucket{le="10",component="w",component_type="worker_pool"} 3.0
                h_bucket{le="+Inf",component="w",component_type="worker_pool"} 4.0
                h_count{component="w",component_type="worker_pool"} 4.0
                h_sum{component="w",component_type="worker_pool"} 9.0

                """
        )
    }
}

/// The table behind the export, whose clock the tests move.
@Suite struct `The latest values` {
    private static let component = Component(key: ComponentKey(type: .workerPool, name: "w"), id: 7)

    private static func sample(_ name: String, _ value: Double, at: Timestamp) -> Sample {
        let series = Series(of: component.key, name, .gauge, .none, help: nil, unit: nil)
        return Sample(series: series, at: at, value: value)
    }

    private static func value(_ values: LatestValues, at now: Timestamp) throws -> [Double] {
        try String(decoding: MetricsExport().render(values, at: now), as: UTF8.self).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }
            .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }
    }

    private static let noon = Timestamp(iso8601: "2026-11-20T12:00:00Z") ?? .epoch

    @Test func `keep a newer sample when an older one arrives later`() throws {
        let values = LatestValues()
        values.record([Self.sample("m", 1, at: Self.noon)], of: Self.component, arrivedAt: Self.noon)
        let older = Self.sample("m", 2, at: Self.noon.adding(seconds: -60))
        values.record([older], of: Self.component, arrivedAt: Self.noon.adding(seconds: 1))
        #expect(try Self.value(values, at: Self.noon) == [1])
    }

    @Test func `are shown for five minutes after they arrived, whatever their stamps say`() throws {
        let values = LatestValues()
        let late = Self.sample("late", 1, at: Self.noon.adding(seconds: -7 * 86_400))
        let ahead = Self.sample("ahead", 2, at: Self.noon.adding(seconds: 3600))
        values.record([late, ahead], of: Self.component, arrivedAt: Self.noon)
        #expect(try Self.value(values, at: Self.noon.adding(seconds: 300)) == [2, 1])
        #expect(try Self.value(values, at: Self.noon.adding(seconds: 301)) == [])
    }

    @Test func `are not pinned by a clock that is an hour ahead`() throws {
        let values = LatestValues()
        values.record(
            [Self.sample("m", 1, at: Self.noon.adding(seconds: 3600))],
            of: Self.component,
            arrivedAt: Self.noon
        )
        let next = Self.noon.adding(seconds: 15)
        values.record([Self.sample("m", 2, at: next)], of: Self.component, arrivedAt: next)
        #expect(try Self.value(values, at: next) == [2])
    }

    @Test func `stay bounded while a component invents names, and admit new when old are idle`() throws {
        let values = LatestValues(LatestValues.Limits(seriesOfComponent: 100))
        func admit(_ first: Int, at now: Timestamp) -> Int {
            let samples = (first..<first + 1000).map { Self.sample("m\($0)", 1, at: now) }
            return 1000 - values.admit(samples, of: Self.component, at: now).count
        }
        #expect(admit(0, at: Self.noon) == 100)
        #expect(admit(1000, at: Self.noon.adding(seconds: 60)) == 0)
        #expect(values.seriesCount == 100)
        #expect(values.droppedSamples == 1900)
        #expect(admit(2000, at: Self.noon.adding(seconds: 3700)) == 100)
        #expect(values.seriesCount == 100)
    }
}
