import Core
import FeatureTestKit
import HTTP
import Ingest
import Journal
import Postgres
import TestKit
import Testing

@testable import Runs

/// What pings make of runs where they are late, repeated, or of two minds.
@Suite("Pings at the edges", .serialized)
struct PingEdgeTests {
    private static let epoch = Timestamp(microseconds: 1_780_000_000_000_000)
    private static let rid = UUID128("11111111-2222-4333-8444-555555555555")

    /// `start@10`, `success/0@9.5`, `fail/3+rid@7`.
    private static func ping(_ text: Substring, _ check: UUID128) throws -> Ping {
        let halves = text.split(separator: "@")
        let words = halves[0].replacing("+rid", with: "").split(separator: "/")
        let at = epoch + .microseconds(Int64(try #require(Double(halves[1])) * 1_000_000))
        let kind = try #require(Ping.Kind(rawValue: String(words[0])))
        var ping = Ping(id: .random(), subject: .check(check), at: at, kind: kind)
        ping.exitStatus = words.count > 1 ? Int(words[1]) : nil
        ping.rid = halves[0].hasSuffix("+rid") ? rid : nil
        return ping
    }

    /// Applies pings, each in a transaction of its own, as they are written.
    private func apply(_ pings: [Ping], to database: TemporaryDatabase) throws {
        let projection = RunsProjection()
        try Connection.withTemporary(database.target) { connection in
            for (index, ping) in pings.enumerated() {
                let line = JournalLine(seq: Int64(index + 1), at: ping.at, kind: "ping/1", body: ping.line)
                var elements = try projection.decode(line, journal: .random())
                try connection.transaction {
                    try projection.apply(stage: 0, to: &elements, on: connection)
                }
            }
        }
    }

    private static let cases: [(pings: String, runs: [String], state: String)] = [
        // Said again within ten seconds it is the same run; ten seconds later it is another one.
        ("success@0 success@9.999999", ["0-0 success"], "success@9 "),
        ("success@0 success@10", ["0-0 success", "10-10 success"], "success@10 "),
        ("fail/1@0 fail/1@5 fail/2@6", ["0-0 failure", "6-6 failure"], "fail@6 "),
        ("fail@0 success@5", ["0-0 failure", "5-5 success"], "success@5 "),
        ("start@0 success@5 success@20", ["0-5 success", "20-20 success"], "success@20 start@0"),
        // A beginning that is late belongs to the end that came before it, and only one does.
        ("success@5 start@3 start@4", ["3-5 success", "4- running"], "success@5 start@4 open"),
        ("success@5 start@6", ["5-5 success", "6- running"], "success@5 start@6 open"),
        // Beginnings that nobody ended; none ends later than Weir heard of it.
        (
            "start@0 start@20 start@10 success@30",
            ["0-20 cancelled", "10-10 cancelled", "20-30 success"], "success@30 start@20"
        ),
        ("start@10 success@5", ["5-5 success", "10- running"], "success@5 start@10 open"),
        // What is late is not the last.
        ("fail@20 success@5", ["5-5 success", "20-20 failure"], "fail@20 "),
        // A run with a rid is a run of its own.
        ("start@0 success+rid@5", ["0- running", "5-5 success"], "success@5 start@0 open"),
        ("start+rid@0 success@5", ["0- running", "5-5 success"], "success@5 start@0"),
        ("success+rid@5 fail+rid@7", ["5-5 success"], "fail@7 "),
        ("fail+rid@7 success+rid@5", ["5-5 success"], "fail@7 "),
        ("success+rid@5 start+rid@7", ["5-5 success"], "success@5 start@7"),
        ("success@0 log@3 log/7@4", ["0-0 success"], "success@0 "),
    ]

    @Test func `make the same runs whichever comes first`() async throws {
        let weir = try PingHarness(loads: false)
        for (sent, runs, state) in Self.cases {
            let made = try await weir.check()
            let id = try #require(made["id"]?.string.flatMap { UUID128($0) })
            try apply(try sent.split(separator: " ").map { try Self.ping($0, id) }, to: weir.database)
            let found = try weir.rows(
                """
                SELECT (extract(epoch FROM start_instant)::bigint - 1780000000) || '-'
                    || coalesce((extract(epoch FROM ended_at)::bigint - 1780000000)::text, '') || ' ' || status
                FROM agent_run WHERE document -> 'context_json' ->> 'check' = '\(id)' ORDER BY start_instant
                """
            )
            #expect(found == runs, "\(sent)")
            let stands = try weir.rows(
                """
                SELECT last_kind || '@' || floor(extract(epoch FROM last_ping_at) - 1780000000) || ' '
                    || coalesce('start@' || (extract(epoch FROM last_start_at)::bigint - 1780000000), '')
                    || CASE WHEN open_run IS NULL THEN '' ELSE ' open' END
                FROM ping_state WHERE check_id = '\(id)'
                """
            )
            #expect(stands == [state], "\(sent)")
        }
    }

    @Test func `are kept once, however often their line is applied`() async throws {
        let weir = try PingHarness(loads: false)
        let made = try await weir.check()
        let id = try #require(made["id"]?.string.flatMap { UUID128($0) })
        let pings = try ["success/0+rid@0", "success/0+rid@0"].map { try Self.ping($0[...], id) }
        try apply([pings[0], pings[1], pings[0]], to: weir.database)
        #expect(try weir.rows("SELECT count(*) FROM ping") == ["2"])
        #expect(
            try weir.rows(
                "SELECT document ->> 'run_id', document -> 'metrics_json' ->> 'exit_status' FROM agent_run"
            ) == ["11111111-2222-4333-8444-555555555555|0"]
        )
    }

    // MARK: - Texts

    @Test func `have bodies that are cut between characters`() {
        let bytes = Array("aé漢🏽".utf8)
        let cut = (0...bytes.count).map { Ping.text(bytes, atMost: $0) }
        #expect(
            cut == ["", "a", "a", "aé", "aé", "aé", "aé漢", "aé漢", "aé漢", "aé漢", "aé漢🏽"]
        )
        // Not UTF-8: there is no character to keep whole.
        let broken = [UInt8](repeating: 0x80, count: 10)
        #expect(Ping.text(broken, atMost: 6).unicodeScalars.count == 6)
        #expect(Ping.mostBodyBytes == 100_000 && Ping.mostAgentBytes == 200)
    }

    @Test func `say the end of their body, in 2,000 bytes`() {
        func lines(_ body: String) -> String? {
            var ping = Ping(id: .random(), subject: .check(.random()), at: .epoch, kind: .fail)
            ping.body = body
            return ping.lastLines
        }
        #expect(lines("") == nil && lines("\n\n") == nil)
        #expect(lines("a\r\nb\n") == "a\nb")
        let long = String(repeating: "x", count: 999)
        #expect(lines("first\n\(long)\n\(long)") == "\(long)\n\(long)")
        #expect(lines("first\n\(long)x\n\(long)") == long)
        #expect(lines("é" + String(repeating: "x", count: 3000)) == "é" + String(repeating: "x", count: 1998))
    }

    @Test func `have no form but their own`() {
        let uuid = "d1665499-e827-441f-bf13-8f15e8f4c0b9"
        #expect(PingTarget(uuid, "success", nil) == nil && PingTarget(uuid, "", nil) == nil)
        #expect(PingTarget(uuid, "0255", nil) == nil && PingTarget(uuid, "٣", nil) == nil)
        #expect(PingTarget("0123456789abcdef", "a/b", nil) == nil)
        #expect(PingTarget("0123456789abcdef", "backup", "3")?.exitStatus == 3)
        #expect(PingTarget("0123456789abcdef", "backup", "0")?.kind == .success)
    }

    // MARK: - Checks

    @Test func `belong to checks that keep what is not changed`() async throws {
        let weir = try PingHarness(loads: false)
        func patch(_ id: String, _ body: String) async throws -> FeatureHarness.Answer {
            try await weir.feature.send(.patch, "/api/v2/checks/\(id)", body: body)
        }
        let made = try await weir.check(
            #""name":"b","slug":"b","cron":"0 3 * * *","time_zone":"Europe/Berlin""#
        )
        let id = try #require(made["id"]?.string)
        let key = try #require(made["ping_key"]?.string)
        let watched = "SELECT watched_from IS NOT NULL FROM ping_check WHERE id = '\(id)'"
        #expect(try await patch(id, #"{"name":"c","tags":["x"]}"#).json["ping_key"]?.string == key)
        #expect(try weir.rows(watched) == ["f"])
        #expect(try await patch(id, #"{"grace":61}"#).json["time_zone"]?.string == "Europe/Berlin")
        // A new schedule counts from now on.
        #expect(try weir.rows(watched) == ["t"])
        let minted = try await patch(id, #"{"ping_key":null}"#).json["ping_key"]?.string
        #expect(minted != nil && minted != key)
        let bare = try await patch(id, #"{"slug":null}"#)
        #expect(try bare.status == 200 && bare.json["ping_key"]?.isNull == true)
        #expect(try await patch(id, #"{"period":60}"#).json["cron"]?.isNull == true)
        let tags = (1...21).map { "\"\($0)\"" }.joined(separator: ",")
        for (body, message) in [
            (#"{"tags":[\#(tags)]}"#, "tags: there may be 20 tags, each a text of 1 to 64 characters"),
            (#"{"slug":"b","ping_key":"d1665499-e827-441f-bf13-8f15e8f4c0b9"}"#, "ping_key: a ping key has"),
            (#"{"name":"a\u0000"}"#, "name: "), (#"{"period":31536001}"#, "period: "),
            (#"{"grace":-1}"#, "grace: "),
        ] {
            let refused = try await patch(id, body)
            #expect(refused.status == 400)
            #expect(try refused.json["error"]?.string?.hasPrefix(message) == true, "\(refused.text)")
        }
        #expect(try await patch(id, #"{"tags":[\#(tags.dropLast(5))]}"#).status == 200)
        _ = try await weir.check(#""name":"a","slug":"other","tags":["y"]"#)
        for (query, names) in [("", ["a", "c"]), ("?tag=y", ["a"]), ("?slug=other", ["a"]), ("?slug=b", [])] {
            let list = try await weir.feature.send(.get, "/api/v2/checks\(query)").json
            #expect(list.elements.map { $0["name"]?.string } == names, "\(query)")
        }
    }
}
