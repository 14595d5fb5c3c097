import Core
import FeatureTestKit
import HTTP
import Ingest
import Journal
import Postgres
import TestKit
import Testing

@testable import Runs

/// What pings make of runs.
@Suite("Runs of pings", .serialized)
struct PingRunTests {
    private static let rid = "11111111-2222-4333-8444-555555555555"

    @Test func `start and success are one run that the list of runs shows`() async throws {
        let weir = try PingHarness()
        let path = try #require(
            try await weir.check(#""name":"backup","project":"night""#)["ping_path"]?.string
        )
        _ = try await weir.ping("\(path)/start")
        #expect(try await weir.runs() == ["backup|ping|running|"])
        _ = try await weir.ping(.post, path, body: "done")
        #expect(try await weir.runs() == ["backup|ping|success|"])
        let list = try await weir.feature.send(.get, "/api/v1/runs?agent_name=backup").json
        let run = try #require(list.elements.map { $0 }.first)
        #expect(run["job_type"]?.string == "ping")
        #expect(run["trigger_type"]?.string == "ping")
        #expect(run["product"]?.string == "night")
        #expect(run["end_time"]?.string != nil)
        #expect(try weir.rows("SELECT count(DISTINCT event_id) FROM ping") == ["1"])
        #expect(
            try weir.rows("SELECT ended_at IS NOT NULL, duration_ms IS NOT NULL FROM agent_run") == ["t|t"]
        )
    }

    @Test func `a success without a start is a run of no duration, and one sent again is the same`()
        async throws
    {
        let weir = try PingHarness()
        let path = try #require(try await weir.check()["ping_path"]?.string)
        for _ in 1...3 { _ = try await weir.ping(path) }
        #expect(try await weir.runs() == ["backup|ping|success|"])
        #expect(try weir.rows("SELECT document ->> 'duration_ms' FROM agent_run") == ["0"])
        #expect(try weir.rows("SELECT count(*) FROM ping") == ["3"])
    }

    @Test func `a failure says the last lines of its body`() async throws {
        let weir = try PingHarness()
        let path = try #require(try await weir.check()["ping_path"]?.string)
        let lines = (1...30).map { "line \($0)" }.joined(separator: "\n")
        _ = try await weir.ping(.post, "\(path)/3", body: lines)
        await weir.load()
        let run = try weir.rows(
            "SELECT status, document -> 'metrics_json' ->> 'exit_status', document ->> 'error_summary' FROM agent_run"
        )
        let kept = (11...30).map { "line \($0)" }.joined(separator: "\n")
        #expect(run == ["failure|3|\(kept)"])
    }

    @Test func `a failure without a body says its exit status`() async throws {
        let weir = try PingHarness()
        let path = try #require(try await weir.check()["ping_path"]?.string)
        _ = try await weir.ping("\(path)/7")
        #expect(try await weir.runs() == ["backup|ping|failure|The job ended with exit status 7."])
    }

    @Test func `runs with a rid overlap`() async throws {
        let weir = try PingHarness()
        let path = try #require(try await weir.check()["ping_path"]?.string)
        let other = Self.rid.replacing("1", with: "9")
        _ = try await weir.ping("\(path)/start?rid=\(Self.rid)")
        _ = try await weir.ping("\(path)/start?rid=\(other)")
        _ = try await weir.ping("\(path)/fail?rid=\(Self.rid)")
        #expect(
            try await weir.runs() == [
                "backup|ping|failure|The job reported a failure.", "backup|ping|running|",
            ]
        )
    }

    @Test func `a run that another one follows without an end is cancelled`() async throws {
        let weir = try PingHarness()
        let path = try #require(try await weir.check()["ping_path"]?.string)
        for suffix in ["/start", "/start", ""] { _ = try await weir.ping(path + suffix) }
        #expect(
            try await weir.runs() == [
                "backup|ping|cancelled|Another run of the check began before this one ended.",
                "backup|ping|success|",
            ]
        )
    }

    @Test func `log only adds to the history`() async throws {
        let weir = try PingHarness()
        let path = try #require(try await weir.check()["ping_path"]?.string)
        _ = try await weir.ping(.post, "\(path)/log", body: "half way")
        #expect(try await weir.runs().isEmpty)
        #expect(try weir.rows("SELECT kind, body, event_id IS NULL FROM ping") == ["log|half way|t"])
    }

    @Test func `a ping of a check that was deleted makes nothing`() async throws {
        let weir = try PingHarness()
        let ping = Ping(id: .random(), subject: .check(.random()), at: .now(), kind: .success)
        _ = try await weir.journal.append(kind: "ping/1", body: ping.line)
        #expect(try await weir.runs().isEmpty)
        #expect(try weir.rows("SELECT count(*) FROM ping") == ["0"])
    }

    @Test func `outbox events name the agent and the error`() async throws {
        let weir = try PingHarness()
        try weir.database.execute("INSERT INTO outbox_consumer (name) VALUES ('test')")
        let path = try #require(
            try await weir.check(#""name":"backup","project":"night""#)["ping_path"]?.string
        )
        _ = try await weir.ping(.post, "\(path)/fail", body: "no space")
        await weir.load()
        let events = try weir.rows(
            """
            SELECT kind, detail ->> 'pipeline_name', detail ->> 'agent', detail ->> 'check', detail ->> 'job_type',
                   detail ->> 'error', detail ->> 'project', detail ->> 'pipeline' = subject
            FROM outbox_event ORDER BY id
            """
        )
        #expect(
            events
                == ["run.started", "run.failed"].map { "\($0)|backup|backup|backup|ping|no space|night|t" }
        )
    }

    // MARK: - Order

    private static let moment = Timestamp(microseconds: 1_780_000_000_000_000)

    /// Pings of one check, with and without a rid, as they were sent.
    private static func pings(of check: UUID128) -> [Ping] {
        func ping(_ number: Int, _ kind: Ping.Kind, rid: String? = nil) -> Ping {
            var bytes = [UInt8](repeating: 0, count: 16)
            bytes[15] = UInt8(number)
            let id = UUID128(bytes: bytes) ?? .random()
            var ping = Ping(
                id: id,
                subject: .check(check),
                at: moment.adding(seconds: number * 60),
                kind: kind
            )
            ping.rid = rid.flatMap { UUID128($0) }
            return ping
        }
        return [
            ping(1, .start, rid: rid), ping(2, .start), ping(3, .success), ping(4, .fail, rid: rid),
            ping(5, .log),
        ]
    }

    @Test(arguments: [
        [0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 1, 3, 0, 4], [3, 0, 4, 2, 1], [1, 3, 0, 2, 4],
    ])
    func `pings that meet in another order lead to the same runs`(order: [Int]) async throws {
        let weir = try PingHarness()
        let check = try await weir.check()
        let id = try #require(check["id"]?.string.flatMap { UUID128($0) })
        let pings = Self.pings(of: id)
        for index in order { _ = try await weir.journal.append(kind: "ping/1", body: pings[index].line) }
        await weir.load()
        let runs = try weir.rows(
            """
            SELECT status, extract(epoch FROM start_instant)::bigint - 1780000000,
                   extract(epoch FROM ended_at)::bigint - 1780000000, duration_ms
            FROM agent_run ORDER BY start_instant
            """
        )
        #expect(runs == ["failure|60|240|180000", "success|120|180|60000"])
        let state = try weir.rows(
            """
            SELECT last_kind, extract(epoch FROM last_ping_at)::bigint - 1780000000,
                   extract(epoch FROM last_start_at)::bigint - 1780000000, open_run IS NULL
            FROM ping_state
            """
        )
        #expect(state == ["fail|240|120|t"])
    }

    @Test func `a replay of the lines gives the same rows`() async throws {
        let weir = try PingHarness()
        let check = try await weir.check()
        let id = try #require(check["id"]?.string.flatMap { UUID128($0) })
        let lines = Self.pings(of: id).enumerated().map { index, ping in
            JournalLine(seq: Int64(index + 1), at: ping.at, kind: "ping/1", body: ping.line)
        }
        func apply(_ batches: [[JournalLine]]) throws -> [String] {
            try weir.database.execute(
                "TRUNCATE agent_run, agent_run_trace, agent_run_tally, ping, ping_state"
            )
            let projection = RunsProjection()
            try Connection.withTemporary(weir.database.target) { connection in
                for batch in batches {
                    var elements = try batch.flatMap { try projection.decode($0, journal: .random()) }
                    try connection.transaction {
                        try projection.apply(stage: 0, to: &elements, on: connection)
                    }
                }
            }
            return try weir.rows("SELECT document FROM agent_run ORDER BY event_key")
                + weir.rows("SELECT * FROM ping ORDER BY id") + weir.rows("SELECT * FROM ping_state")
        }
        let together = try apply([lines])
        #expect(together.count == 8)
        #expect(try apply(lines.map { [$0] }) == together)
    }
}
