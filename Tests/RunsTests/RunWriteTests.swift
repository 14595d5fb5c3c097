import API
import Core
import FeatureTestKit
import HTTP
import Journal
import Testing

@testable import Ingest
@testable import Runs

/// What is written, and what its writer is told. Contract §1.4, §1.5, §1.8, §1.9, and the divergences of §6.
@Suite("Writing runs", .serialized)
struct RunWriteTests {
    @Test("the first body of an event id wins, whatever comes after it")
    func firstBodyWins() async throws {
        let weir = try await RunsHarness()
        let created = try await weir.post("/api/v1/runs", RunBody.run("e1", more: #","product":"first""#))
        #expect(created.status == 201)
        #expect(created.text == #"{"status":"created","event_id":"e1","run_id":"R-e1"}"#)
        let again = try await weir.post("/api/v1/runs", RunBody.run("e1", more: #","product":"second""#))
        #expect(again.status == 201)
        #expect(
            again.text
                == #"{"status":"duplicate","event_id":"e1","message":"Event already exists (idempotent)"}"#
        )
        #expect(try await weir.get("/api/v1/runs/e1").json["product"]?.string == "first")
    }

    @Test("an answer has the members that the description names, in its order")
    func described() async throws {
        let weir = try await RunsHarness()
        _ = try await weir.post("/api/v1/runs", RunBody.run("e1"))
        let members = try await weir.get("/api/v1/runs/e1").json.members.map { $0.key.string }
        #expect(members == RunSchemas.run.members.filter(\.isRequired).map(\.name))
        #expect(
            RunSchemas.posted.members.filter(\.isRequired).map(\.name).sorted() == [
                "agent_name", "event_id", "job_type", "run_id", "start_time",
            ]
        )
    }

    @Test("the answer to a duplicate can be 200")
    func duplicateStatus() async throws {
        let weir = try await RunsHarness(duplicateStatus: .ok)
        _ = try await weir.post("/api/v1/runs", RunBody.run("e1"))
        #expect(try await weir.post("/api/v1/runs", RunBody.run("e1")).status == 200)
    }

    @Test("of many writers of one event id exactly one creates it")
    func concurrentWriters() async throws {
        let weir = try await RunsHarness()
        var statuses: [String] = []
        await withTaskGroup(of: String?.self) { group in
            for _ in 0..<32 {
                group.addTask {
                    try? await weir.post("/api/v1/runs", RunBody.run("same")).json["status"]?.string
                }
            }
            for await status in group { statuses.append(status ?? "?") }
        }
        #expect(statuses.count { $0 == "created" } == 1)
        #expect(statuses.count { $0 == "duplicate" } == 31)
    }

    @Test("a record comes back with all its members, spelt as it was sent")
    func record() async throws {
        let weir = try await RunsHarness()
        let more = """
            ,"metrics_json":{"z":1e2,"a":12345678901234567890, "ü":"\\u00e9"},"context_json":{},"items_failed":3,\
            "product":"","git_commit_source":"ci","agent_owner":"me","created_at":"2026-01-01T00:00:00.5Z"
            """
        _ = try await weir.post("/api/v1/runs", RunBody.run("e1", more: more))
        let run = try await weir.get("/api/v1/runs/e1").json
        let names = run.members.map { $0.key.string ?? "" }
        #expect(names == ["id"] + RunField.allCases.map(\.name) + ["commit_url", "repo_url"])
        #expect(
            run["metrics_json"].map { String(decoding: $0.rawBytes, as: UTF8.self) }
                == #"{"z":1e2,"a":12345678901234567890, "ü":"\u00e9"}"#
        )
        #expect(run["context_json"].map { Array($0.rawBytes) } == Array("{}".utf8))
        #expect(run["product"]?.string == "" && run["platform"]?.isNull == true)
        #expect(run["git_commit_source"]?.string == "ci" && run["agent_owner"]?.string == "me")
        #expect(run["created_at"]?.string == "2026-01-01T00:00:00.5Z")
        #expect(run["status"]?.string == "running" && run["schema_version"]?.int64 == 7)
    }

    @Test("ids of any spelling are found again")
    func ids() async throws {
        let weir = try await RunsHarness()
        let long = String(repeating: "x", count: 3000)
        for (id, path) in [
            ("a b%?:é", "a%20b%25%3F%3A%C3%A9"), ("a/b", "a%2Fb"), ("batch", "batch"), (long, long),
            ("E1", "E1"),
            ("e1", "e1"),
        ] {
            #expect(try await weir.post("/api/v1/runs", RunBody.run(id)).json["status"]?.string == "created")
            #expect(try await weir.get("/api/v1/runs/\(path)").json["event_id"]?.string == id)
        }
    }

    @Test("a run without an id to be found by is refused, in a batch with its place")
    func emptyID() async throws {
        let weir = try await RunsHarness()
        let posted = try await weir.post("/api/v1/runs", RunBody.run(""))
        #expect(posted.status == 422)
        #expect(
            posted.text == """
                {"detail":[{"type":"string_too_short","loc":["body","event_id"],\
                "msg":"String should have at least 1 character","input":"","ctx":{"min_length":1}}]}
                """
        )
        let runs = "[\(RunBody.run("e1")),\(RunBody.run("")),\(RunBody.run(""))]"
        for body in [runs, #"{"runs":\#(runs)}"#] {
            let batch = try await weir.post("/api/v1/runs/batch", body)
            #expect(batch.status == 422)
            #expect(batch.text.contains(#""loc":["body",1,"event_id"]"#))
            #expect(batch.text.contains(#""loc":["body",2,"event_id"]"#))
        }
        #expect(try await weir.get("/api/v1/runs/e1").status == 404)
        #expect(try await weir.post("/api/v1/runs", RunBody.run(" ")).status == 201)
    }

    @Test("each run of a batch stands alone")
    func batch() async throws {
        let weir = try await RunsHarness()
        _ = try await weir.post("/api/v1/runs", RunBody.run("old"))
        let runs = [
            RunBody.run("old"), RunBody.run("n1"), RunBody.run("n1"),
            RunBody.run("bad", more: #","items_failed":-1"#), RunBody.run("odd", more: #","status":"done""#),
            RunBody.run("n2", more: #","created_at":null"#),
        ]
        let answer = try await weir.post("/api/v1/runs/batch", "[\(runs.joined(separator: ","))]")
        #expect(answer.status == 200)
        let words = "'running', 'success', 'failure', 'partial', 'timeout', 'cancelled'"
        #expect(
            answer.text == """
                {"inserted":2,"duplicates":2,"errors":["bad: CHECK constraint failed: items_failed >= 0",\
                "odd: CHECK constraint failed: status IN (\(words))"],"total":6}
                """
        )
        #expect(
            try await weir.post("/api/v1/runs/batch", "[]").text
                == #"{"inserted":0,"duplicates":0,"errors":[],"total":0}"#
        )
        #expect(try weir.rows("SELECT count(*) FROM agent_run") == ["3"])
    }

    @Test("a batch with one unreadable run stores nothing")
    func refusedBatch() async throws {
        let weir = try await RunsHarness()
        let answer = try await weir.post("/api/v1/runs/batch", #"[\#(RunBody.run("n1")),{"event_id":"x"}]"#)
        #expect(answer.status == 422)
        #expect(try weir.rows("SELECT count(*) FROM agent_run") == ["0"])
    }

    @Test("a batch of two thousand is one line")
    func largeBatch() async throws {
        let weir = try await RunsHarness()
        let runs = (0..<2000).map { RunBody.run("e\($0)") }.joined(separator: ",")
        #expect(try await weir.post("/api/v1/runs/batch", "[\(runs)]").json["inserted"]?.int64 == 2000)
        #expect(weir.journal.durableSeq == 1)
        #expect(try weir.rows("SELECT runs FROM agent_run_tally WHERE facet = 'job_type'") == ["2000"])
    }

    @Test("patches change what they name, in order; null and empty ones nothing")
    func patches() async throws {
        let weir = try await RunsHarness()
        _ = try await weir.post("/api/v1/runs", RunBody.run("e1", more: #","items_failed":3"#))
        let answer = try await weir.patch(
            "e1",
            #"{"items_discovered":9,"status":"success","error_summary":null,"output_summary":"","metrics_json":{}}"#
        )
        #expect(
            answer.text == """
                {"event_id":"e1","updated":true,\
                "fields_updated":["status","output_summary","metrics_json","items_discovered"]}
                """
        )
        _ = try await weir.patch("e1", #"{"status":"running"}"#)
        let run = try await weir.get("/api/v1/runs/e1").json
        #expect(run["status"]?.string == "running" && run["items_discovered"]?.int64 == 9)
        #expect(run["items_failed"]?.int64 == 3 && run["output_summary"]?.string == "")
        #expect(run["updated_at"]?.string?.hasSuffix("+00:00") == true)
        #expect(try weir.rows("SELECT status FROM agent_run") == ["running"])
    }

    @Test("a patch that was sent with line breaks is stored as its line in the journal has it")
    func patchesWithLineBreaks() async throws {
        let weir = try await RunsHarness()
        // Whether the loader gets what the endpoint has parsed is a race: one of many patches shows it.
        for number in 0..<30 {
            _ = try await weir.post("/api/v1/runs", RunBody.run("e\(number)"))
            let patch = "{\n  \"metrics_json\": {\n    \"n\": 1\n  }\n}"
            #expect(try await weir.patch("e\(number)", patch).status == 200)
        }
        let spelt = #"SELECT DISTINCT document::text LIKE '%' || chr(10) || '%' FROM agent_run"#
        #expect(try weir.rows(spelt) == ["f"])
    }

    @Test("what a patch may be answered instead")
    func refusedPatches() async throws {
        let weir = try await RunsHarness()
        _ = try await weir.post("/api/v1/runs", RunBody.run("e1"))
        let cases: [(id: String, body: String, status: Int, text: String)] = [
            ("e1", "{}", 400, #"{"detail":"No valid fields to update"}"#),
            ("e1", #"{"items_discovered":null,"id":4}"#, 400, #"{"detail":"No valid fields to update"}"#),
            ("nope", "{}", 404, #"{"detail":"Run not found: nope"}"#),
            ("nope", #"{"status":"failed"}"#, 404, #"{"detail":"Run not found: nope"}"#),
        ]
        for (id, body, status, text) in cases {
            let answer = try await weir.patch(id, body)
            #expect(answer.status == status && answer.text == text, "\(id) \(body)")
        }
        #expect(try await weir.patch("nope", #"{"duration_ms":-1}"#).status == 422)
    }

    @Test("the end of a run that arrives as a second record ends it (D17)")
    func lateEnd() async throws {
        let weir = try await RunsHarness()
        let start = RunBody.run("e1")
        let end = RunBody.run(
            "e1",
            more: #","created_at":null,"status":"failure","end_time":"2026-01-01T01:00:00Z","items_failed":2"#
        )
        _ = try await weir.post("/api/v1/runs", start)
        #expect(try await weir.post("/api/v1/runs/batch", "[\(end)]").json["duplicates"]?.int64 == 1)
        #expect(try await weir.get("/api/v1/runs/e1").json["status"]?.string == "failure")
        #expect(try await weir.get("/api/v1/runs/e1").json["items_failed"]?.int64 == 2)
        // Both in one array, as a buffer replays them.
        let other = end.replacing(#""e1""#, with: #""e2""#)
        let both = try await weir.post("/api/v1/runs/batch", "[\(RunBody.run("e2")),\(other)]")
        #expect(both.text == #"{"inserted":1,"duplicates":1,"errors":[],"total":2}"#)
        #expect(try await weir.get("/api/v1/runs/e2").json["status"]?.string == "failure")
        // A run that has ended stays as it is.
        let second = end.replacing(#""failure""#, with: #""success""#)
        _ = try await weir.post("/api/v1/runs", second)
        #expect(try await weir.get("/api/v1/runs/e1").json["status"]?.string == "failure")
    }

    @Test("a commit is associated, replaced, and linked")
    func commits() async throws {
        let weir = try await RunsHarness()
        _ = try await weir.post(
            "/api/v1/runs",
            RunBody.run("e1", more: #","git_repo":"git@github.com:o/r.git""#)
        )
        let target = "/api/v1/runs/e1/associate-commit"
        let first = try await weir.post(
            target,
            #"{"commit_hash":"abc1234","commit_source":"llm","commit_author":"me"}"#
        )
        #expect(
            first.text == #"{"status":"success","event_id":"e1","run_id":"R-e1","commit_hash":"abc1234"}"#
        )
        _ = try await weir.post(target, #"{"commit_hash":"def5678","commit_source":"ci"}"#)
        let run = try await weir.get("/api/v1/runs/e1").json
        #expect(run["git_commit_hash"]?.string == "def5678" && run["git_commit_author"]?.isNull == true)
        #expect(run["commit_url"]?.string == "https://github.com/o/r/commit/def5678")
        #expect(
            try await weir.get("/api/v1/runs/e1/commit-url").text
                == #"{"commit_url":"https://github.com/o/r/commit/def5678"}"#
        )
        #expect(
            try await weir.get("/api/v1/runs/e1/repo-url").text == #"{"repo_url":"https://github.com/o/r"}"#
        )
        let unknown = try await weir.post(
            "/api/v1/runs/no/associate-commit",
            #"{"commit_hash":"abc1234","commit_source":"ci"}"#
        )
        #expect(unknown.status == 404 && unknown.text == #"{"detail":"Run not found: no"}"#)
    }

    @Test("bodies that are no JSON")
    func noJSON() async throws {
        let weir = try await RunsHarness()
        let text = try await weir.post("/api/v1/runs", RunBody.run("e1"), type: "text/plain")
        #expect(text.status == 422)
        #expect(text.text.hasPrefix(#"{"detail":[{"type":"model_attributes_type","loc":["body"],"#))
        let broken = try await weir.post("/api/v1/runs", "{\"a\": }")
        #expect(broken.text.contains(#""type":"json_invalid","loc":["body",6]"#))
        #expect(broken.text.contains(#""input":{},"ctx":{"error":"Expecting value"#))
        #expect(try await weir.post("/api/v1/runs", "").text.contains(#""type":"missing","loc":["body"]"#))
        #expect(weir.journal.durableSeq == 0)
    }

    @Test(
        "with PostgreSQL away a run is accepted, a change is asked for again, and both are there afterwards"
    )
    func away() async throws {
        let weir = try await RunsHarness(loads: false)
        weir.progress.turned(.backingOff(reason: "unreachable"))
        let run = try await weir.post("/api/v1/runs", RunBody.run("e1"))
        #expect(run.status == 201)
        #expect(run.text == #"{"status":"accepted","event_id":"e1","run_id":"R-e1"}"#)
        let patch = try await weir.patch("e1", #"{"status":"success"}"#)
        #expect(patch.status == 503 && patch.fields["Retry-After"] == "1")
        #expect(try await weir.post("/api/v1/runs/batch", "[\(RunBody.run("e2"))]").status == 503)
        #expect(weir.journal.durableSeq == 3)
    }
}
