import Core
import FeatureTestKit
import HTTP
import Journal
import Postgres
import TestKit
import Testing

@testable import Ingest
@testable import Runs

/// However much a sender makes of a small request, work, memory and answers stay within limits.
@Suite("Limits of the runs surface", .serialized)
struct RunLimitTests {
    private static func batch(of count: Int, _ element: String) -> String {
        "[" + [String](repeating: element, count: count).joined(separator: ",") + "]"
    }

    // MARK: - Writes

    @Test("a batch has a limit, and one that is larger is told it")
    func batchLimit() async throws {
        let weir = try await RunsHarness(mostRuns: 3)
        let runs = (1...4).map { RunBody.run("e\($0)") }
        for body in ["[\(runs.joined(separator: ","))]", #"{"runs":[\#(runs.joined(separator: ","))]}"#] {
            let answer = try await weir.post("/api/v1/runs/batch", body)
            #expect(answer.status == 422)
            #expect(
                answer.text == """
                    {"detail":[{"type":"too_long","loc":["body"],"msg":"List should have at most 3 items after \
                    validation, not 4: send smaller batches (WEIR_RUNS_MAX_BATCH is 3)","input":null,\
                    "ctx":{"field_type":"List","max_length":3,"actual_length":4}}]}
                    """
            )
        }
        #expect(weir.journal.durableSeq == 0)
        let answer = try await weir.post("/api/v1/runs/batch", "[\(runs[..<3].joined(separator: ","))]")
        #expect(answer.text == #"{"inserted":3,"duplicates":0,"errors":[],"total":3}"#)
    }

    @Test(
        "a batch of a million empty objects is refused before they are all read",
        arguments: ["{}", "null", "[]"]
    )
    func millions(element: String) async throws {
        let weir = try await RunsHarness(loads: false)
        let answer = try await weir.post("/api/v1/runs/batch", Self.batch(of: 3_000_000, element))
        #expect(answer.status == 422)
        #expect(
            answer.text == """
                {"detail":[{"type":"too_long","loc":["body"],"msg":"Body should have at most 2300000 names and values: \
                send fewer runs at a time","input":null,"ctx":{"max_length":2300000}}]}
                """
        )
    }

    @Test("values below the members of a run take no memory of their own")
    func depth() throws {
        let numbers = [String](repeating: "1", count: 300_000).joined(separator: ",")
        let run = RunBody.run("e1", more: #","metrics_json":{"n":[\#(numbers)]},"context_json":"{}""#)
        let document = try RunDecoder.document(Array(run.utf8), isJSON: true, mostRuns: 1)
        #expect(try RunDecoder.run(document).record[.metricsJSON]?.count == 600_007)
        let batch = try RunDecoder.document(Array("[\(run)]".utf8), isJSON: true, as: .batch, mostRuns: 1)
        #expect(try RunDecoder.batch(batch, mostRuns: 1).first?.eventID == "e1")
    }

    @Test("one run may have members that nobody knows, but not any number of them")
    func members() async throws {
        let weir = try await RunsHarness()
        let known = RunBody.run("e1").dropLast()
        func run(_ count: Int) -> String {
            known + String(repeating: #","x":1"#, count: count) + "}"
        }
        #expect(try await weir.post("/api/v1/runs", run(40_000)).status == 201)
        let answer = try await weir.post("/api/v1/runs", run(60_000))
        #expect(answer.status == 422)
        #expect(answer.text.contains("Body should have at most 100000 names and values"))
        #expect(try await weir.patch("e1", run(60_000)).status == 422)
    }

    @Test("of many faults an answer lists the first hundred, and how many there are")
    func faults() async throws {
        let weir = try await RunsHarness(loads: false)
        // Each lacks five members.
        let answer = try await weir.post("/api/v1/runs/batch", Self.batch(of: 10_000, "{}"))
        #expect(answer.status == 422)
        #expect(answer.text.utf8.count < 20_000)
        let body = try answer.json
        #expect(body.members.map { $0.key.string } == ["detail", "total_faults"])
        #expect(Array(try #require(body["detail"]).elements).count == 100)
        #expect(body["total_faults"]?.int64 == 50_000)
        let last = Array(try #require(body["detail"]).elements)[99]
        #expect(last["loc"].map { Array($0.elements)[1].int64 } == 19)

        let few = try await weir.post("/api/v1/runs/batch", Self.batch(of: 20, "{}"))
        #expect(try few.json.members.map { $0.key.string } == ["detail"])
    }

    @Test("an answer to a batch lists errors as far as their ids have room")
    func errors() async throws {
        let weir = try await RunsHarness()
        let long = String(repeating: "x", count: 1_500_000)
        let bad = (1...5).map { RunBody.run("\($0)\(long)", more: #","items_failed":-1"#) }
        let body = "[\(bad.joined(separator: ",")),\(RunBody.run("good"))]"
        let answer = try await weir.post("/api/v1/runs/batch", body).json
        #expect(answer["inserted"]?.int64 == 1 && answer["total"]?.int64 == 6)
        let errors = try #require(answer["errors"]).elements.map { $0.string ?? "" }
        #expect(errors.count == 2)
        #expect(errors.first?.hasSuffix("x: CHECK constraint failed: items_failed >= 0") == true)
        #expect(errors.last == "4 more runs were not stored; this answer has no room for their ids")
    }

    @Test("a batch that takes longer than its sender waits says so, and repeating it tells the outcome")
    func slow() async throws {
        let weir = try await RunsHarness(applyTimeout: .milliseconds(50))
        #expect(try await weir.post("/api/v1/runs", RunBody.run("e0")).status == 201)
        // The table is locked: PostgreSQL is there, but busy.
        let lock = DedicatedConnection(weir.database.target, SessionSettings(), label: "lock")
        try await lock.withConnection {
            _ = try $0.executeScript("BEGIN; LOCK TABLE agent_run IN EXCLUSIVE MODE")
        }
        let body = "[\(RunBody.run("e1")),\(RunBody.run("e2"))]"
        let busy = try await weir.post("/api/v1/runs/batch", body)
        #expect(busy.status == 503 && busy.fields["Retry-After"] == "1")
        #expect(
            busy.text == """
                {"detail":"The database is still busy with it. The request is kept and is being applied; repeat it to \
                learn its outcome."}
                """
        )
        try await lock.withConnection { _ = try $0.executeScript("ROLLBACK") }
        lock.close()
        _ = await weir.progress.wait(for: weir.journal.durableSeq, atMost: .seconds(30))
        let again = try await weir.post("/api/v1/runs/batch", body)
        #expect(again.text == #"{"inserted":0,"duplicates":2,"errors":[],"total":2}"#)
    }

    @Test("a batch that changes many large runs changes a few at a time")
    func largeStoredRuns() async throws {
        let weir = try await RunsHarness(mostBytes: 100_000)
        let text = String(repeating: "t", count: 40_000)
        for id in 1...7 {
            _ = try await weir.post(
                "/api/v1/runs",
                RunBody.run("e\(id)", more: #","input_summary":"\#(text)""#)
            )
        }
        let keys = Set((1...7).map { RunKeys.run("e\($0)") })
        await #expect(throws: BatchTooLarge.self) {
            try await weir.pool.withConnection { connection in
                try connection.transaction {
                    _ = try RunsApplyStore.fetch(keys, mostBytes: 100_000, on: connection)
                }
            }
        }
        let ends = (1...7).map {
            RunBody.run("e\($0)", more: #","status":"success","end_time":"2026-01-01T01:00:00Z""#)
        }
        let answer = try await weir.post("/api/v1/runs/batch", "[\(ends.joined(separator: ","))]")
        #expect(answer.text == #"{"inserted":0,"duplicates":7,"errors":[],"total":7}"#)
        #expect(try weir.rows("SELECT status, count(*) FROM agent_run GROUP BY status") == ["success|7"])
        #expect(try weir.rows("SELECT min(length(document ->> 'input_summary')) FROM agent_run") == ["40000"])
        #expect(try weir.rows("SELECT count(*) FROM dead_letter") == ["0"])
    }

    // MARK: - A dead letter of a PATCH

    @Test("a PATCH that PostgreSQL refused changes its run when it is retried")
    func retriedPatch() async throws {
        let weir = try await RunsHarness()
        _ = try await weir.post("/api/v1/runs", RunBody.run("e1"))
        try weir.execute("ALTER TABLE agent_run ADD CONSTRAINT no_timeout CHECK (status <> 'timeout')")
        #expect(try await weir.patch("e1", #"{"status":"timeout"}"#).status == 500)
        #expect(try weir.rows("SELECT kind, members FROM dead_letter") == [#"run.patch/1|"event_id":"e1","#])
        try weir.execute("ALTER TABLE agent_run DROP CONSTRAINT no_timeout")
        let streams = [JournalStream(RunsProjection(), table: "agent_run")]
        let refusal = try await weir.pool.withConnection { try streams.retryDeadLetter(1, on: $0) }
        #expect(refusal == nil)
        #expect(try weir.rows("SELECT status FROM agent_run") == ["timeout"])
    }

    @Test("a line that does not say its run is refused, and changes none")
    func lostMembers() throws {
        let line = JournalLine(
            seq: 1,
            at: .now(),
            kind: "run.patch/1",
            body: Array(#"{"status":"timeout"}"#.utf8)
        )
        #expect(throws: Refusal(reason: "the line does not name its run")) {
            _ = try RunsProjection().decode(line, journal: UUID128.random())
        }
    }

    // MARK: - Pages

    private static let targets = ["application/json", "application/x-ndjson", "text/csv"]

    /// Where a link leads: it is relative to the list.
    private static func target(_ link: String) -> String {
        "/api/v1/runs" + link.dropFirst().prefix { $0 != ">" }
    }

    /// Event ids of a page in any form.
    private static func ids(_ answer: RunsHarness.Answer, _ type: String) throws -> [String] {
        switch type {
        case "application/json": try answer.json.elements.map { $0["event_id"]?.string ?? "" }
        case "text/csv":
            answer.text.split(separator: "\r\n").dropFirst().map { row in
                String(row.split(separator: ",", omittingEmptySubsequences: false)[1])
            }
        default:
            try answer.text.split(separator: "\n").map { line in
                try JSONDocument(text: String(line)).root["event_id"]?.string ?? ""
            }
        }
    }

    @Test("a page ends where it has enough bytes, and its link leads to every other run", arguments: targets)
    func pages(type: String) async throws {
        let weir = try await RunsHarness(pageBytes: 64 << 10)
        // Some small, some that PostgreSQL compresses to nearly nothing, some of noise.
        var generator = SystemRandomNumberGenerator()
        for index in 0..<40 {
            let text: String =
                switch index % 4 {
                case 0: String(repeating: "a", count: 30_000)
                case 1:
                    String(
                        (0..<12_000).map { _ in
                            Character(UnicodeScalar(UInt8.random(in: 97...122, using: &generator)))
                        }
                    )
                default: "small"
                }
            let created = "2026-01-01T00:00:\(10 + index)Z"
            let more = #","error_details":"\#(text)""#
            #expect(
                try await weir.post("/api/v1/runs", RunBody.run("e\(index)", created: created, more: more))
                    .status == 201
            )
        }
        var target = "/api/v1/runs?limit=30"
        var (seen, pages) = ([String](), 0)
        while true {
            let answer = try await weir.get(target, accept: type)
            #expect(answer.status == 200 && answer.text.utf8.count < (64 << 10) + 40_000)
            let ids = try Self.ids(answer, type)
            #expect(!ids.isEmpty)
            seen += ids
            pages += 1
            guard let link = answer.fields["Link"] else { break }
            if ids.count < 30 { #expect(answer.fields["Weir-Page-Rows"] == String(ids.count)) }
            target = Self.target(link)
        }
        #expect(seen == (0..<40).reversed().map { "e\($0)" })
        #expect(pages > 4)
        // With bounds of time the statement is another one.
        let bounded = try await weir.get("/api/v1/runs?limit=30&created_after=2025-01-01", accept: type)
        let first = try await weir.get("/api/v1/runs?limit=30", accept: type)
        #expect(bounded.text == first.text)
    }

    @Test("a run larger than a page is a page by itself")
    func largeRun() async throws {
        let weir = try await RunsHarness(pageBytes: 64 << 10)
        let huge = String(repeating: "h", count: 1 << 20)
        for id in ["e1", "e2"] {
            _ = try await weir.post("/api/v1/runs", RunBody.run(id, more: #","error_details":"\#(huge)""#))
        }
        let first = try await weir.get("/api/v1/runs?total=true")
        #expect(try first.json.elements.map { $0["event_id"]?.string } == ["e2"])
        #expect(first.fields["Weir-Total-Count"] == "2" && first.fields["Weir-Page-Rows"] == "1")
        let second = try await weir.get(Self.target(try #require(first.fields["Link"])))
        #expect(try second.json.elements.map { $0["event_id"]?.string } == ["e1"])
        #expect(second.fields["Link"] == nil && second.fields["Weir-Page-Rows"] == nil)
    }

    @Test("lists of names end where they have enough bytes, count all, and say that they are cut")
    func names() async throws {
        let weir = try await RunsHarness(pageBytes: 64 << 10)
        // A quarter of a page for each kind of names; none of them may take more than a sixteenth of that.
        let long = String(repeating: "n", count: 900)
        let runs = (10..<40).map { RunBody.run("e\($0)", agent: "\($0)\(long)", job: "j") }
        let monster = RunBody.run("m", agent: String(repeating: "m", count: 5000), job: "j")
        _ = try await weir.post("/api/v1/runs/batch", "[\(runs.joined(separator: ",")),\(monster)]")
        _ = try await weir.post("/api/v1/runs", RunBody.run("again", agent: "39\(long)", job: "j"))
        let body = try await weir.get("/api/v1/metadata").json
        let agents = try #require(body["agent_names"]).elements.map { $0.string ?? "" }
        #expect(agents == (["39"] + (10..<27).map(String.init)).map { $0 + long }.sorted())
        #expect(body["counts"]?["agent_names"]?.int64 == 31 && body["truncated"]?.bool == true)
        let field = try await weir.get("/api/v1/metadata/agent_name").json
        #expect(field["count"]?.int64 == 31 && field["truncated"]?.bool == true)
        let jobs = try await weir.get("/api/v1/metadata/job_type")
        #expect(jobs.text == #"{"field":"job_type","values":["j"],"count":1}"#)
        let counts = try await weir.get("/metrics").json
        #expect(counts["total_runs"]?.int64 == 32 && counts["agents_total"]?.int64 == 31)
    }
}
