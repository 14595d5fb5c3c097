import Core
import FeatureTestKit
import HTTP
import Journal
import TestKit
import Testing

@testable import Runs

/// The URLs that jobs ping, as healthchecks.io has them.
@Suite("Pings", .serialized)
struct PingRouteTests {
    private static let key = "0123456789abcdef"

    @Test(
        arguments: [
            ("", "success", nil), ("/start", "start", nil), ("/fail", "fail", nil), ("/log", "log", nil),
            ("/0", "success", 0), ("/1", "fail", 1), ("/255", "fail", 255),
        ] as [(String, String, Int64?)]
    )
    func `every form of the URL is one ping`(suffix: String, kind: String, status: Int64?) async throws {
        let weir = try PingHarness()
        let check = try await weir.check(#""name":"backup","slug":"backup","ping_key":"\#(Self.key)""#)
        let paths = [try #require(check["ping_path"]?.string), try #require(check["slug_path"]?.string)]
        #expect(paths[1] == "/ping/\(Self.key)/backup")
        for path in paths {
            for method in [HTTP.Method.get, .head, .post] {
                let answer = try await weir.ping(method, path + suffix)
                #expect(answer.status == 200 && answer.text == "OK", "\(method) \(path)\(suffix)")
                #expect(answer.fields["Ping-Body-Limit"] == "100000")
                #expect(answer.fields["Access-Control-Allow-Origin"] == "*")
            }
        }
        await weir.load()
        let stored = try weir.rows(
            "SELECT DISTINCT kind, coalesce(exit_status::text, ''), method, user_agent FROM ping ORDER BY method"
        )
        let exit = status.map(String.init) ?? ""
        #expect(stored == ["GET", "HEAD", "POST"].map { "\(kind)|\(exit)|\($0)|curl/8" })
        #expect(try weir.rows("SELECT count(*) FROM ping") == ["6"])
    }

    @Test(arguments: [
        ("/ping/not-a-uuid", 400, "invalid url format"),
        ("/ping/d1665499-e827-441f-bf13-8f15e8f4c0b9", 404, "not found"),
        ("/ping/d1665499-e827-441f-bf13-8f15e8f4c0b9/start", 404, "not found"),
        ("/ping/d1665499-e827-441f-bf13-8f15e8f4c0b9/256", 400, "invalid url format"),
        ("/ping/d1665499-e827-441f-bf13-8f15e8f4c0b9/-1", 400, "invalid url format"),
        ("/ping/d1665499-e827-441f-bf13-8f15e8f4c0b9/stop", 400, "invalid url format"),
        ("/ping/d1665499-e827-441f-bf13-8f15e8f4c0b9/start/1", 400, "invalid url format"),
        ("/ping/d1665499-e827-441f-bf13-8f15e8f4c0b9?rid=1", 400, "invalid uuid format"),
        ("/ping/0123456789abcdef/unknown", 404, "not found"),
        ("/ping/ffffffffffffffff/backup?create=1", 404, "not found"),
        ("/ping/0123456789abcdef/Backup", 400, "invalid url format"),
        ("/ping/0123456789abcdef/twice", 409, "ambiguous slug"),
    ])
    func `another URL is refused`(path: String, status: Int, text: String) async throws {
        let weir = try PingHarness()
        _ = try await weir.check(#""name":"backup","slug":"backup","ping_key":"\#(Self.key)""#)
        for name in ["a", "b"] {
            _ = try await weir.check(#""name":"\#(name)","slug":"twice","ping_key":"\#(Self.key)""#)
        }
        let answer = try await weir.ping(path)
        #expect(answer.status == status && answer.text == text, "\(answer)")
        #expect(weir.journal.durableSeq == 0)
    }

    @Test func `too many pings of unknown checks are refused, until when is said`() async throws {
        let weir = try PingHarness(unknownPings: 1)
        let path = try #require(try await weir.check()["ping_path"]?.string)
        var refused: FeatureHarness.Answer?
        // Before the checks are read, none is refused.
        try await eventually {
            let answer = try await weir.ping("/ping/\(UUID128.random())")
            if answer.status == 429 { refused = answer }
            return refused != nil
        }
        #expect(refused?.fields["Retry-After"] == "60")
        #expect(refused?.text == "too many unknown checks")
        try await eventually { try await weir.ping(path).status == 200 }
    }

    @Test func `create makes the check of a slug once`() async throws {
        let weir = try PingHarness()
        _ = try await weir.check(#""name":"backup","slug":"backup","ping_key":"\#(Self.key)""#)
        let first = try await weir.ping("/ping/\(Self.key)/nightly?create=1")
        #expect(first.status == 201 && first.text == "Created")
        let second = try await weir.ping("/ping/\(Self.key)/nightly/start?create=1")
        #expect(second.status == 200 && second.text == "OK")
        #expect(
            try weir.rows("SELECT name, slug, period, grace FROM ping_check WHERE slug = 'nightly'") == [
                "nightly|nightly|86400|3600"
            ]
        )
        #expect(try await weir.runs() == ["nightly|ping|success|", "nightly|ping|running|"])
    }

    @Test func `the first 100,000 bytes of a body are kept, whole characters of them`() async throws {
        let weir = try PingHarness()
        let path = try #require(try await weir.check()["ping_path"]?.string)
        let body = "a" + String(repeating: "é", count: 100_000)
        #expect(try await weir.ping(.post, path, body: body).status == 200)
        await weir.load()
        #expect(
            try weir.rows("SELECT octet_length(body), body_bytes, right(body, 1) FROM ping") == [
                "99999|200001|é"
            ]
        )
    }

    @Test func `a body that is not text is kept as well as it can be`() async throws {
        let weir = try PingHarness()
        let path = try #require(try await weir.check()["ping_path"]?.string)
        let answer = try await weir.feature.send(.post, path, bytes: [0x61, 0xFF, 0x00, 0x0A, 0x62])
        #expect(answer.status == 200)
        await weir.load()
        #expect(
            try weir.rows("SELECT replace(body, chr(10), '/'), body_bytes FROM ping") == [
                "a\u{FFFD}\u{2400}/b|5"
            ]
        )
    }

    @Test func `no secret of a URL is in the journal`() async throws {
        let weir = try PingHarness()
        let check = try await weir.check(#""name":"backup","slug":"backup","ping_key":"\#(Self.key)""#)
        let uuid = try #require(check["ping_uuid"]?.string)
        let ping = Ping(
            id: .random(),
            subject: .check(CheckKeys.id(of: try #require(UUID128(uuid)))),
            at: .now(),
            kind: .start
        )
        let line = String(decoding: ping.line, as: UTF8.self)
        #expect(!line.contains(uuid))
        #expect(line.contains(try #require(check["id"]?.string)))
        #expect(try Ping(line: ping.line[...]) == ping)
    }
}
