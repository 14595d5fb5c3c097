import API
import Core
import FeatureTestKit
import HTTP
import TestKit
import Testing

@testable import Provenance

/// Contract beampipe §3.7.
@Suite("Posted events", .serialized)
struct PostTests {
    @Test func `are answered with what was recorded, and a repetition with the same`() async throws {
        let weir = try ProvenanceHarness()
        let body = """
            {"id": "\(uuid(1))", "event_type": "quality.checked", "occurred_at": "2026-11-01T10:00:00.5+01:00",
             "source_identifier": "HIPASSJ1303", "execution_id": "\(uuid(7))", "correlation_id": "c-1",
             "payload": {"score": 0.5, "api_token": "hunter2", "at": "http://h/?token=t1&page=2"}, "more": 1}
            """
        let first = try await weir.post(
            "wallaby",
            body,
            fields: [
                "Content-Type": "application/json",
                "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            ]
        )
        #expect(first.status == 201)
        let received = try #require(first.json["received_at"]?.string)
        #expect(
            first.text == """
                {"id":"\(uuid(1))","occurred_at":"2026-11-01T09:00:00.500000Z","event_type":"quality.checked",\
                "project_module":"wallaby","source_identifier":"HIPASSJ1303","execution_id":"\(uuid(7))",\
                "actor":"producer:tester","correlation_id":"c-1",\
                "payload":{"score":0.5,"api_token":"[REDACTED]","at":"http://h/?token=[REDACTED]&page=2"},\
                "received_at":"\(received)","source_identifiers":["HIPASSJ1303"],\
                "trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}
                """
        )
        // Keys may be in another order; the id of the request and its trace are not the event's.
        let again = try await weir.post(
            "wallaby",
            body.replacing(
                #""score": 0.5, "api_token": "hunter2""#,
                with: #""api_token":"hunter2","score":0.50"#
            ),
            fields: ["Content-Type": "application/json", "X-Request-Id": "another"]
        )
        #expect(again.status == 200)
        #expect(try again.json["received_at"]?.string == received)
        #expect(try again.json["trace_id"]?.string == "4bf92f3577b34da6a3ce929d0e0e4736")
        for (old, new) in [
            ("0.5,", "0.6,"), ("c-1", "c-2"), ("HIPASSJ1303", "other"), (".checked", ".failed"),
        ] {
            let answer = try await weir.post("wallaby", body.replacing(old, with: new))
            #expect(answer.status == 409, "\(old)")
            #expect(try answer.json["code"]?.string == "event_conflict")
        }
        #expect(try await weir.post("another", body).status == 409)
        #expect(try await weir.get("/api/v2/events/\(uuid(1))").json["received_at"]?.string == received)
        // Stored as it came.
        #expect(try weir.rows("SELECT payload ->> 'api_token' FROM provenance_events") == ["hunter2"])
    }

    @Test func `get an id, a time and the id of the request where they have none`() async throws {
        let weir = try ProvenanceHarness()
        let body = #"{"event_type":"a.b"}"#
        let answer = try await weir.post(
            "p",
            body,
            fields: ["Content-Type": "application/json", "X-Request-Id": "req-9"]
        )
        let event = try answer.json
        #expect(answer.status == 201)
        #expect(event["id"]?.string?.dropFirst(14).first == "7")
        #expect(event["occurred_at"]?.string == event["received_at"]?.string)
        #expect(event["correlation_id"]?.string == "req-9")
        for name in ["source_identifier", "execution_id", "trace_id"] { #expect(event[name]?.isNull == true) }
        #expect(event["payload"].map { Array($0.rawBytes) } == Array("{}".utf8))
        // Without an id of its own each is another event.
        #expect(try await weir.post("p", body).status == 201)
        #expect(try weir.rows("SELECT count(*) FROM provenance_events") == ["2"])
    }

    @Test func `of an array are recorded as a whole or not at all`() async throws {
        let weir = try ProvenanceHarness()
        let (one, two) = (
            #"{"id":"\#(uuid(1))","event_type":"a.one"}"#, #"{"id":"\#(uuid(2))","event_type":"a.two"}"#
        )
        let first = try await weir.post("p", "[\(one)]")
        #expect(first.status == 201)
        let both = try await weir.post("p", "[\(two),\(one)]")
        #expect(both.status == 201)
        #expect(try both.json["accepted"]?.int64 == 1)
        #expect(try both.json["duplicates"]?.int64 == 1)
        #expect(
            try both.json["items"]?.elements.compactMap { $0["event_type"]?.string } == ["a.two", "a.one"]
        )
        let changed = try await weir.post(
            "p",
            #"[{"event_type":"a.new"},\#(one.replacing("one", with: "other"))]"#
        )
        #expect(changed.status == 409)
        #expect(
            try changed.json["failure"]?["diagnostics"]?.elements.map { $0["path"]?.string } == ["[1].id"]
        )
        let wrong = try await weir.post(
            "p",
            #"[{"event_type":"a.new"},{"event_type":"A.b"},{"payload":1},7]"#
        )
        #expect(wrong.status == 400)
        #expect(
            try wrong.json["failure"]?["diagnostics"]?.elements.map { $0["path"]?.string } == [
                "[1].event_type", "[2].event_type", "[2].payload", "[3]",
            ]
        )
        #expect(try weir.rows("SELECT event_type FROM provenance_events ORDER BY 1") == ["a.one", "a.two"])
    }

    private static let refused: [(body: String, status: Int, path: String?)] = [
        (#"{}"#, 400, "event_type"),
        (#"{"event_type":"single"}"#, 400, "event_type"),
        (#"{"event_type":"a.b.c.d.e"}"#, 400, "event_type"),
        (#"{"event_type":"a.1b"}"#, 400, "event_type"),
        (#"{"event_type":"a.\#(String(repeating: "b", count: 33))"}"#, 400, "event_type"),
        (#"{"event_type":5}"#, 400, "event_type"),
        (#"{"event_type":"a.b","id":"1"}"#, 400, "id"),
        (#"{"event_type":"a.b","actor":"me"}"#, 400, "actor"),
        (#"{"event_type":"a.b","occurred_at":"2026-11-01T10:00:00"}"#, 400, "occurred_at"),
        (#"{"event_type":"a.b","occurred_at":"1790000000"}"#, 400, "occurred_at"),
        (#"{"event_type":"a.b","occurred_at":"2999-01-01T00:00:00Z"}"#, 400, "occurred_at"),
        (#"{"event_type":"a.b","occurred_at":"2001-01-01T00:00:00Z"}"#, 400, "occurred_at"),
        (#"{"event_type":"a.b","source_identifier":""}"#, 400, "source_identifier"),
        (
            #"{"event_type":"a.b","source_identifier":"\#(String(repeating: "é", count: 101))"}"#, 400,
            "source_identifier"
        ),
        (#"{"event_type":"a.b","source_identifiers":["a",2]}"#, 400, "source_identifiers[1]"),
        (#"{"event_type":"a.b","execution_id":"x"}"#, 400, "execution_id"),
        (#"{"event_type":"a.b","correlation_id":"a b"}"#, 400, "correlation_id"),
        (
            #"{"event_type":"a.b","correlation_id":"\#(String(repeating: "c", count: 129))"}"#, 400,
            "correlation_id"
        ),
        (#"{"event_type":"a.b","payload":[]}"#, 400, "payload"),
        (#"{"event_type":"a.b","payload":null}"#, 400, "payload"),
        (
            #"{"event_type":"a.b","payload":{"t":"\#(String(repeating: "x", count: 65_536))"}}"#, 400,
            "payload"
        ),
        (
            #"{"event_type":"a.b","payload":{"t":\#(String(repeating: "[", count: 32) + String(repeating: "]", count: 32))}}"#,
            400, "payload"
        ),
        (#"{"event_type":"a.b","payload":{"t":"\u0000"}}"#, 400, nil),
        (#"[]"#, 400, ""),
        (
            #"["# + Array(repeating: #"{"event_type":"a.b"}"#, count: 501).joined(separator: ",") + "]", 400,
            ""
        ),
        (
            #"[{"event_type":"a.b","id":"\#(uuid(1))"},{"event_type":"a.b","id":"\#(uuid(1))"}]"#, 400,
            "[1].id"
        ),
        (#""text""#, 422, nil),
        (#"{"event_type":"#, 400, nil),
    ]

    @Test func `are refused when a value is wrong, and nothing is recorded`() async throws {
        let weir = try ProvenanceHarness()
        for (body, status, path) in Self.refused {
            let answer = try await weir.post("p", body)
            #expect(answer.status == status, "\(body.prefix(90))")
            let shown = try answer.json["failure"]?["diagnostics"]?.elements.first { _ in true }
            #expect(shown?["path"]?.string == path, "\(body.prefix(90))")
        }
        #expect(try await weir.post("p", #"{"event_type":"a.b"}"#, fields: [:]).status == 415)
        let longest = [String(repeating: "w", count: 32), "x_1"].joined(separator: ".")
        let deepest = String(repeating: "[", count: 31) + String(repeating: "]", count: 31)
        let allowed =
            #"{"event_type":"\#(longest)","source_identifier":"\#(String(repeating: "é", count: 100))","payload":{"t":\#(deepest)}}"#
        #expect(try await weir.post("p", allowed).status == 201)
        #expect(try weir.rows("SELECT count(*) FROM provenance_events") == ["1"])
    }

    @Test func `of reserved families need the scope admin, and an execution has one project`() async throws {
        let weir = try ProvenanceHarness()
        for family in ["execution", "discovery", "config", "alert", "worker"] {
            let answer = try await weir.post("p", #"{"event_type":"\#(family).x"}"#, as: [.ingest])
            #expect(answer.status == 403, "\(family)")
            #expect(try answer.json["code"]?.string == "forbidden")
        }
        #expect(try await weir.post("p", #"{"event_type":"executions.x"}"#, as: [.ingest]).status == 201)
        let created = #"{"event_type":"execution.created","execution_id":"\#(uuid(5))"}"#
        #expect(try await weir.post("p", created).status == 201)
        let mine = #"{"event_type":"a.b","execution_id":"\#(uuid(5))"}"#
        #expect(try await weir.post("p", mine).status == 201)
        let other = try await weir.post("q", "[\(mine)]")
        #expect(other.status == 409)
        #expect(
            try other.json["failure"]?["diagnostics"]?.elements.map { $0["path"]?.string } == [
                "[0].execution_id"
            ]
        )
        #expect(try await weir.post("q", mine.replacing(uuid(5), with: uuid(6))).status == 201)
    }

    /// Contract beampipe §3.4: every type that the platform writes, also those that Weir itself never does.
    private static let catalogue = [
        "discovery.changed", "discovery.unchanged", "discovery.tap_skipped", "discovery.error",
        "discovery.timeout", "execution.created", "execution.automated_admitted", "execution.running",
        "execution.awaiting_scheduler", "execution.execute_started", "execution.submission_recorded",
        "execution.submission_uncertain", "execution.submission_abandoned",
        "execution.submission_detected_after_abandonment", "execution.reconciliation_mismatch",
        "execution.retry_requested", "execution.outputs_verified", "execution.completed", "execution.failed",
        "execution.cancelled", "execution.not_submitted", "config.activated", "alert.fired",
        "alert.delivery_failed", "worker.drained", "worker.resumed",
    ]

    @Test func `may have every type of the catalogue, and each is found by its type and its family`()
        async throws
    {
        let weir = try ProvenanceHarness()
        let events = Self.catalogue.map { #"{"event_type":"\#($0)","payload":{"reason":"r"}}"# }
        let answer = try await weir.post("p", "[\(events.joined(separator: ","))]", as: [.ingest, .admin])
        #expect(answer.status == 201)
        #expect(try answer.json["accepted"]?.int64 == Int64(Self.catalogue.count))
        for family in ["discovery", "execution", "config", "alert", "worker"] {
            let own = Self.catalogue.filter { $0.hasPrefix("\(family).") }.sorted()
            let found = try await weir.types("/api/v2/projects/p/events?event_type=\(family).&limit=500")
            #expect(found.sorted() == own, "\(family)")
        }
        let one = "/api/v2/projects/p/events?event_type=execution.submission_recorded"
        #expect(try await weir.types(one) == ["execution.submission_recorded"])
    }

    @Test func `are accepted while PostgreSQL takes no rows, which the answer says`() async throws {
        let weir = try ProvenanceHarness(applyTimeout: .milliseconds(10), loads: false, follows: false)
        let answer = try await weir.post("p", #"{"event_type":"a.b","execution_id":"\#(uuid(5))"}"#)
        #expect(answer.status == 201)
        #expect(answer.fields["Weir-Lag-Lines"] == "1")
        #expect(try answer.json["event_type"]?.string == "a.b")
    }
}
