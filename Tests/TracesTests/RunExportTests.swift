import OTLPClient
import OpenTelemetry
import Postgres
import TestKit
import Testing

@testable import Traces

@Suite("The export of runs")
struct RunExportTests {
    @Test func `sends an ended run in pages, once`() async throws {
        let bench = try ExportBench(spans: 7, batch: 3)
        try bench.end("r1")
        #expect(try await bench.turn())
        #expect(bench.sent == [["s0", "s1", "s2"], ["s3", "s4", "s5"], ["s6"]])
        #expect(try await !bench.turn())
        #expect(try bench.queue() == [])
    }

    @Test func `goes on after the last page when the collector comes back`() async throws {
        let bench = try ExportBench(spans: 7, batch: 3)
        try bench.end("r1")
        bench.answers([.accepted(rejected: 0, message: ""), .retry(after: .seconds(30), "away")])
        // Another run would fare no better: the exporter pauses.
        #expect(try await !bench.turn())
        #expect(try bench.queue() == ["r1|3|1|away"])
        // It is not due.
        #expect(try await !bench.turn())
        try bench.database.execute("UPDATE trace_export SET due_at = now()")
        #expect(try await bench.turn())
        #expect(bench.sent == [["s0", "s1", "s2"], ["s3", "s4", "s5"], ["s3", "s4", "s5"], ["s6"]])
        #expect(try bench.queue() == [])
    }

    @Test func `sends small runs together, as many as a request may have`() async throws {
        let bench = try ExportBench(spans: 2, batch: 5)
        try bench.end("r0")
        #expect(try await bench.turn())
        for run in 1...5 { try bench.end("r\(run)") }
        // Two of them are claimed now, then as many as there are.
        while try await bench.turn() {}
        #expect(bench.sent.map(\.count) == [2, 4, 4, 2])
        #expect(try bench.queue() == [])
        #expect(bench.count("exported") == 12 && bench.count("runs", of: "weir_otlp_runs_total") == 6)
    }

    @Test func `postpones all runs of a request, and finds the one that is refused`() async throws {
        let bench = try ExportBench(spans: 1, batch: 5)
        try bench.end("r0")
        #expect(try await bench.turn())
        for run in ["r1", "r2"] { try bench.end(run) }
        bench.answers([.retry(after: nil, "away")])
        #expect(try await !bench.turn())
        #expect(Set(try bench.queue()) == ["r1||1|away", "r2||1|away"])
        try bench.database.execute("UPDATE trace_export SET due_at = now()")
        bench.answers([.refused("odd"), .accepted(rejected: 0, message: ""), .refused("odd")])
        #expect(try await bench.turn())
        #expect(bench.sent.map(\.count) == [1, 2, 2, 1, 1])
        #expect(bench.count("rejected") == 1 && bench.count("exported") == 2)
        #expect(try bench.queue() == [])
    }

    @Test func `goes on past a run that can't be read`() async throws {
        let bench = try ExportBench(spans: 1, batch: 5)
        try bench.end("r0")
        #expect(try await bench.turn())
        for run in ["r1", "unreadable"] { try bench.end(run) }
        // Both are claimed; neither is sent.
        await #expect(throws: PostgresError.self) { try await bench.turn() }
        #expect(bench.sent.count == 1)
        try bench.database.execute("UPDATE trace_export SET due_at = now()")
        for _ in 0..<2 { _ = try? await bench.turn() }
        #expect(bench.sent.count == 2)
        #expect(
            try bench.database.rows("SELECT subject, held_until > now() FROM trace_export") == [
                "unreadable|t"
            ]
        )
    }

    @Test func `leaves out what the collector refuses for good`() async throws {
        let bench = try ExportBench(spans: 5, batch: 3)
        try bench.end("r1")
        bench.answers([.refused("too large"), .accepted(rejected: 1, message: "one was odd")])
        #expect(try await bench.turn())
        #expect(bench.sent == [["s0", "s1", "s2"], ["s3", "s4"]])
        #expect(bench.count("rejected") == 4)
        #expect(bench.count("exported") == 1)
        #expect(try bench.queue() == [])
    }

    /// `rejected_spans` may be any number of 64 bits.
    @Test func `believes a collector no more than can be true`() async throws {
        let bench = try ExportBench(spans: 3, batch: 3)
        for (rejected, exported, refused) in [(-5, 3, 0), (Int64.min, 6, 0), (4, 6, 3), (Int64.max, 6, 6)] {
            bench.answers([.accepted(rejected: rejected, message: "")])
            try bench.end("r1")
            #expect(try await bench.turn())
            #expect(bench.count("exported") == exported)
            #expect(bench.count("rejected") == refused)
        }
    }

    @Test func `begins again when the run ends again meanwhile`() async throws {
        let bench = try ExportBench(spans: 5, batch: 3)
        try bench.end("r1")
        bench.whileSending = { [bench] in
            guard bench.sent.count == 1 else { return }
            try? bench.end("r1")
            try? Connection.withTemporary(bench.database.target) {
                try bench.exporter.queue.takeEvents(on: $0)
            }
        }
        #expect(try await bench.turn())
        #expect(bench.sent == [["s0", "s1", "s2"]])
        #expect(try bench.queue() == ["r1||0|"])
        #expect(try await bench.turn())
        #expect(bench.sent.count == 3)
    }

    @Test func `is done by one Weir at a time, and by another one when that is gone`() async throws {
        let bench = try ExportBench(spans: 2, batch: 3)
        try bench.end("r1")
        try Connection.withTemporary(bench.database.target) { connection in
            try bench.exporter.queue.takeEvents(on: connection)
            #expect(try bench.exporter.queue.claim(atMost: 1, on: connection).map(\.name.subject) == ["r1"])
            #expect(try bench.exporter.queue.claim(atMost: 1, on: connection).isEmpty)
        }
        #expect(try await !bench.turn())
        try bench.database.execute("UPDATE trace_export SET held_until = now() - interval '1 second'")
        #expect(try await bench.turn())
        #expect(bench.sent == [["s0", "s1"]])
    }

    @Test func `gives up after a while, and counts it`() async throws {
        let bench = try ExportBench(spans: 2, batch: 3)
        try bench.end("r1")
        bench.answers(Array(repeating: .retry(after: nil, "away"), count: 5))
        for attempt in 1...5 {
            #expect(try await !bench.turn())
            #expect(try bench.queue() == ["r1||\(attempt)|away"])
            // Nobody tried while no Weir ran.
            try bench.database.execute(
                "UPDATE trace_export SET created_at = now() - interval '2 days', due_at = now()"
            )
            if attempt < 5 { try bench.maintain() }
        }
        try bench.maintain()
        #expect(try await !bench.turn())
        #expect(bench.sent.count == 5)
        #expect(bench.count("given_up", of: "weir_otlp_runs_total") == 1)
        #expect(try bench.queue() == [])
    }

    /// A collector that is away takes no other run, either.
    @Test func `rests after each failure, up to a minute, until the collector is back`() async throws {
        let bench = try ExportBench(spans: 2, batch: 3)
        var rests: [Duration?] = []
        bench.answers(Array(repeating: .retry(after: nil, "away"), count: 8) + [.refused("odd")])
        for number in 0..<9 {
            try bench.end("r\(number)")
            let mayGoOn = try await bench.turn()
            #expect(mayGoOn == (number == 8))
            rests.append(bench.exporter.rest)
        }
        let expected: [Duration?] = [
            .seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(16), .seconds(32), .seconds(60),
            .seconds(60), nil,
        ]
        #expect(rests == expected)
        // The log says it once.
        #expect(bench.logged("the collector does not take") == 1)
    }

    @Test func `leaves out runs that are gone, and traces that are not sampled`() async throws {
        let gone = try ExportBench(spans: nil, batch: 3)
        try gone.end("r1")
        #expect(try await gone.turn())
        #expect(gone.sent == [])
        #expect(try gone.queue() == [])
        let off = try ExportBench(spans: 2, batch: 3, sampler: .ratio(0))
        try off.end("r1")
        #expect(try await off.turn())
        #expect(off.sent == [])
        #expect(try off.queue() == [])
        // Its sender doesn't record the trace.
        let parent = TraceParent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")
        let unsampled = try ExportBench(spans: 2, batch: 3, sampler: .parentBased(1), parent: parent)
        try unsampled.end("r1")
        #expect(try await unsampled.turn())
        #expect(unsampled.sent == [])
        #expect(try unsampled.queue() == [])
    }

    @Test(arguments: [(0, 1), (1, 2), (5, 32), (8, 256), (9, 300), (60, 300)])
    func `waits longer each time`(attempt: Int, seconds: Int) {
        #expect(RunExporter.pause(attempt: attempt) == .seconds(seconds))
    }
}
