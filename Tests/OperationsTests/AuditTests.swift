import Core
import Foundation
import Ingest
import Postgres
import TestKit
import Testing

@testable import Operations
@testable import WeirApp

/// What `weir audit` answers. Contract §4.5.
@Suite struct `An audit` {
    private static func run(_ database: TemporaryDatabase, _ options: Audit.Options = .init()) async throws
        -> AuditReport
    {
        let session = DatabaseSession(
            pool: Pool(database.target),
            target: database.target,
            session: SessionSettings()
        )
        return try await Audit(session, options).run()
    }

    private static func filled() throws -> TemporaryDatabase {
        try TemporaryDatabase.make(preparedAs: "audit") { connection in
            _ = try Schema.migrator.migrate(connection)
            try connection.executeScript(
                """
                INSERT INTO agent_run (event_key, event_id, run_id, agent_name, job_type, status, created_at,
                                       created_order, created_is_time, start_time, start_instant, api_posted,
                                       received_at, document)
                SELECT gen_random_uuid(), 'e' || n, 'r', 'agent' || n % 2, 'job',
                       (ARRAY['success', 'success', 'failure', 'running'])[n % 4 + 1], '', now(), true, '',
                       timestamptz '2026-01-01 23:00Z' + n * interval '1 hour', n % 5 = 0, now(),
                       json_build_object('text', repeat(md5(n::text), n))
                FROM generate_series(1, 12) n;
                INSERT INTO agent_run_tally
                SELECT 'agent_name', gen_random_uuid(), agent_name, count(*) FROM agent_run GROUP BY agent_name;
                INSERT INTO outbox_event (kind, subject, at, detail)
                SELECT k, 's', '2026-01-01Z', '{}' FROM unnest(ARRAY['run.failed', 'run.failed', 'run.stale']) k;
                INSERT INTO dead_letter (journal_id, stream, seq, element, stage, kind, received_at, sql_state,
                                         reason, body)
                VALUES (gen_random_uuid(), 'runs', 1, 0, 0, 'k', '2026-01-01Z', '22003', 'r', 'b');
                INSERT INTO run (run_key, run_id, run_name, first_utc, last_utc, first_received_at, last_received_at,
                                 task_utc)
                VALUES (gen_random_uuid(), 'r', 'n', '2026-01-01Z', '2026-01-01Z', now(), now(), '2026-01-01Z');
                """
            )
        }
    }

    private static func lines(_ name: String, _ database: TemporaryDatabase) async throws -> [String] {
        // The head, which a long name of a database wraps, ends with an empty line.
        Array(try await run(database, Audit.Options(only: [name])).lines.drop { !$0.isEmpty }.dropFirst())
    }

    @Test(arguments: [
        (
            "agents",
            """
            Tracked runs per agent
              agent   runs
              agent0     6
              agent1     6
            """
        ),
        (
            "statuses",
            """
            Tracked runs per status
              status   runs
              success     6
              failure     3
              running     3
            """
        ),
        (
            "days",
            """
            Tracked runs per day of their start
              day         runs
              2026-01-02    12
            """
        ),
        (
            "outbox",
            """
            Outbox events per kind
              kind        events  oldest                  newest
              run.failed       2  2026-01-01 00:00:00+00  2026-01-01 00:00:00+00
              run.stale        1  2026-01-01 00:00:00+00  2026-01-01 00:00:00+00
            """
        ),
        (
            // 5 and 10 are posted, 3, 7 and 11 are running.
            "posts",
            """
            External posts that are pending
              pending  posted  running
                    7       2        3
            """
        ),
        (
            "dead-letters",
            """
            Dead letters
              stream  state    sql state  letters  newest
              runs    waiting      22003        1  2026-01-01 00:00:00+00
            """
        ),
        (
            "workflows",
            """
            Runs of Nextflow per state
              state  runs
              stale     1
            """
        ),
    ])
    func `answers readably`(name: String, expected: String) async throws {
        #expect(try await Self.lines(name, Self.filled()).joined(separator: "\n") == expected)
    }

    @Test func `answers every question, and the largest comes first`() async throws {
        let report = try await Self.run(Self.filled())
        #expect(report.isComplete)
        #expect(report.answers.map(\.question.name) == Audit.names.filter { $0 != "columns" })
        func first(_ name: String) -> AuditAnswer.Cell? {
            report.answers.first { $0.question.name == name }?.rows.first?.first
        }
        #expect(first("documents") == .text("e12"))
        #expect(report.answers.allSatisfy { !$0.lines.contains { line in line.hasSuffix(" ") } })
        let columns = try await Self.lines("columns", Self.filled())
        #expect(columns.contains { $0.contains("agent_runs") && $0.contains("view") })
    }

    @Test func `marks what is an estimate, and counts it when asked`() async throws {
        let database = try TemporaryDatabase.make()
        try Connection.withTemporary(database.target) { connection in
            _ = try Schema.migrator.migrate(connection)
            try connection.executeScript(
                """
                INSERT INTO outbox_event (kind, subject, at, detail)
                SELECT 'k', '', now(), '{}' FROM generate_series(1, 120000);
                ANALYZE outbox_event;
                DELETE FROM outbox_event WHERE id % 3 = 0;
                """
            )
        }
        func row(_ isExact: Bool) async throws -> String? {
            let options = Audit.Options(only: ["tables"], isExact: isExact)
            return try await Self.run(database, options).lines.first { $0.contains(" outbox_event ") }
        }
        #expect(try await row(false)?.contains("~120000") == true)
        #expect(try await row(true)?.contains(" 80000") == true)
    }

    @Test func `says what was not answered in time, and answers the rest`() async throws {
        let database = try Self.filled()
        try await withHeldTable("agent_run", database) {
            let options = Audit.Options(only: ["agents", "documents"], timeout: .milliseconds(200))
            let report = try await Self.run(database, options)
            #expect(!report.isComplete)
            #expect(report.answers.map { $0.failure == nil } == [true, false])
            #expect(report.lines.contains { $0.hasPrefix("  no answer: ") })
            #expect(report.json.contains(#""failure":"#))
        }
    }

    @Test func `shows what a terminal would obey in the names that clients gave`() async throws {
        let database = try Self.filled()
        let name = "x\u{1B}]0;pwned\u{07}\u{1B}[31m\u{9B}1m\u{202E}"
        try Connection.withTemporary(database.target) { connection in
            _ = try connection.execute(
                "UPDATE agent_run_tally SET value = $1 WHERE value = 'agent0'",
                [.text(name)]
            )
        }
        let lines = try await Self.lines("agents", database)
        #expect(lines.contains(#"  x\u001b]0;pwned\u0007\u001b[31m\u009b1m\u202e     6"#), "\(lines)")
    }

    @Test func `is an object for programs`() async throws {
        let text = try await Self.run(Self.filled(), Audit.Options(only: ["statuses"])).json
        let answers = try JSONDocument(Array(text.utf8)).root["answers"]
        let rows = answers?.elements.first { _ in true }?["rows"]
        #expect(
            rows.map { String(decoding: $0.rawBytes, as: UTF8.self) }
                == #"[{"status":"success","runs":6},{"status":"failure","runs":3},{"status":"running","runs":3}]"#
        )
    }

    @Test func `needs a schema`() async throws {
        let database = try TemporaryDatabase.make()
        await #expect(throws: StartError.self) { try await Self.run(database) }
    }

    /// Runs `body` while somebody keeps everybody out of a table.
    private func withHeldTable(
        _ table: String,
        _ database: TemporaryDatabase,
        _ body: () async throws -> Void
    ) async throws {
        let holder = DedicatedConnection(database.target)
        try await holder.withConnection { _ = try $0.executeScript("BEGIN; LOCK TABLE \(table)") }
        try await body()
        try await holder.withConnection { _ = try $0.executeScript("ROLLBACK") }
        holder.close()
    }
}
