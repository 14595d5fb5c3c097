import Core
import FeatureTestKit
import Journal
import Postgres
import TestKit

@testable import Ingest
@testable import Nextflow

/// A database with Weir's schema, and the projection that fills it.
struct ProjectionHarness {
    static let journal = UUID128("11111111-2222-3333-4444-555555555555")!

    let database: TemporaryDatabase
    let projection = NextflowProjection(partitions: .telemetry)

    init() throws {
        database = try TemporaryDatabase.withSchema()
    }

    /// A line as the door would have written it.
    static func line(
        _ seq: Int64,
        _ body: String,
        at: Timestamp = Timestamp(iso8601: "2026-11-20T22:00:00Z")!
    ) throws -> JournalLine {
        JournalLine(
            seq: seq,
            at: at,
            kind: NextflowProjection.kind,
            body: try NextflowDecoder.clean(Array(body.utf8))
        )
    }

    /// Applies lines in batches; the dead letters that they made.
    @discardableResult
    func apply(_ batches: [[JournalLine]], metrics: NextflowMetrics? = nil) throws -> Int {
        let projection = NextflowProjection(partitions: .telemetry, metrics: metrics)
        return try connected { connection in
            try projection.prepare(connection)
            let applier = BatchApplier(projection: projection)
            return try batches.reduce(0) { letters, lines in
                let batch = applier.decode(lines.map { .init(journal: Self.journal, line: $0) })
                let outcome = try applier.apply(batch, on: connection) { _ in }
                projection.committed(outcome.elements)
                return letters + outcome.deadLetters
            }
        }
    }

    /// Applies bodies as one batch, a second apart.
    @discardableResult
    func apply(_ bodies: String...) throws -> Int {
        let start = Timestamp(iso8601: "2026-11-20T22:00:00Z")!
        return try apply([
            bodies.enumerated().map { index, body in
                try Self.line(Int64(index + 1), body, at: start.adding(seconds: index))
            }
        ])
    }

    /// The rows of a query as text, columns separated by `|`.
    func rows(_ sql: String) throws -> [String] { try database.rows(sql) }

    func execute(_ sql: String) throws { try database.execute(sql) }

    private func connected<Value>(_ body: (Connection) throws -> Value) throws -> Value {
        try Connection.withTemporary(database.target) { try body($0) }
    }
}

/// Weblog bodies with defaults for everything.
enum Body {
    static func event(
        _ event: String,
        run: String = "r1",
        name: String = "brave_bell",
        at utcTime: String = "2026-11-20T22:06:36Z",
        metadata: String? = nil,
        trace: String? = nil
    ) -> String {
        var members = [
            #""runId":"\#(run)""#, #""runName":"\#(name)""#, #""event":"\#(event)""#,
            #""utcTime":"\#(utcTime)""#,
        ]
        if let metadata { members.append(#""metadata":\#(metadata)"#) }
        if let trace { members.append(#""trace":\#(trace)"#) }
        return "{" + members.joined(separator: ",") + "}"
    }

    static func task(
        _ event: String = "process_completed",
        id: String = "1",
        process: String = "ALIGN",
        status: String = "COMPLETED",
        exit: String = "0",
        attempt: String = "1",
        hash: String = "ab/cdef12",
        more: String = "",
        run: String = "r1",
        name: String = "brave_bell",
        at utcTime: String = "2026-11-20T22:06:36Z"
    ) -> String {
        Body.event(
            event,
            run: run,
            name: name,
            at: utcTime,
            trace: """
                {"task_id":\(id),"process":"\(process)","status":"\(status)","exit":\(exit),"attempt":\(attempt),\
                "hash":"\(hash)"\(more)}
                """
        )
    }

    static func completed(
        success: Bool,
        message: String? = nil,
        start: String? = "2026-11-20T22:00:00Z",
        run: String = "r1",
        name: String = "brave_bell",
        at utcTime: String = "2026-11-20T22:10:00Z"
    ) -> String {
        let start = start.map { #","start":"\#($0)""# } ?? ""
        let message = message.map { #","errorMessage":"\#($0)""# } ?? ""
        return Body.event(
            "completed",
            run: run,
            name: name,
            at: utcTime,
            metadata: #"{"workflow":{"success":\#(success)\#(start)\#(message)}}"#
        )
    }

    static func started(
        start: String? = "2026-11-20T22:00:00Z",
        run: String = "r1",
        name: String = "brave_bell",
        at utcTime: String = "2026-11-20T22:00:01Z"
    ) -> String {
        let start = start.map { #""start":"\#($0)""# } ?? ""
        return Body.event(
            "started",
            run: run,
            name: name,
            at: utcTime,
            metadata: #"{"workflow":{\#(start)}}"#
        )
    }
}
