import Core
import FeatureTestKit
import HTTP
import TestKit
import Testing

@testable import Alerts

@Suite("Silences", .serialized)
struct SilenceTests {
    private static let matcher = #"{"name":"project","value":"rna","isRegex":false,"isEqual":true}"#

    private static func body(
        _ more: String = "",
        matchers: String = "[\(matcher)]",
        starts: String = "2026-01-01T00:00:00Z",
        ends: String = "2099-01-01T00:00:00Z"
    ) -> String {
        #"{"matchers":\#(matchers),"startsAt":"\#(starts)","endsAt":"\#(ends)","createdBy":"ana","comment":"c"\#(more)}"#
    }

    private func id(_ answer: FeatureHarness.Answer) throws -> String {
        try #require(answer.status == 200, "\(answer.text)")
        return try answer.json["silenceID"]?.string ?? ""
    }

    @Test func `are stored, shown, changed in place and ended`() async throws {
        let weir = try AlertsHarness.keeping()
        let id = try id(await weir.silence(Self.body()))
        let shown = try await weir.feature.send(.get, "/api/v2/silence/\(id)")
        let steady = shown.text.replacing(/"(updatedAt|startsAt)":"[^"]*"/, with: "")
        #expect(
            steady
                == #"{"id":"\#(id)","status":{"state":"active"},,"comment":"c","createdBy":"ana","endsAt":"2099-01-01T00:00:00.000Z","matchers":[{"isEqual":true,"isRegex":false,"name":"project","value":"rna"}],}"#
        )
        let changed = Self.body(#","id":"\#(id)""#, ends: "2098-01-01T00:00:00Z")
        #expect(try self.id(await weir.silence(changed)) == id)
        let list = try await weir.feature.send(.get, "/api/v2/silences").json.elements
        #expect(list.map { $0["endsAt"]?.string } == ["2098-01-01T00:00:00.000Z"])
        #expect(try await weir.feature.send(.delete, "/api/v2/silence/\(id)").status == 200)
        #expect(try await weir.feature.send(.delete, "/api/v2/silence/\(id)").status == 200)
        let over = try await weir.feature.send(.get, "/api/v2/silence/\(id)").json
        #expect(over["status"]?["state"]?.string == "expired")
        #expect(try self.id(await weir.silence(Self.body(#","id":"\#(id)""#))) != id)
    }

    @Test func `become other ones when their matchers change, and the old one ends`() async throws {
        let weir = try AlertsHarness.keeping()
        let old = try id(await weir.silence(Self.body()))
        let matchers = #"[{"name":"project","value":"dna","isRegex":false}]"#
        let new = try id(await weir.silence(Self.body(#","id":"\#(old)""#, matchers: matchers)))
        #expect(new != old)
        let list = try await weir.feature.send(.get, "/api/v2/silences").json.elements
        #expect(
            list.map { "\($0["id"]?.string ?? "") \($0["status"]?["state"]?.string ?? "")" }
                == ["\(new) active", "\(old) expired"]
        )
        let found = try await weir.feature.send(.get, "/api/v2/silences?filter=project%3Ddna").json.elements
        #expect(found.map { $0["id"]?.string } == [new])
        let pattern = try await weir.feature.send(.get, "/api/v2/silences?filter=project%3D~%22.*%22")
        #expect(pattern.text == "[]")
    }

    @Test(
        "refuse nonsense, with the member named, as a JSON text",
        arguments: [
            (body(matchers: "[]"), 400, "matchers: at least one matcher must not match the empty string"),
            (
                body(matchers: #"[{"name":"a","value":"","isRegex":false}]"#), 400,
                "matchers: at least one matcher must not match the empty string"
            ),
            (
                body(matchers: #"[{"name":"a","value":"(","isRegex":true}]"#), 400,
                "matchers.0: a `(` in the pattern has no `)`"
            ),
            (body(matchers: #"[{"name":"a"}]"#), 400, "matchers.0: name and value are required, as texts"),
            (
                body(matchers: #"[{"name":"","value":"x"}]"#), 400,
                "matchers.0: the name of a label has 1 to 200 bytes"
            ),
            (body(matchers: "3"), 400, "matchers: an array of matchers is expected"),
            (body(ends: "2025-01-01T00:00:00Z"), 400, "endsAt: the start must be before the end"),
            (
                body(starts: "2020-01-01T00:00:00Z", ends: "2020-01-02T00:00:00Z"), 400,
                "endsAt: the end is in the past"
            ),
            (body(starts: "x"), 400, "startsAt: a time like 2026-08-22T03:23:43Z is expected"),
            (#"{"matchers":[\#(matcher)]}"#, 400, "startsAt: a time like 2026-08-22T03:23:43Z is expected"),
            (
                body(#","lasting":60"#), 400,
                "schedule: timeZone and lasting are for silences with a schedule"
            ),
            (body(#","schedule":"0 2 * * *""#), 400, "lasting: a schedule needs it, in seconds"),
            (
                body(#","schedule":"0 2 * * *","lasting":5"#), 400,
                "lasting: a number of seconds from 60 to 604800 is expected"
            ),
            (
                body(#","schedule":"0 99 * * *","lasting":3600"#), 400,
                "schedule: hour: 99 is not within 0 to 23"
            ),
        ]
    )
    func refusals(_ body: String, _ status: Int, _ message: String) async throws {
        let weir = try AlertsHarness.keeping()
        let answer = try await weir.silence(body)
        #expect(answer.status == status)
        #expect(answer.text == "\"silence invalid: \(message)\"")
    }

    @Test func `that are unknown are not found, and a zone that is none is named`() async throws {
        let weir = try AlertsHarness.keeping()
        let unknown = "0198a1b2-0000-4000-8000-000000000001"
        #expect(try await weir.silence(Self.body(#","id":"\#(unknown)""#)).text == #""silence not found""#)
        #expect(try await weir.feature.send(.get, "/api/v2/silence/abc").status == 404)
        #expect(try await weir.feature.send(.delete, "/api/v2/silence/\(unknown)").status == 404)
        let zone = Self.body(#","schedule":"0 2 * * *","lasting":3600,"timeZone":"Mars/Olympus""#)
        #expect(try await weir.silence(zone).text.hasPrefix(#""silence invalid: timeZone: "#))
        #expect(try await weir.silence("[]").text == #""The body is not a JSON object.""#)
    }

    @Test func `are as many as the setting allows`() async throws {
        let weir = try AlertsHarness.keeping(["WEIR_ALERTS_SILENCES": "1"])
        let id = try id(await weir.silence(Self.body()))
        let refused = try await weir.silence(Self.body())
        #expect(refused.status == 400)
        #expect(refused.text == #""there are 1 silences: end some, or raise WEIR_ALERTS_SILENCES""#)
        #expect(try self.id(await weir.silence(Self.body(#","id":"\#(id)""#))) == id)
        _ = try await weir.feature.send(.delete, "/api/v2/silence/\(id)")
        #expect(try await weir.silence(Self.body()).status == 200)
    }

    @Test func `with a schedule keep it when a tool that does not know it changes them`() async throws {
        let weir = try AlertsHarness.keeping()
        let window = #","schedule":"0 2 * * 0","timeZone":"Europe/Paris","lasting":7200"#
        let id = try id(await weir.silence(Self.body(window)))
        func shown() async throws -> [String?] {
            let silence = try await weir.feature.send(.get, "/api/v2/silence/\(id)").json
            return [
                silence["schedule"]?.string, silence["timeZone"]?.string,
                silence["lasting"]?.int64.map { "\($0)" },
            ]
        }
        #expect(try await shown() == ["0 2 * * 0", "Europe/Paris", "7200"])
        _ = try await weir.silence(Self.body(#","id":"\#(id)""#, ends: "2098-01-01T00:00:00Z"))
        #expect(try await shown() == ["0 2 * * 0", "Europe/Paris", "7200"])
        _ = try await weir.silence(Self.body(#","id":"\#(id)","schedule":null"#))
        #expect(try await shown() == [nil, nil, nil])
    }

    @Test(
        "with a schedule are open at its times only",
        arguments: [
            ("2026-11-01T00:59:59Z", "pending"), ("2026-11-01T01:00:00Z", "active"),
            ("2026-11-01T02:59:59Z", "active"), ("2026-11-01T03:00:00Z", "pending"),
            ("2026-11-02T01:30:00Z", "pending"), ("2026-10-25T01:30:00Z", "pending"),
            ("2026-12-01T00:00:00Z", "expired"),
        ]
    )
    func window(_ at: String, _ state: String) throws {
        let silence = Silence(
            id: .random(),
            matchers: try MatcherText.read("a=b"),
            startsAt: Timestamp(iso8601: "2026-10-26T00:00:00Z")!,
            endsAt: Timestamp(iso8601: "2026-12-01T00:00:00Z")!,
            // Sundays at two o'clock, which is one o'clock of UTC in November.
            window: Silence.Window(schedule: "0 2 * * 0", timeZone: "Europe/Paris", lasting: .seconds(7200)),
            createdBy: "",
            comment: "",
            updatedAt: .epoch
        )
        #expect(silence.state(at: Timestamp(iso8601: at)!).rawValue == state)
    }

    @Test func `whose matchers cannot be read hold back nothing`() async throws {
        let weir = try AlertsHarness.keeping()
        try weir.feature.database.execute(
            #"""
            INSERT INTO alert_silence (uuid, matchers, starts_at, ends_at)
            VALUES (
                gen_random_uuid(),
                '[{"name":"project","value":"rna"},{"name":"process","value":"(?=x)","isRegex":true}]',
                '2026-01-01', '2099-01-01'
            );
            """#
        )
        try weir.makeRules()
        try weir.makeIncident(1)
        let alert = try await weir.feature.send(.get, "/api/v2/alerts?silenced=false").json.elements
        #expect(alert.map { $0["status"]?["state"]?.string } == ["active"])
    }
}
