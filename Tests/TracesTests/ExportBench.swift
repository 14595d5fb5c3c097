import Core
import FeatureTestKit
import Ingest
import Logging
import Metrics
import OTLPClient
import OpenTelemetry
import Postgres
import Synchronization
import TestKit

@testable import Traces

/// An exporter of made-up runs, a database, and a collector that answers as it is told.
final class ExportBench: Sendable {
    let database: TemporaryDatabase
    let exporter: RunExporter
    let care: ExportCare
    private let connection: DedicatedConnection
    private let registry = Registry()
    /// What was logged from `notice` on.
    let log = KeptLog()
    private let state: CollectorState

    init(spans: Int?, batch: Int, sampler: Sampler = .alwaysOn, parent: TraceParent? = nil) throws {
        database = try TemporaryDatabase.withSchema()
        let state = CollectorState()
        self.state = state
        let queue = ExportQueue(
            sources: [MadeUpRuns(spans: spans, parent: parent)],
            settling: .zero,
            patience: .seconds(86_400),
            most: 3
        )
        let metrics = TracesMetrics(registry: registry)
        let logger = Logger(label: "test") { [log] _ in KeptLog.Handler(owner: log) }
        exporter = RunExporter(
            queue: queue,
            sampler: sampler,
            batch: batch,
            send: { state.take($0) },
            metrics: metrics,
            logger: logger,
            target: database.target
        )
        care = ExportCare(queue: queue, metrics: metrics, logger: logger)
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

    /// Does what is done once in a minute.
    func maintain(at now: Timestamp = .now()) throws {
        try Connection.withTemporary(database.target) { try care.perform(on: $0, now: now) }
    }

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

    /// How many messages begin so.
    func logged(_ prefix: String) -> Int { log.messages.filter { $0.hasPrefix(prefix) }.count }

    func waiting() throws -> [String] {
        try database.rows("SELECT subject FROM trace_export ORDER BY created_at")
    }

    func consumers() throws -> [String] { try database.rows("SELECT name FROM outbox_consumer") }

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
        if name.subject == "unreadable" { try connection.executeScript("SELECT 1 / 0") }
        return spans.map { MadeUpRun(count: $0, parent: parent) }
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

/// Keeps the messages from `notice` on.
final class KeptLog: Sendable {
    private let kept = Mutex<[String]>([])
    var messages: [String] { kept.withLock { $0 } }

    struct Handler: LogHandler {
        let owner: KeptLog
        var logLevel = Logger.Level.notice
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            owner.kept.withLock { $0.append("\(event.message)") }
        }
    }
}
