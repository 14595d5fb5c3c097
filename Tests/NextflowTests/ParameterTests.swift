import Core
import HTTP
import Testing

@testable import API
@testable import Nextflow

@Suite struct `Parameters of the process metrics` {
    @Test func `a limit that is too high is refused as in the sample`() async throws {
        let answer = try await RouteHarness().get("/metrics/processes/summary?limit=201")
        #expect(answer.status == 422)
        #expect(answer.text == compact(try Fixture.metrics("telemetry_query_422")))
    }

    @Test(arguments: [
        ("summary", 200), ("retries", 500), ("resources-by-attempt", 1000), ("failures", 500),
        ("failure-signatures", 1000), ("tasks", 500),
    ])
    func `limits have the bounds of their endpoint`(path: String, most: Int) async throws {
        let harness = try RouteHarness()
        for (limit, status) in [(1, 200), (most, 200), (0, 422), (most + 1, 422)] {
            let answer = try await harness.get("/metrics/processes/\(path)?limit=\(limit)")
            #expect(answer.status == status, "\(limit)")
        }
    }

    private static let notAnInteger = #""msg":"value is not a valid integer","type":"type_error.integer"}"#
    private static let tooLow = """
        "msg":"ensure this value is greater than or equal to 1","type":"value_error.number.not_ge",\
        "ctx":{"limit_value":1}}
        """

    @Test func `all that is wrong is listed in the order of declaration`() async throws {
        let query =
            "limit=x&process=P&until=soon&min_samples=0&window_days=1.5&window_hours=&since=2026-01-01"
        let answer = try await RouteHarness().get("/metrics/processes/failures?\(query)")
        let time = #""msg":"invalid datetime format","type":"value_error.datetime"}"#
        #expect(answer.status == 422)
        #expect(
            answer.text == #"{"detail":["#
                + #"{"loc":["query","window_days"],\#(Self.notAnInteger),"#
                + #"{"loc":["query","min_samples"],\#(Self.tooLow),"#
                + #"{"loc":["query","limit"],\#(Self.notAnInteger),"#
                + #"{"loc":["query","window_hours"],\#(Self.notAnInteger),"#
                + #"{"loc":["query","since"],\#(time),"#
                + #"{"loc":["query","until"],\#(time)]}"#
        )
    }

    @Test(arguments: [
        ("timeline?bucket=year", "bucket", "year", "'hour', 'day', 'week'"),
        ("failure-signatures?group_by=exit", "group_by", "exit", "'error_action'"),
    ])
    func `a word that is not permitted is named`(
        target: String,
        name: String,
        given: String,
        permitted: String
    ) async throws {
        let answer = try await RouteHarness().get("/metrics/processes/\(target)")
        let list = permitted.replacing("'", with: "\"").replacing(" ", with: "")
        #expect(
            answer.text == #"{"detail":[{"loc":["query","\#(name)"],"msg":"unexpected value; permitted: "#
                + #"\#(permitted)","type":"value_error.const","ctx":{"given":"\#(given)","permitted":[\#(list)]}}]}"#
        )
    }

    @Test func `min_samples is no parameter of failure-signatures, and unknown ones are ignored`()
        async throws
    {
        let harness = try RouteHarness()
        let ignored = try await harness.get(
            "/metrics/processes/failure-signatures?min_samples=abc&colour=red"
        )
        #expect(ignored.status == 200)
        let refused = try await harness.get("/metrics/processes/failures?min_samples=abc")
        #expect(refused.status == 422)
    }

    @Test func `of a parameter that is given twice the last counts`() async throws {
        let harness = try RouteHarness()
        let answer = try await harness.get("/metrics/processes/summary?window_days=x&window_days=3")
        #expect(answer.status == 200)
        #expect(answer.text.contains(#""window_days":3,"#))
    }

    @Test func `a window of more days than there ever were is all time, and echoed`() async throws {
        let harness = try RouteHarness()
        try harness.projection.apply(Body.task())
        for days in ["800000", "99999999999999999999999"] {
            let answer = try await harness.get(
                "/metrics/processes/summary?window_days=\(days)&min_samples=\(days)"
            )
            #expect(answer.text.contains(#""window_days":\#(days),"cards":{"process_completed_rows":1,"#))
        }
    }

    @Test func `two ways to say how long are one too many`() async throws {
        let answer = try await RouteHarness().get("/metrics/processes/retries?window_days=1&window_hours=1")
        #expect(answer.status == 400)
        #expect(
            answer.text == #"{"detail":"window_days and window_hours cannot be combined: give one of them"}"#
        )
    }

    @Test(arguments: [
        ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z"),
        ("2026-11-20T11:00:00+01:00", "2026-11-20T10:00:00Z"),
        ("2026-11-20T10:00:00%2B00:00", "2026-11-20T10:00:00Z"),
        ("2026-11-20%2010:00:00.25", "2026-11-20T10:00:00.25Z"),
        ("1795168800", "2026-11-20T10:00:00Z"),
    ])
    func `moments are read leniently, an unencoded plus too`(text: String, moment: String) throws {
        var reader = ParameterReader(Query(raw: "since=\(text)"))
        let query = ProcessMetricsQuery(&reader, .summary)
        try reader.finish()
        #expect(query.since == Timestamp(iso8601: moment))
    }

    @Test func `windows and bounds are combined: the latest beginning counts`() throws {
        let now = try #require(Timestamp(iso8601: "2026-11-20T10:00:00Z"))
        func window(_ raw: String) throws -> String {
            var reader = ParameterReader(Query(raw: raw))
            let window = ProcessMetricsQuery(&reader, .summary).window(at: now)
            try reader.finish()
            return "\(window.since?.description ?? "-")/\(window.until?.description ?? "-")"
        }
        #expect(try window("") == "-/-")
        #expect(try window("window_days=2") == "2026-11-18T10:00:00.000000Z/-")
        #expect(try window("window_hours=2&since=2026-11-01T00:00:00Z") == "2026-11-20T08:00:00.000000Z/-")
        #expect(
            try window("window_days=9&since=2026-11-19T00:00:00Z&until=2026-11-19T01:00:00Z")
                == "2026-11-19T00:00:00.000000Z/2026-11-19T01:00:00.000000Z"
        )
    }
}

@Suite struct `Percentages` {
    @Test(arguments: [
        (0, 1, 0), (1, 1, 10000), (1, 3, 3333), (2, 3, 6667), (4, 9, 4444), (1, 800, 13), (1, 1600, 6),
        (1, 2000, 5),
        (1, 20000, 1), (1, 20001, 0), (999_999, 1_000_000, 10000),
        (123_456_789_012, 987_654_321_098, 1250),
    ])
    func `are rounded half up at the second place`(part: Int64, whole: Int64, hundredths: Int64) {
        #expect(Percentage(part, of: whole)?.hundredths == hundredths)
    }

    @Test func `of nothing there is none`() {
        #expect(Percentage(0, of: 0) == nil)
    }

    @Test func `are shown as the shortest decimal`() {
        #expect(Percentage(4, of: 9).map { FloatText.python($0.value) } == "44.44")
        #expect(Percentage(2, of: 5).map { FloatText.python($0.value) } == "40.0")
        #expect(Percentage(29, of: 100).map { FloatText.python($0.value) } == "29.0")
    }
}

@Suite struct `Cursors` {
    @Test(arguments: [[], [""], ["1", "ü/?&+ \"\\"], ["-1", "a", ""], [String(repeating: "x", count: 500)]])
    func `come back as they were, in characters that a URL takes as they are`(parts: [String]) {
        let text = PageCursor(parts).text
        #expect(PageCursor(text)?.parts == parts)
        #expect(text.utf8.allSatisfy { $0.isURLSafe })
    }

    @Test(arguments: ["", "x", "!!!!", "eyJhIjoxfQ", "WzFd", "Wyd4J10", "💥"])
    func `of another making are refused`(text: String) {
        #expect(PageCursor(text) == nil)
    }

    @Test func `of another list are refused`() {
        #expect(RunCursor(PageCursor(["1", "2", "3"])) == nil)
        #expect(RunCursor(PageCursor(["1", "not a uuid"])) == nil)
        #expect(TaskCursor(PageCursor(["x", "2", "3"])) == nil)
        #expect(EventCursor(PageCursor(["1", "x"])) == nil)
    }
}

extension UInt8 {
    fileprivate var isURLSafe: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
