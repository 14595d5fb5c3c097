import Core
import Ingest
import OTLPClient
import Postgres
import TestKit
import Testing

@testable import Traces

@Suite("What waits for export")
struct ExportCareTests {
    private static let day = Duration.seconds(86_400)

    /// The bench lets three wait.
    @Test func `is bounded while the collector is away: the oldest are given up`() async throws {
        let bench = try ExportBench(spans: 2, batch: 3)
        for run in ["r1", "r2", "r3", "r4", "r5"] {
            try bench.end(run)
            bench.answers([.retry(after: nil, "away")])
            #expect(try await !bench.turn())
        }
        try bench.maintain()
        #expect(try bench.waiting() == ["r3", "r4", "r5"])
        #expect(bench.count("given_up", of: "weir_otlp_runs_total") == 2)
        #expect(bench.logged("runs are not exported: they waited") == 1)
        // More of them within an hour are counted, and not said.
        try bench.end("r6")
        bench.answers([.retry(after: nil, "away")])
        #expect(try await !bench.turn())
        try bench.maintain()
        #expect(bench.count("given_up", of: "weir_otlp_runs_total") == 3)
        #expect(bench.logged("runs are not exported: they waited") == 1)
    }

    @Test func `is exported when export is switched on again within the time`() async throws {
        let bench = try ExportBench(spans: 1, batch: 3)
        try bench.end("r1")
        try bench.maintain(at: .now() + .seconds(80_000))
        try bench.maintain(at: .now() + .seconds(80_400))
        #expect(try bench.consumers() == ["traces"])
        #expect(try await bench.turn())
        #expect(bench.sent == [["s0"]])
    }

    @Test func `is given up when nobody has exported for longer, and the outbox keeps nothing for it`() throws
    {
        let bench = try ExportBench(spans: 1, batch: 3)
        for run in ["r1", "r2", "r2"] { try bench.end(run) }
        try bench.database.execute(
            "INSERT INTO trace_export (system, subject, name, due_at) VALUES ('runs', 'r0', '', now())"
        )
        let later = Timestamp.now() + Self.day
        try bench.maintain(at: later)
        // Whoever exports, and was away as well, has some minutes.
        #expect(try bench.consumers() == ["traces"])
        try bench.maintain(at: later + .seconds(301))
        #expect(try bench.consumers() == [])
        #expect(try bench.waiting() == [])
        #expect(bench.count("given_up", of: "weir_otlp_runs_total") == 3)
        #expect(bench.log.messages.count == 1)
        // Nothing is done any more, and nothing said.
        try bench.maintain(at: later + .seconds(361))
        #expect(bench.log.messages.count == 1)
        // Events are pruned after a day, not after thirty.
        try bench.database.execute("UPDATE outbox_event SET at = at - interval '2 days'")
        let pruned = try Connection.withTemporary(bench.database.target) { connection in
            try OutboxStore.prune(before: .now() - Self.day * 30, atMost: 10, on: connection)
        }
        #expect(pruned == 3)
    }

    @Test func `goes on where it was when the exporter comes back in time`() async throws {
        let bench = try ExportBench(spans: 1, batch: 3)
        try bench.end("r1")
        let later = Timestamp.now() + Self.day
        try bench.maintain(at: later)
        #expect(try await bench.turn())
        try bench.end("r2")
        try bench.maintain(at: later + .seconds(301))
        try bench.maintain(at: later + .seconds(400))
        #expect(try bench.consumers() == ["traces"])
        #expect(try await bench.turn())
        #expect(bench.sent == [["s0"], ["s0"]])
    }
}
