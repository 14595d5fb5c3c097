import Core
import FeatureTestKit
import HTTP
import Journal
import TestKit
import Testing

@testable import Workers

/// `GET /api/metrics/export` and `POST /api/metrics/import`.
@Suite struct `Bulk export and import` {
    /// Everything that a sample is, but for its type, its ids and its arrival.
    static let samples = """
        SELECT r.component_type, r.name, m.metric_name, m.labels::text, float8send(m.metric_value),
            date_trunc('milliseconds', m."timestamp")
        FROM noetl.metric m JOIN component r USING (runtime_id) ORDER BY 1, 2, 3, 4, 6, 5
        """

    /// A Weir with samples of every kind.
    static func filled() async throws -> WorkersHarness {
        let weir = try WorkersHarness()
        try await weir.pool("pool, 1")
        let labels = #"{"path":"c:\\temp\n\"x\"","ö":"ü"}"#
        try await weir.report(
            "pool, 1",
            WorkersHarness.gauge("load", "0.1", labels: labels, rest: #","timestamp":1700000000.123456"#),
            WorkersHarness.gauge("load", "\"NaN\"", rest: #","timestamp":1700000000"#),
            WorkersHarness.gauge("jobs", "\"-inf\"", rest: #","timestamp":1700000001"#)
        )
        try await weir.write(
            SentSeries("up", [("instance", "a:1"), ("job", "node")], (1000, 1), (2000, 0), (-1, 1e300)),
            SentSeries("http_total", [("job", "web")], (1_700_000_000_000, 123_456_789))
        )
        var end = SentSeries("up", [("instance", "a:1"), ("job", "node")])
        end.samples = [(3000, 0x7FF0_0000_0000_0002)]
        try await weir.write(end)
        _ = try await weir.rows("SELECT 1")
        return weir
    }

    @Test func `shows samples under the names of the export`() async throws {
        let weir = try await Self.filled()
        let text = try await weir.get("/api/metrics/export?component_name=node")
        #expect(text.fields["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
        #expect(
            text.text == """
                up{job="node",instance="a:1",component="node",component_type="broker"} 1.0 1000
                up{job="node",instance="a:1",component="node",component_type="broker"} 0.0 2000
                up{job="node",instance="a:1",component="node",component_type="broker"} 1e+300 -1
                up{job="node",instance="a:1",component="node",component_type="broker"} NaN 3000

                """
        )
        let lines = try await weir.get("/api/metrics/export?format=jsonl&component_name=node&start=2&end=3")
        #expect(lines.fields["Content-Type"] == "application/x-ndjson")
        #expect(
            lines.text == #"""
                {"metric":{"__name__":"up","job":"node","instance":"a:1","component":"node","component_type":"broker"},"values":[0.0],"timestamps":[2000]}
                {"metric":{"__name__":"up","job":"node","instance":"a:1","component":"node","component_type":"broker"},"values":[null],"timestamps":[3000]}

                """#
        )
        let table = try await weir.get("/api/metrics/export?format=csv&metric_name=jobs")
        #expect(
            table.text == #"""
                metric,labels,timestamp_ms,value
                jobs,"{""component"":""pool, 1"",""component_type"":""worker_pool""}",1700000001000,-Inf

                """#
        )
        #expect(try await weir.get("/api/metrics/export?metric_name=none").text == "")
        #expect(try await weir.get("/api/metrics/export?format=xml").status == 422)
    }

    @Test(arguments: ["prometheus", "jsonl", "csv"])
    func `moves every sample into another Weir, and stores nothing twice`(format: String) async throws {
        let weir = try await Self.filled()
        let exported = try await weir.get("/api/metrics/export?format=\(format)").text
        let other = try WorkersHarness()
        for _ in 0..<2 {
            let answer = try await other.post("/api/metrics/import?format=\(format)", exported, type: nil)
            #expect(answer.status == 200)
            #expect(
                answer.text == #"{"status":"ok","samples":8,"samples_dropped":0,"dropped_because":[]}"#
            )
        }
        var expected = try weir.database.rows(Self.samples)
        // Names of labels as scrapers accept them; text has one NaN only.
        expected = expected.map { $0.replacing(#""ö": "#, with: #""_": "#) }
        if format == "prometheus" {
            expected = expected.map {
                $0.replacing("\\x7ff0000000000002", with: "\\x7ff8000000000000")
            }
        }
        let actual = try await other.rows(Self.samples)
        #expect(actual == expected)
        // The export of the second is that of the first.
        let again = try await other.get("/api/metrics/export?format=\(format)").text
        #expect(again.split(separator: "\n").sorted() == exported.split(separator: "\n").sorted())
        // History is not shown as the present.
        #expect(try await other.get("/api/metrics/prometheus").text == "\n")
    }

    @Test(arguments: [
        ("prometheus", "a 1 1\nb{ 2\n", "Line 2: column"),
        ("jsonl", "{\"metric\":{}}\n", "Line 1: not an object"),
        (
            "jsonl", "\n{\"metric\":{\"__name__\":\"a\"},\"values\":[1],\"timestamps\":[]}",
            "Line 2: not an object"
        ),
        ("csv", "a,b\n", "Line 1: the header"),
        ("csv", "metric,labels,timestamp_ms,value\na,{},x,1\n", "Line 2: not a row"),
    ])
    func `refuses a file whole that it cannot read`(format: String, body: String, detail: String) async throws
    {
        let weir = try WorkersHarness()
        let answer = try await weir.post("/api/metrics/import?format=\(format)", body, type: nil)
        #expect(answer.status == 400)
        #expect(try answer.json["detail"]?.string?.hasPrefix(detail) == true)
        #expect(try await weir.rows("SELECT count(*) FROM noetl.metric") == ["0"])
    }

    @Test func `stores each sample once when a file comes again after a limit was raised`() async throws {
        let series = ["a", "b", "c", "d"].map { name in
            SentSeries(name, [("job", "j")], (1, 1), (2, 2), (3_600_000_000, 3))
        }
        let source = try WorkersHarness()
        try await source.write(SentSeries.message(series))
        _ = try await source.rows("SELECT 1")
        let file = try await source.get("/api/metrics/export?format=jsonl").text
        let counts = "SELECT metric_name, count(*) FROM noetl.metric GROUP BY 1 ORDER BY 1"
        var weir = try WorkersHarness(seriesOfComponent: 2)
        for (limit, expected) in [
            (2, ["a|3", "b|3"]), (3, ["a|3", "b|3", "c|3"]), (3, ["a|3", "b|3", "c|3"]),
            (10, ["a|3", "b|3", "c|3", "d|3"]), (10, ["a|3", "b|3", "c|3", "d|3"]),
        ] {
            weir = try WorkersHarness(seriesOfComponent: limit, over: weir.database)
            #expect(try await weir.post("/api/metrics/import?format=jsonl", file, type: nil).status == 200)
            #expect(try await weir.rows(counts) == expected)
        }
        #expect(try weir.database.rows("SELECT count(*) FROM import_portion") == ["1"])
    }

    @Test func `keeps labels apart that only look the same`() async throws {
        let weir = try WorkersHarness()
        let file = """
            {"metric":{"__name__":"a","job":"j","l":"\u{e9}"},"values":[1],"timestamps":[1]}
            {"metric":{"__name__":"a","job":"j","l":"e\u{301}"},"values":[2],"timestamps":[2]}
            """
        try await weir.post("/api/metrics/import?format=jsonl", file, type: nil)
        #expect(
            try await weir.rows("SELECT length(labels ->> 'l'), metric_value FROM noetl.metric ORDER BY 2")
                == [
                    "1|1", "2|2",
                ]
        )
    }

    @Test(arguments: ["prometheus", "jsonl", "csv"])
    func `moves the longest names and the most labels that are stored`(format: String) async throws {
        let weir = try WorkersHarness()
        let escaped = String(repeating: "\n", count: 4096)
        let labels = [("job", "j")] + (1...63).map { ("label_\($0)", escaped) }
        try await weir.write(SentSeries(String(repeating: "n", count: 4096), labels, (1, 1)))
        _ = try await weir.rows("SELECT 1")
        let exported = try await weir.get("/api/metrics/export?format=\(format)").text
        let other = try WorkersHarness()
        let answer = try await other.post("/api/metrics/import?format=\(format)", exported, type: nil)
        #expect(answer.text == #"{"status":"ok","samples":1,"samples_dropped":0,"dropped_because":[]}"#)
        #expect(try await other.rows(Self.samples) == weir.database.rows(Self.samples))
    }

    @Test func `exports and imports many samples in portions`() async throws {
        let weir = try WorkersHarness()
        var many = SentSeries("many", [("job", "j")])
        many.samples = (0..<30_500).map { (Int64($0), Double($0).bitPattern) }
        try await weir.write(many)
        _ = try await weir.rows("SELECT 1")
        let exported = try await weir.get("/api/metrics/export?format=jsonl").text
        #expect(exported.split(separator: "\n").count == 2)
        let other = try WorkersHarness()
        let before = other.feature.journal.durableSeq
        try await other.post("/api/metrics/import?format=jsonl", exported, type: nil)
        #expect(other.feature.journal.durableSeq - before == 4)
        #expect(
            try await other.rows(
                "SELECT count(*), count(DISTINCT \"timestamp\"), sum(metric_value) FROM noetl.metric"
            )
                == ["30500|30500|465109750"]
        )
    }
}
