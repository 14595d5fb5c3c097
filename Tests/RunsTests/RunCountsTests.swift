import API
import Core
import FeatureTestKit
import HTTP
import TestKit
import Testing

@testable import Runs

/// `GET /metrics` of the listener profile `runs`, and who may read what. Contract §1.3.
@Suite("Counts of runs, and who may know them")
struct RunCountsTests {
    @Test("whoever may not read learns no names from the counts, and makes PostgreSQL count once in a while")
    func countsForEverybody() async throws {
        let weir = try await RunsHarness()
        for event in ["a", "b", "c", "d"] { _ = try await weir.post("/api/v1/runs", RunBody.run(event)) }
        _ = try await weir.post("/api/v1/runs", RunBody.run("e", agent: "B"))
        let performance = #""performance":{"db_path":"postgresql","journal_mode":"DELETE"}}"#
        let counts = #"{"total_runs":5,"agents":{},"recent_24h":5,"# + performance
        #expect(try await weir.get("/metrics", as: []).text == counts)
        _ = try await weir.post("/api/v1/runs", RunBody.run("one more"))
        #expect(try await weir.get("/metrics", as: [.ingest]).text == counts)
        #expect(
            try await weir.get("/metrics", as: [.read]).text.contains(
                #""total_runs":6,"agents":{"agent":5,"B":1}"#
            )
        )
    }

    @Test("links are for whoever may read the run that they stand in")
    func scopes() async throws {
        let weir = try await RunsHarness()
        let all = weir.endpoints.filter { !$0.path.hasPrefix("/ping/") && !$0.path.hasPrefix("/api/v2/") }
        for path in ["", "/commit-url", "/repo-url"] {
            let route = all.first { $0.method == .get && $0.path == "/api/v1/runs/{event_id}" + path }
            #expect(route?.scope == .read)
        }
        #expect(all.allSatisfy { ($0.method == .get) == ($0.scope == .read) })
    }
}
