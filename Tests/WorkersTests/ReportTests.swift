import Core
import FeatureTestKit
import HTTP
import Testing

@testable import Workers

/// `POST /api/metrics/report`: contract noetl §1.1, §1.2.
@Suite struct `A report of metrics` {
    @Test func `is stored and read back with all its members`() async throws {
        let weir = try WorkersHarness()
        let id = try await weir.pool("w1")
        let answer = try await weir.report(
            "w1",
            #"{"metric_name":"jobs","metric_type":"counter","metric_value":45,"labels":{"zz":"2","a":"1"},"#
                + #""help_text":"Jobs","unit":"jobs","timestamp":"2026-11-20T22:01:39.302361+00:00"}"#
        )
        #expect(answer.text == #"{"status":"ok","runtime_id":\#(id),"metrics_inserted":1}"#)
        let read = try await weir.get("/api/metrics/query")
        let sample = try #require(try read.json["metrics"]?.elements.first { _ in true })
        #expect(
            sample.members.map { $0.key.string ?? "" } == [
                "metric_id", "runtime_id", "component_name", "component_type", "metric_name", "metric_type",
                "metric_value", "labels", "help_text", "unit", "timestamp", "created_at",
            ]
        )
        #expect(
            read.text.contains(
                #""component_name":"w1","component_type":"worker_pool","metric_name":"jobs","metric_type":"counter","#
                    + #""metric_value":45.0,"labels":{"a": "1", "zz": "2"},"help_text":"Jobs","unit":"jobs","#
                    + #""timestamp":"2026-11-20T22:01:39.302361+00:00","created_at":""#
            )
        )
        #expect(read.text.hasSuffix(#""}],"count":1,"limit":1000}"#))
        #expect(sample["runtime_id"]?.int64 == id)
    }

    @Test(
        arguments: [
            (#"{"metrics":[]}"#, 400, #"{"detail":"Either runtime_id or component_name must be provided"}"#),
            (
                #"{"component_name":"","metrics":[]}"#, 400,
                #"{"detail":"Either runtime_id or component_name must be provided"}"#
            ),
            (
                #"{"component_name":"ghost","metrics":[]}"#, 404,
                #"{"detail":"Component 'ghost' not found in runtime registry"}"#
            ),
            (
                #"{"component_name":" w1 ","metrics":[]}"#, 404,
                #"{"detail":"Component ' w1 ' not found in runtime registry"}"#
            ),
            (
                #"{"runtime_id":12345,"metrics":[]}"#, 404,
                #"{"detail":"Runtime 12345 not found in runtime registry"}"#
            ),
            (
                #"{"runtime_id":"12","metrics":[]}"#, 404,
                #"{"detail":"Runtime 12 not found in runtime registry"}"#
            ),
            (
                "", 422,
                #"{"detail":[{"type":"missing","loc":["body"],"msg":"Field required","input":null}]}"#
            ),
            (
                "[]", 422,
                #"{"detail":[{"type":"model_attributes_type","loc":["body"],"#
                    + #""msg":"Input should be a valid dictionary or object to extract fields from","input":[]}]}"#
            ),
            (
                #"{"component_name":"w1"}"#, 422,
                #"{"detail":[{"type":"missing","loc":["body","metrics"],"msg":"Field required","#
                    + #""input":{"component_name":"w1"}}]}"#
            ),
            (
                #"{"runtime_id":1.5,"metrics":[]}"#, 422,
                #"{"detail":[{"type":"int_from_float","loc":["body","runtime_id"],"#
                    + #""msg":"Input should be a valid integer, got a number with a fractional part","input":1.5}]}"#
            ),
        ]
    )
    func `is refused for its body`(body: String, status: Int, text: String) async throws {
        let weir = try WorkersHarness()
        try await weir.pool("w1")
        let answer = try await weir.post("/api/metrics/report", body)
        #expect(answer.status == status)
        #expect(answer.text == text)
    }

    @Test func `names a component whose name an index of PostgreSQL can hold`() async throws {
        let weir = try WorkersHarness(adopting: .any)
        // No compression makes it shorter.
        let name = (0..<1024).map { _ in
            String("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".randomElement() ?? "x")
        }.joined()
        #expect(try await weir.report(name, WorkersHarness.gauge("m", "1")).status == 200)
        #expect(try await weir.report(name + "x", WorkersHarness.gauge("m", "1")).status == 422)
        #expect(try await weir.post("/api/worker/pool/register", #"{"name":"\#(name)x"}"#).status == 422)
        #expect(
            try await weir.post("/api/metrics/ttl/extend-component?component_name=\(name)x").status == 422
        )
        #expect(try await weir.post("/api/metrics/ttl/extend-component?component_name=\(name)").status == 200)
        #expect(try await weir.rows("SELECT count(*) FROM sample_block") == ["1"])
        #expect(try await weir.rows("SELECT count(*) FROM dead_letter") == ["0"])
    }

    @Test func `shows the first hundred of its errors, and how many there are`() async throws {
        let weir = try WorkersHarness(adopting: .any)
        let answer = try await weir.report("w", Array(repeating: "{}", count: 200).joined(separator: ","))
        #expect(answer.status == 422)
        #expect(try answer.json["detail"]?.elements.reduce(0) { count, _ in count + 1 } == 100)
        #expect(try answer.json["total_faults"]?.int64 == 600)
    }

    @Test func `is refused with a runtime id beyond 64 bits`() async throws {
        let weir = try WorkersHarness()
        let answer = try await weir.post(
            "/api/metrics/report",
            #"{"runtime_id":100000000000000000000,"metrics":[]}"#
        )
        #expect(answer.status == 422)
    }

    @Test(
        arguments: [
            (#"{"metric_type":"gauge","metric_value":1}"#, "missing", #"["body","metrics",0,"metric_name"]"#),
            (
                #"{"metric_name":5,"metric_type":"gauge","metric_value":1}"#, "string_type",
                #"["body","metrics",0,"metric_name"]"#
            ),
            (
                #"{"metric_name":"m","metric_type":"Gauge","metric_value":1}"#, "literal_error",
                #"["body","metrics",0,"metric_type"]"#
            ),
            (
                #"{"metric_name":"m","metric_type":"gauge","metric_value":null}"#, "float_type",
                #"["body","metrics",0,"metric_value"]"#
            ),
            (
                #"{"metric_name":"m","metric_type":"gauge","metric_value":"abc"}"#, "float_parsing",
                #"["body","metrics",0,"metric_value"]"#
            ),
            (
                #"{"metric_name":"m","metric_type":"gauge","metric_value":1,"labels":{"a":1}}"#,
                "string_type",
                #"["body","metrics",0,"labels","a"]"#
            ),
            (
                #"{"metric_name":"m","metric_type":"gauge","metric_value":1,"labels":{"a":null}}"#,
                "string_type",
                #"["body","metrics",0,"labels","a"]"#
            ),
            (
                #"{"metric_name":"m","metric_type":"gauge","metric_value":1,"labels":["a"]}"#, "dict_type",
                #"["body","metrics",0,"labels"]"#
            ),
            (
                #"{"metric_name":"m","metric_type":"gauge","metric_value":1,"timestamp":"yesterday"}"#,
                "datetime_from_date_parsing", #"["body","metrics",0,"timestamp"]"#
            ),
            (
                #"{"metric_name":"m","metric_type":"gauge","metric_value":1,"timestamp":"2026-11-20T24:00:00Z"}"#,
                "datetime_from_date_parsing", #"["body","metrics",0,"timestamp"]"#
            ),
            (
                #"{"metric_name":"a\u0000b","metric_type":"gauge","metric_value":1}"#, "string_unicode",
                #"["body"]"#
            ),
        ]
    )
    func `is stored whole or not at all`(bad: String, type: String, place: String) async throws {
        let weir = try WorkersHarness()
        try await weir.pool("w1")
        let answer = try await weir.report("w1", WorkersHarness.gauge("good", "1"), bad)
        #expect(answer.status == 422)
        #expect(
            answer.text.contains(#""type":"\#(type)","loc":\#(place.replacing(",0,", with: ",1,"))"#),
            "\(answer.text)"
        )
        #expect(try await weir.get("/api/metrics/query").text == #"{"metrics":[],"count":0,"limit":1000}"#)
    }

    @Test(
        arguments: [
            ("150", "150.0"), ("\"3.25\"", "3.25"), ("true", "1.0"), ("\"NaN\"", "\"NaN\""),
            ("NaN", "\"NaN\""),
            ("\" inf \"", "\"+Inf\""), ("-Infinity", "\"-Inf\""), ("1e400", "\"+Inf\""),
            ("\"1_000\"", "1000.0"),
            ("1e16", "1e+16"), ("-0.0", "-0.0"), ("123456789012345678", "1.2345678901234568e+17"),
        ]
    )
    func `takes the numbers that Python takes`(sent: String, read: String) async throws {
        let weir = try WorkersHarness()
        try await weir.pool("w1")
        #expect(try await weir.report("w1", WorkersHarness.gauge("m", sent)).status == 200)
        #expect(try await weir.get("/api/metrics/query").text.contains(#""metric_value":\#(read),"#))
    }

    @Test func `of 2500 metrics is stored in their order`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("w1")
        let metrics = (0..<2500).map { WorkersHarness.gauge("m\($0 % 7)", "\($0)") }.joined(separator: ",")
        let answer = try await weir.report("w1", metrics)
        #expect(try answer.json["metrics_inserted"]?.int64 == 2500)
        let read = try await weir.get("/api/metrics/query?limit=10000").json
        #expect(read["count"]?.int64 == 2500)
        let ids = read["metrics"]?.elements.compactMap { $0["metric_id"]?.int64 } ?? []
        #expect(Set(ids).count == 2500)
        let values = read["metrics"]?.elements.compactMap { $0["metric_value"]?.double } ?? []
        #expect(values == (0..<2500).reversed().map(Double.init))
    }

    @Test func `beyond the series of its component drops what is new, and says so`() async throws {
        let weir = try WorkersHarness(seriesOfComponent: 2)
        try await weir.pool("w1")
        let first = try await weir.report(
            "w1",
            WorkersHarness.gauge("a", "1"),
            WorkersHarness.gauge("b", "1")
        )
        #expect(first.text.hasSuffix(#""metrics_inserted":2}"#))
        let second = try await weir.report(
            "w1",
            WorkersHarness.gauge("c", "1"),
            WorkersHarness.gauge("a", "2")
        )
        #expect(second.text.hasSuffix(#""metrics_inserted":1,"metrics_dropped":1}"#))
        let read = try await weir.get("/api/metrics/query").json
        #expect(
            read["metrics"]?.elements.compactMap { $0["metric_name"]?.string }.sorted() == ["a", "a", "b"]
        )
    }

    @Test func `registers an unknown component if it may`() async throws {
        let weir = try WorkersHarness(adopting: .any)
        #expect(try await weir.report("worker-7", WorkersHarness.gauge("a", "1")).status == 200)
        let components = try await weir.get("/api/metrics/components").json["components"]
        #expect(components?.elements.compactMap { $0["name"]?.string } == ["worker-7"])
        #expect(components?.elements.compactMap { $0["component_type"]?.string } == ["worker_pool"])
    }

    @Test func `means the type that it names, then the pool, then the server`() async throws {
        let weir = try WorkersHarness()
        let broker = try await weir.post("/api/runtime/register", #"{"name":"x","kind":"broker","uri":"u"}"#)
            .json
        let server = try await weir.post("/api/runtime/register", #"{"name":"x","uri":"u"}"#).json
        func reported(_ type: String) async throws -> Int64? {
            let body = #"{"component_name":"x","component_type":"\#(type)","metrics":[]}"#
            return try await weir.post("/api/metrics/report", body).json["runtime_id"]?.int64
        }
        #expect(try await reported("broker") == broker["runtime_id"]?.int64)
        #expect(try await reported("queue_worker") == server["runtime_id"]?.int64)
        let pool = try await weir.pool("x")
        #expect(try await reported("queue_worker") == pool)
    }

    @Test(arguments: [
        "1.0.0_report_custom", "1.0.0_report_queue_worker", "1.0.0_report_worker_pool",
        "1.0.3_report_custom", "1.0.3_report_queue_worker", "1.0.3_report_worker_pool",
    ])
    func `of a real worker is taken`(name: String) async throws {
        let weir = try WorkersHarness()
        try await weir.pool("worker-cpu-01")
        let body = try #require(try WorkersHarness.fixture("request_\(name)")["body_text"]?.string)
        let count = try JSONDocument(text: body).root["metrics"]?.elements.reduce(0) { count, _ in count + 1 }
        let answer = try await weir.post("/api/metrics/report", body)
        #expect(try answer.json["metrics_inserted"]?.int64 == count.map(Int64.init))
        #expect(try await weir.get("/api/metrics/query").json["count"]?.int64 == count.map(Int64.init))
    }
}
