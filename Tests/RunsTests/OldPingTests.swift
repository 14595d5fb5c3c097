import Core
import Journal
import TestKit
import Testing

/// Lines of pings as they were written once: every release to come reads them, and makes the same runs of them.
@Suite("Lines of pings", .serialized)
struct OldPingTests {
    private static let check = "5f0a4f2e-19d3-4c55-a6a3-3d3a4f7c9e01"
    private static let digest = "0b7c6a52-7f0e-4d0a-8a35-5b1d2c3e4f60"

    private static let lines = [
        #"{"ping":"00000000-0000-4000-8000-000000000001","check":"5f0a4f2e-19d3-4c55-a6a3-3d3a4f7c9e01","at":"2026-11-25T02:00:00.250000Z","kind":"start","method":"GET","remote":"192.0.2.7","user_agent":"curl/8.5.0","body_bytes":0,"body":""}"#,
        #"{"ping":"00000000-0000-4000-8000-000000000002","key":"0b7c6a52-7f0e-4d0a-8a35-5b1d2c3e4f60","slug":"backup","at":"2026-11-25T02:10:00.750000Z","kind":"fail","exit_status":3,"method":"POST","remote":"192.0.2.7","user_agent":"curl/8.5.0","body_bytes":120000,"body":"no space\nleft on device"}"#,
        #"{"ping":"00000000-0000-4000-8000-000000000003","check":"5f0a4f2e-19d3-4c55-a6a3-3d3a4f7c9e01","at":"2026-11-25T03:00:00.000000Z","kind":"success","rid":"11111111-2222-4333-8444-555555555555","method":"HEAD","remote":"","user_agent":"","body_bytes":0,"body":""}"#,
        #"{"ping":"00000000-0000-4000-8000-000000000004","check":"5f0a4f2e-19d3-4c55-a6a3-3d3a4f7c9e01","at":"2026-11-25T03:05:00.000000Z","kind":"log","method":"POST","remote":"::1","user_agent":"x","body_bytes":4,"body":"note"}"#,
        #"{"ping":"00000000-0000-4000-8000-000000000005","check":"00000000-0000-4000-8000-000000000000","at":"2026-11-25T03:06:00.000000Z","kind":"success","method":"GET","remote":"","user_agent":"","body_bytes":0,"body":""}"#,
    ]

    @Test func `are read by every release to come`() async throws {
        let weir = try PingHarness()
        try weir.database.execute(
            """
            INSERT INTO ping_check (
                id, ping_uuid, ping_key, key_digest, slug, name, period, grace, created_at, updated_at
            )
            VALUES ('\(Self.check)', '\(Self.check)', 'key', '\(Self.digest)', 'backup', 'Backup', 86400, 60, now(), now())
            """
        )
        for line in Self.lines { _ = try await weir.journal.append(kind: "ping/1", body: Array(line.utf8)) }
        await weir.load()
        #expect(
            try weir.rows(
                """
                SELECT event_id, status, extract(epoch FROM start_instant)::bigint - 1795572000, duration_ms,
                       document -> 'metrics_json' ->> 'exit_status', document ->> 'error_summary', document ->> 'run_id'
                FROM agent_run ORDER BY start_instant
                """
            ) == [
                "ping-44ab59aa-a03a-7e37-0f65-14b2c5a09188|failure|0|600500|3|no space\nleft on device|00000000-0000-4000-8000-000000000001",
                "ping-b190726c-bcce-c1be-62d4-fced0ce2a7c2|success|3600|0|∅|∅|11111111-2222-4333-8444-555555555555",
            ]
        )
        #expect(
            try weir.rows(
                """
                SELECT right(id::text, 1), kind, exit_status, left(rid::text, 8), method, remote, user_agent, body_bytes,
                       event_id IS NULL, body
                FROM ping ORDER BY id
                """
            ) == [
                "1|start|∅|∅|GET|192.0.2.7|curl/8.5.0|0|f|",
                "2|fail|3|∅|POST|192.0.2.7|curl/8.5.0|120000|f|no space\nleft on device",
                "3|success|∅|11111111|HEAD|||0|f|", "4|log|∅|∅|POST|::1|x|4|t|note",
            ]
        )
    }
}
