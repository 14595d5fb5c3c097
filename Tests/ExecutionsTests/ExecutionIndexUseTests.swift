import FeatureTestKit
import HTTP
import OpenTelemetry
import Postgres
import TestKit
import Testing

@testable import Executions

/// No list, no probe and no gauge may read all executions.
@Suite("Reading executions by index", .serialized)
struct ExecutionIndexUseTests {
    private static let targets = [
        "/executions", "/executions?page=20", "/executions?project_module=p3", "/executions?status=failed",
        "/executions?project_module=p3&status=running", "/executions/00000000-0000-0000-0000-000000000005",
        "/executions/00000000-0000-0000-0000-000000000005/observations",
        "/executions/00000000-0000-0000-0000-000000000005/artifacts", "/ready", "/overview", "/metrics",
    ]

    @Test("no answer reads a table whole")
    func byIndex() async throws {
        let filled = try await ExecutionsHarness(loads: false)
        try filled.feature.database.execute(
            """
            INSERT INTO execution (
                uuid, project_module, archive_name, status, created_at, updated_at, create_request_sha256, sources
            )
            SELECT lpad(i::text, 32, '0')::uuid, 'p' || i % 30, 'a' || i,
                   CASE WHEN i % 500 = 0 THEN 'running' WHEN i % 100 = 0 THEN 'failed' ELSE 'completed' END,
                   t, t, 'x', '[{"source_identifier":"S"}]'
            FROM generate_series(1, 20000) i, LATERAL (SELECT timestamptz '2024-01-01' + i * interval '25 minutes') x (t);
            INSERT INTO execution_observation
            SELECT lpad(i::text, 32, '0')::uuid, lpad((i % 200 + 1)::text, 32, '0')::uuid, 'scheduler', 'running', NULL,
                   NULL, '{}', NULL, now()
            FROM generate_series(1, 20000) i
            """
        )
        // Not within a transaction, as a script of several statements is.
        try filled.feature.database.execute("VACUUM ANALYZE execution, execution_observation")
        let before = try wholeReads(filled)
        let weir = try await ExecutionsHarness(loads: false, over: filled.feature.database)
        for target in Self.targets {
            // A prepared statement gets its lasting plan after five executions.
            for _ in 1...7 {
                let answer = try await weir.feature.send(.get, "/api/v2\(target)")
                #expect(answer.status == 200, "\(target)")
            }
        }
        let trace = try #require(TraceID(wire: "00000000000000000000000000000005"))
        let found = try Connection.withTemporary(filled.feature.database.target) { connection in
            try (1...7).map { _ in try ExecutionTrace.find(trace, on: connection).count }
        }
        #expect(found == Array(repeating: 1, count: 7))
        // Each session tells what it read when it ends.
        await weir.feature.pool.close()
        try await eventually { try filled.rows(Self.otherSessions) == ["0"] }
        #expect(try wholeReads(filled) == before)
    }

    private func wholeReads(_ weir: ExecutionsHarness) throws -> [String] {
        try weir.rows(
            """
            SELECT relname, seq_scan FROM pg_stat_user_tables
            WHERE relname IN ('execution', 'execution_observation') ORDER BY 1
            """
        )
    }

    private static let otherSessions = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
        """
}
