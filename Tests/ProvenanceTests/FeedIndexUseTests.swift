import Core
import FeatureTestKit
import Postgres
import TestKit
import Testing

@testable import Provenance

/// No feed may read all events.
@Suite("Reading events by index", .serialized)
struct FeedIndexUseTests {
    private static let targets = [
        "/api/v2/events", "/api/v2/events?order=asc&limit=10", "/api/v2/events?event_type=t7.x",
        "/api/v2/events?event_type=t7.&event_type=t8.x", "/api/v2/events?actor=user:30",
        "/api/v2/events?correlation_id=c-30",
        "/api/v2/events?since=2026-01-01T00:00:00Z&until=2026-01-02T00:00:00Z",
        "/api/v2/events?source_identifier=s-30", "/api/v2/projects/p-3/events",
        "/api/v2/projects/p-3/events?offset=500", "/api/v2/projects/p-3/events?source_identifier=s-30",
        "/api/v2/sources/s-30/events", "/api/v2/sources/s-30/events?project_module=p-3",
        "/api/v2/executions/\(uuid(30))/events", "/api/v2/executions/\(uuid(30))/events?event_type=t7.",
        "/api/v2/events/\(uuid(5))",
    ]

    private func fill(_ weir: ProvenanceHarness) throws {
        try weir.execute(
            """
            INSERT INTO provenance_events
                (id, occurred_at, event_type, project_module, source_identifier, source_identifiers, execution_id,
                 actor, correlation_id)
            SELECT
                ('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid,
                timestamptz '2025-01-01' + i * interval '10 minutes', 't' || i % 40 || '.x', 'p-' || i % 20,
                's-' || i / 40, ARRAY['s-' || i / 40],
                ('00000000-0000-4000-8000-' || lpad((i / 40)::text, 12, '0'))::uuid, 'user:' || i / 40, 'c-' || i / 40
            FROM generate_series(1, 20000) i;
            INSERT INTO provenance_source
            SELECT source_identifier, occurred_at, id FROM provenance_events;
            INSERT INTO provenance_position SELECT row_number() OVER (ORDER BY id), id FROM provenance_events;
            UPDATE provenance_feed SET last_position = 20000;
            """
        )
        // Not within a transaction, as a script of several statements is.
        for table in ["provenance_events", "provenance_source", "provenance_position"] {
            try weir.execute("VACUUM ANALYZE \(table)")
        }
    }

    private static let wholeReads = """
        SELECT sum(seq_scan) FROM pg_stat_user_tables
        WHERE relname IN ('provenance_events', 'provenance_source', 'provenance_position')
        """

    private static let otherSessions = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
        """

    @Test func `no feed reads a table whole`() async throws {
        let filled = try ProvenanceHarness(loads: false, follows: false)
        try fill(filled)
        for target in Self.targets {
            try await byIndex(filled, target) { weir in
                // A prepared statement gets its lasting plan after five executions.
                for _ in 1...7 {
                    let status = try await weir.get(target).status
                    #expect(status == 200, "\(target)")
                }
            }
        }
    }

    @Test func `no page of the live stream and no retention reads a table whole`() async throws {
        let filled = try ProvenanceHarness(loads: false, follows: false)
        try fill(filled)
        for filter in [EventFilter(), EventFilter(project: "p-3"), EventFilter(source: "s-490")] {
            try await byIndex(filled, "\(filter)") { weir in
                let archive = EventArchive(pool: weir.pool)
                for _ in 1...7 {
                    let page = try await archive.read(after: 15_000, filter)
                    #expect(page.count > 0)
                }
            }
        }
        let limit = try #require(Timestamp(lenient: "2025-03-01T00:00:00Z"))
        try await byIndex(filled, "retention") { weir in
            try await weir.pool.withConnection { connection in
                for _ in 1...7 {
                    let count = try AgingEvents().deleteBatch(before: limit, atMost: 100, on: connection)
                    #expect(count == 100)
                }
            }
        }
        for table in ["provenance_events", "provenance_source", "provenance_position"] {
            #expect(try filled.rows("SELECT count(*) FROM \(table)") == ["19300"], "\(table)")
        }
    }

    /// Runs something in sessions of its own, which read no table whole.
    private func byIndex(
        _ filled: ProvenanceHarness,
        _ what: String,
        _ body: (ProvenanceHarness) async throws -> Void
    ) async throws {
        let before = try filled.rows(Self.wholeReads)
        let weir = try ProvenanceHarness(loads: false, follows: false, over: filled.database)
        try await body(weir)
        // Each session tells what it read when it ends.
        await weir.endSessions()
        try await eventually { try weir.rows(Self.otherSessions) == ["0"] }
        #expect(try filled.rows(Self.wholeReads) == before, "\(what)")
    }
}
