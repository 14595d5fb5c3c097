import Core
import FeatureTestKit
import HTTP
import TestKit
import Testing

@testable import Provenance

/// Contract beampipe §3.3, §6.7, §11.4.
@Suite("Feeds of events", .serialized)
struct FeedTests {
    private func fill(_ weir: ProvenanceHarness) throws {
        // Seven share a time, as events of one transaction do.
        try weir.execute(
            """
            INSERT INTO provenance_events
                (id, occurred_at, event_type, project_module, source_identifier, source_identifiers, execution_id,
                 actor, correlation_id)
            SELECT
                ('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid,
                timestamptz '2026-01-01 00:00:00Z' + least(i, 123) * interval '1 second',
                CASE WHEN i % 10 = 0 THEN 'execution.failed' WHEN i % 2 = 0 THEN 'execution.running' ELSE 'quality.checked' END,
                CASE WHEN i <= 130 THEN 'p' ELSE 'q' END, 's1', CASE WHEN i % 50 = 0 THEN '{s1,s/2}' ELSE '{s1}' END::text[],
                '\(uuid(1))', CASE WHEN i % 2 = 0 THEN 'system:execution' ELSE 'user:1' END, 'c' || i % 3
            FROM generate_series(1, 131) i
            ORDER BY md5(i::text);
            INSERT INTO provenance_source
            SELECT source, occurred_at, id FROM provenance_events, unnest(source_identifiers) source;
            """
        )
    }

    private func numbers(_ answer: ProvenanceHarness.Answer) throws -> [Int] {
        try answer.json.elements.compactMap { $0["id"]?.string.flatMap { Int($0.suffix(12)) } }
    }

    @Test func `have the defaults of the contract, and reach every event`() async throws {
        let weir = try ProvenanceHarness(follows: false)
        try fill(weir)
        let ofExecution = try await weir.get("/api/v2/executions/\(uuid(1))/events")
        #expect(try numbers(ofExecution) == Array(1...100))
        // D10: what came after the hundredth.
        let next = try #require(ofExecution.fields["X-Next-Cursor"])
        #expect(ofExecution.fields["Link"] == "<?cursor=\(next)>; rel=\"next\"")
        let rest = try await weir.get("/api/v2/executions/\(uuid(1))/events?cursor=\(next)")
        #expect(try numbers(rest) == Array(101...131))
        #expect(rest.fields["X-Next-Cursor"] == nil && rest.fields["Link"] == nil)
        #expect(
            try numbers(await weir.get("/api/v2/executions/\(uuid(1))/events?order=desc&limit=2")) == [
                131, 130,
            ]
        )
        #expect(try numbers(await weir.get("/api/v2/sources/s1/events")) == Array((32...131).reversed()))
        #expect(try numbers(await weir.get("/api/v2/projects/p/events")) == Array((81...130).reversed()))
        #expect(try numbers(await weir.get("/api/v2/projects/p/events?limit=3&offset=2")) == [128, 127, 126])
        #expect(try numbers(await weir.get("/api/v2/projects/p/events?limit=0&offset=-4")) == [130])
        #expect(try numbers(await weir.get("/api/v2/projects/p/events?limit=9999")).count == 130)
        #expect(try numbers(await weir.get("/api/v2/events?limit=1")) == [131])
        #expect(try numbers(await weir.get("/api/v2/events?limit=1&project_module=p")) == [130])
        // D12: an event about two sources is in the feeds of both.
        #expect(try numbers(await weir.get("/api/v2/sources/s%2F2/events")) == [100, 50])
        #expect(
            try numbers(await weir.get("/api/v2/projects/p/events?source_identifier=s/2&limit=1")) == [100]
        )
    }

    @Test func `are paged in an order that equal times do not upset`() async throws {
        let weir = try ProvenanceHarness(follows: false)
        try fill(weir)
        for order in ["asc", "desc"] {
            var seen: [Int] = []
            var cursor = ""
            repeat {
                let page = try await weir.get(
                    "/api/v2/events?limit=4&order=\(order)&since=2026-01-01T00:02:00Z\(cursor)"
                )
                seen += try numbers(page)
                cursor = page.fields["X-Next-Cursor"].map { "&cursor=\($0)" } ?? ""
            } while !cursor.isEmpty
            #expect(seen == (order == "asc" ? Array(120...131) : Array((120...131).reversed())))
        }
    }

    @Test func `are filtered by type, family, time, actor and correlation id`() async throws {
        let weir = try ProvenanceHarness(follows: false)
        try fill(weir)
        let cases: [(query: String, found: [Int])] = [
            ("event_type=execution.failed&limit=2", [130, 120]),
            ("event_type=execution.&limit=3", [130, 128, 126]),
            ("event_type=execution.failed&event_type=quality.&limit=4", [131, 130, 129, 127]),
            ("event_type=execution", []),
            ("event_type=", Array((82...131).reversed())),
            ("since=2026-01-01T00:00:02Z&until=2026-01-01T00:00:04Z", [3, 2]),
            ("actor=user:1&limit=2", [131, 129]),
            ("correlation_id=c0&limit=2", [129, 126]),
            ("execution_id=\(uuid(2))", []),
        ]
        for (query, found) in cases {
            #expect(try numbers(await weir.get("/api/v2/events?\(query)")) == found, "\(query)")
        }
    }

    @Test func `answer unknown parents as the contract says, and refuse wrong parameters`() async throws {
        let weir = try ProvenanceHarness(follows: false)
        try fill(weir)
        let cases: [(target: String, status: Int, text: String?)] = [
            ("/api/v2/executions/\(uuid(99))/events", 200, "[]"),
            ("/api/v2/projects/none/events", 200, "[]"),
            ("/api/v2/sources/none/events", 404, nil),
            ("/api/v2/sources/s1/events?until=2020-01-01T00:00:00Z", 200, "[]"),
            ("/api/v2/executions/none/events", 400, nil),
            ("/api/v2/projects/p/events?limit=x", 400, nil),
            ("/api/v2/projects/p/events?offset=1.5", 400, nil),
            ("/api/v2/events?order=up", 400, nil),
            ("/api/v2/events?cursor=x", 400, nil),
            ("/api/v2/events?since=then", 400, nil),
            ("/api/v2/events?execution_id=1", 400, nil),
            ("/api/v2/events?event_type=%00", 400, nil),
            ("/api/v2/events/\(uuid(999))", 404, nil),
            ("/api/v2/events/none", 400, nil),
            ("/api/v2/events/stream?execution_id=1", 400, nil),
            ("/api/v2/events/stream?last_event_id=1", 400, nil),
            ("/api/v2/events/stream?last_event_id=\(uuid(999))", 404, nil),
        ]
        for (target, status, text) in cases {
            let answer = try await weir.get(target)
            #expect(answer.status == status, "\(target)")
            if let text {
                #expect(answer.text == text, "\(target)")
            } else {
                let code = try answer.json["code"]?.string
                #expect(code == (status == 404 ? "not_found" : "bad_request"), "\(target)")
            }
        }
    }

    @Test func `mask secrets as the acceptance vectors say`() {
        let payload = """
            {"retry_password":"hunter2","list":[{"X-Authorization-Hint":"zzz"}],\
            "note":"see http://h/q?API_KEY=k1&page=2 now","n":1,"ok":true,"token_count":5}
            """
        #expect(
            String(decoding: Redaction.masked(Array(payload.utf8)), as: UTF8.self) == """
                {"retry_password":"[REDACTED]","list":[{"X-Authorization-Hint":"[REDACTED]"}],\
                "note":"see http://h/q?API_KEY=[REDACTED]&page=2 now","n":1,"ok":true,"token_count":"[REDACTED]"}
                """
        )
    }
}
