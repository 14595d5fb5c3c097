import OTLPClient
import OpenTelemetry
import Postgres
import Synchronization
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
        #expect(try await bench.turn())
        #expect(Set(try bench.queue()) == ["r1||1|away", "r2||1|away"])
        try bench.database.execute("UPDATE trace_export SET due_at = now()")
        bench.answers([.refused("odd"), .accepted(rejected: 0, message: ""), .refused("odd")])
        #expect(try await bench.turn())
        #expect(bench.sent.map(\.count) == [1, 2, 2, 1, 1])
        #expect(bench.count("rejected") == 1 && bench.count("exported") == 2)
        #expect(try bench.queue() == [])
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
        }
        #expect(try await !bench.turn())
        #expect(bench.sent.count == 5)
        #expect(bench.count("given_up", of: "weir_otlp_runs_total") == 1)
        #expect(try bench.queue() == [])
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

/// An exporter of made-up runs, a database, and a collector that answers as it is told.
private final class ExportBench: Sendable {
    let database: TemporaryDatabase
    let exporter: RunExporter
    private let connection: DedicatedConnection
    private let registry = Registry()
    private let state: CollectorState

    init(spans: Int?, batch: Int, sampler: Sampler = .alwaysOn, parent: TraceParent? = nil) throws {
        database = try TemporaryDatabase.withSchema()
        let state = CollectorState()
        self.state = state
        exporter = RunExporter(
            queue: ExportQueue(
                sources: [MadeUpRuns(spans: spans, parent: parent)],
                settling: .zero,
                patience: .seconds(86_400)
            ),
            sampler: sampler,
            batch: batch,
            send: { state.take($0) },
            metrics: TracesMetrics(registry: registry),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            target: database.target
        )
        connection = DedicatedConnection(database.target, SessionSettings(), label: "test")
        try Connection.withTemporary(database.target) { try exporter.queue.register(on: $0) }
    }

    deinit { connection.close() }

    /// The names of the spans of each request.
    var sent: [[String]] { state.sent.withLock { $0 } }

    var whileSending: (@Sendable () -> Void)? {
        get { state.whileSending.withLock { $0 } }
        set { state.whileSending.withLock { $0 = newValue } }
    }

    func answers(_ answers: [OTLPSender.Outcome]) { state.answers.withLock { $0 = answers } }

    func turn() async throws -> Bool { try await exporter.turn(connection) }

    /// Tells that a run has ended.
    func end(_ run: String) throws {
        try Connection.withTemporary(database.target) { connection in
            try connection.transaction {
                let event = OutboxEvent(
                    kind: "made.up",
                    subject: run,
                    at: .now() - .seconds(1),
                    detail: Array("{}".utf8)
                )
                try OutboxStore.insert([event], on: connection)
            }
        }
    }

    /// What waits: run, position, attempts, error.
    func queue() throws -> [String] {
        try database.rows(
            "SELECT subject, coalesce(position, ''), attempts, coalesce(last_error, '') FROM trace_export"
        )
    }

    func count(_ outcome: String, of family: String = "weir_otlp_spans_total") -> Int {
        let text = String(decoding: registry.exposition(as: .prometheusText), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(family){outcome=\"\(outcome)\"}") }
        return line?.split(separator: " ").last.flatMap { Int($0) } ?? -1
    }
}

/// What a collector was sent, and what it answers next.
private final class CollectorState: Sendable {
    let sent = Mutex<[[String]]>([])
    let answers = Mutex<[OTLPSender.Outcome]>([])
    let whileSending = Mutex<(@Sendable () -> Void)?>(nil)

    func take(_ batches: [SpanBatch]) -> OTLPSender.Outcome {
        sent.withLock { $0.append(batches.flatMap(\.spans).map(\.name)) }
        whileSending.withLock { $0 }?()
        return answers.withLock { $0.isEmpty ? .accepted(rejected: 0, message: "") : $0.removeFirst() }
    }
}

private struct MadeUpRuns: TraceSource {
    let system = "runs"
    /// Nil for runs that are gone.
    let spans: Int?
    let parent: TraceParent?

    func ended(_ event: OutboxEvent) -> TracedName? {
        event.kind == "made.up" ? TracedName(subject: event.subject) : nil
    }

    func open(_ name: TracedName, on connection: Connection) throws -> (any TracedRun)? {
        spans.map { MadeUpRun(count: $0, parent: parent) }
    }

    func find(_ trace: TraceID, on connection: Connection) throws -> [any TracedRun] { [] }
}

private struct MadeUpRun: TracedRun {
    let count: Int
    let parent: TraceParent?
    let trace = TraceID(high: 1, low: 2)!
    let resource = [Attribute("service.name", "made up")]

    func page(after position: String?, limit: Int, now: Timestamp, on connection: Connection) throws -> (
        spans: [Span], next: String?
    ) {
        let first = position.flatMap { Int($0) } ?? 0
        let last = min(first + limit, count)
        let spans = (first..<last).map {
            Span(traceID: trace, spanID: SpanID(UInt64($0 + 1))!, name: "s\($0)", start: 1, end: 2)
        }
        return (spans, last < count ? String(last) : nil)
    }
}
