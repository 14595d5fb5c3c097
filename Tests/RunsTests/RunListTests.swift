import Core
import FeatureTestKit
import HTTP
import Postgres
import TestKit
import Testing

@testable import Runs

/// Lists, counts and names of runs. Contract §1.3, §1.6, §1.10.
@Suite("Reading runs", .serialized)
struct RunListTests {
    /// The event ids of a list.
    private func ids(_ weir: RunsHarness, _ query: String) async throws -> [String] {
        try await weir.get("/api/v1/runs?\(query)").json.elements.map { $0["event_id"]?.string ?? "?" }
    }

    /// Five runs: the third is the newest, two of one moment, one whose creation is no time.
    private func filled() async throws -> RunsHarness {
        let weir = try await RunsHarness()
        let runs = [
            RunBody.run("a", created: "2026-01-01T00:00:00+00:00", start: "2026-01-01T00:00:00Z"),
            RunBody.run(
                "b",
                agent: "B",
                created: "2026-01-02T00:00:00+00:00",
                start: "2026-01-02T01:00:00+01:00"
            ),
            RunBody.run(
                "c",
                created: "2026-01-03T00:00:00Z",
                start: "garbage",
                more: #","status":"success""#
            ),
            RunBody.run("d", job: "J", created: "2026-01-02T00:00:00+00:00", more: #","website":"w""#),
            RunBody.run("e", created: "yesterday", more: #","api_posted":true,"parent_run_id":"R-a""#),
        ]
        for run in runs { _ = try await weir.post("/api/v1/runs", run) }
        return weir
    }

    @Test("the newest come first, ties by their number; what is no time stands at its arrival")
    func order() async throws {
        let weir = try await filled()
        #expect(try await ids(weir, "") == ["e", "c", "b", "d", "a"])
    }

    @Test("filters are ANDed, compare instants, and fall back to text")
    func filters() async throws {
        let weir = try await filled()
        let cases: [(query: String, expected: [String])] = [
            ("agent_name=B", ["b"]), ("agent_name=b", []), ("job_type=J", ["d"]), ("status=completed", ["c"]),
            ("status=running&agent_name=agent", ["e", "d", "a"]), ("status=", ["e", "c", "b", "d", "a"]),
            ("created_before=2026-01-02T00:00:00Z", ["a"]), ("created_after=2026-01-02", ["e", "c"]),
            ("created_after=2026-01-01T23:00:00-01:00&created_before=2026-01-04", ["c"]),
            ("created_after=2026-01-01%2023:00", ["e", "c", "b", "d"]),
            ("created_before=2026-01-02T01:00:00+00:00&agent_name=B", ["b"]),
            ("start_time_from=2026-01-02T00:00:00Z", ["c", "b"]),
            ("start_time_to=2026-01-01T00:00:00", ["e", "d", "a"]),
            ("api_posted=true", ["e"]), ("parent_run_id=R-a", ["e"]), ("website=w", ["d"]),
            ("run_id=R-b", ["b"]),
            ("agent_name=agent&agent_name=B", ["b"]), ("nonsense=1&agent_name=B", ["b"]),
        ]
        for (query, expected) in cases { #expect(try await ids(weir, query) == expected, "\(query)") }
    }

    @Test("pages by offset and by cursor neither repeat nor skip")
    func pages() async throws {
        let weir = try await filled()
        var byOffset: [String] = []
        for offset in 0..<5 { byOffset += try await ids(weir, "limit=1&offset=\(offset)") }
        #expect(byOffset == ["e", "c", "b", "d", "a"])
        var target: String? = "/api/v1/runs?limit=2&created_after=2025-01-01"
        var byCursor: [String] = []
        while let next = target {
            let page = try await weir.get(next)
            byCursor += try page.json.elements.map { $0["event_id"]?.string ?? "?" }
            target = page.fields["Link"].map { "/api/v1/runs" + $0.dropFirst().prefix { $0 != ">" } }
        }
        #expect(byCursor == ["e", "c", "b", "d", "a"])
        #expect(try await weir.get("/api/v1/runs?limit=1&total=true").fields["Weir-Total-Count"] == "5")
        let some = try await weir.get("/api/v1/runs?agent_name=B&created_after=2025-01-01&total=1")
        #expect(some.fields["Weir-Total-Count"] == "1")
    }

    @Test(
        "what a list refuses, and how",
        arguments: [
            ("limit=0", 422, #""loc":["query","limit"]"#), ("limit=1001", 422, "less than or equal to 1000"),
            ("limit=", 422, "int_parsing"), ("limit=x&offset=-1", 422, #""loc":["query","offset"]"#),
            (
                "status=x&created_before=x", 400,
                "Invalid status. Must be one of: ['running', 'success', 'failure', 'partial', 'timeout', 'cancelled']"
            ),
            ("created_before=x", 400, "Invalid ISO8601 timestamp for created_before: 'x'"),
            ("start_time_to=5&start_time_from=", 400, "Invalid ISO8601 timestamp for start_time_to: '5'"),
            ("cursor=x", 400, "Invalid cursor"), ("api_posted=maybe", 400, "Say true or false"),
        ]
    )
    func refused(query: String, status: Int, text: String) async throws {
        let weir = try await RunsHarness()
        let answer = try await weir.get("/api/v1/runs?\(query)")
        #expect(answer.status == status && answer.text.contains(text))
    }

    @Test("values that begin alike are told apart, however long they are")
    func longValues() async throws {
        let weir = try await RunsHarness()
        let long = String(repeating: "é", count: 3000)
        _ = try await weir.post("/api/v1/runs", RunBody.run("a", agent: long + "a", job: "j"))
        _ = try await weir.post("/api/v1/runs", RunBody.run("b", agent: long + "b", job: "jj"))
        #expect(try await ids(weir, "agent_name=\(long)b") == ["b"])
        #expect(try await ids(weir, "agent_name=\(long)") == [])
        #expect(try await ids(weir, "job_type=j") == ["a"])
    }

    @Test("a number may be spelt like one of a body")
    func limits() async throws {
        let weir = try await filled()
        #expect(try await ids(weir, "limit=2.0") == ["e", "c"])
    }

    @Test("lists as lines and as a table")
    func formats() async throws {
        let weir = try await RunsHarness()
        _ = try await weir.post("/api/v1/runs", RunBody.run("e1", more: #","item_name":"say \"hi\", twice""#))
        let lines = try await weir.get("/api/v1/runs", accept: "application/x-ndjson")
        #expect(lines.text.hasSuffix("}\n") && lines.fields["Content-Type"] == "application/x-ndjson")
        let table = try await weir.get("/api/v1/runs", accept: "text/csv").text
        let rows = table.split(separator: "\r\n", omittingEmptySubsequences: true)
        #expect(rows.count == 2 && rows[0].hasPrefix("id,event_id,run_id,schema_version"))
        #expect(rows[1].contains(#","say ""hi"", twice","#))
        let any = try await weir.get("/api/v1/runs", accept: "*/*")
        #expect(any.fields["Content-Type"] == "application/json")
    }

    @Test("recent are the last 24 hours, not the last 24 whole hours")
    func recent() async throws {
        let weir = try await RunsHarness()
        let minutes = [-1445, -1435, -1380, -1, 0, 120]
        for (index, minutes) in minutes.enumerated() {
            let created = (Timestamp.now() + .seconds(60 * minutes)).iso8601()
            _ = try await weir.post("/api/v1/runs", RunBody.run("e\(index)", created: created))
        }
        #expect(try await weir.get("/metrics").json["recent_24h"]?.int64 == 5)
    }

    @Test("counts of runs and names of agents and jobs")
    func counts() async throws {
        let weir = try await filled()
        #expect(
            try await weir.get("/metrics").text == """
                {"total_runs":5,"agents":{"agent":4,"B":1},"recent_24h":1,\
                "performance":{"db_path":"postgresql","journal_mode":"DELETE"}}
                """
        )
        let names = """
            {"agent_names":["B","agent"],"job_types":["J","job"],"counts":{"agent_names":2,"job_types":2},\
            "cache_hit":
            """
        #expect(try await weir.get("/api/v1/metadata").text == names + "false}")
        #expect(try await weir.get("/api/v1/metadata").text == names + "true}")
        _ = try await weir.post("/api/v1/runs", RunBody.run("a"))
        #expect(try await weir.get("/api/v1/metadata").text == names + "true}")
        _ = try await weir.post("/api/v1/runs", RunBody.run("new", agent: "C"))
        #expect(try await weir.get("/api/v1/metadata").text.contains(#"["B","C","agent"]"#))
        #expect(
            try await weir.get("/api/v1/metadata/job_type").text
                == #"{"field":"job_type","values":["J","job"],"count":2}"#
        )
        #expect(try await weir.get("/api/v1/metadata/host").status == 404)
    }

    @Test("SQL sees the record column by column")
    func view() async throws {
        let weir = try await filled()
        #expect(
            try weir.rows(
                "SELECT event_id, items_failed, api_posted, end_time FROM agent_runs WHERE event_id = 'e'"
            )
                == ["e|0|t|∅"]
        )
        let columns = try weir.rows(
            "SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'agent_runs'::regclass"
        )
        #expect(columns == [(["id"] + RunField.allCases.map(\.name)).joined(separator: ",")])
    }
}
