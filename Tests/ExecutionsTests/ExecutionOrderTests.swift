import Core
import FeatureTestKit
import Ingest
import Journal
import Postgres
import TestKit
import Testing

@testable import Executions

/// Lines of several Weirs may meet in any order, and a batch may be cut anywhere.
@Suite struct `The order of lines of executions` {
    private static let tables = [
        "SELECT to_jsonb(e) - 'updated_at' - 'last_reconciled_at' - 'phase_timestamps' FROM execution e ORDER BY uuid",
        "SELECT * FROM execution_observation ORDER BY 1",
        "SELECT * FROM execution_artifact ORDER BY 1",
        "SELECT * FROM execution_tally WHERE count <> 0 ORDER BY 1, 2",
    ]

    private static func id(_ number: Int) -> String { "019e80f2-cd6f-7883-93e1-00000000000\(number)" }

    private static func line(
        _ seq: Int,
        _ kind: String,
        _ execution: Int,
        _ body: String,
        trace: String? = nil
    ) -> JournalLine {
        let members: [(name: String, text: String?)] = [
            ("execution", id(execution)), ("sha256", kind == "execution.create/1" ? "d\(execution)" : nil),
            ("observation", "019e80f2-cd6f-7883-93e1-0000000001\(seq < 10 ? "0" : "")\(seq)"),
            ("request", "r"), ("traceparent", trace), ("tracestate", trace.map { _ in "a=\(seq)" }),
        ]
        return JournalLine(
            seq: Int64(seq),
            at: Timestamp(microseconds: 1_795_200_000_000_000),
            kind: kind,
            members: .present(members),
            body: Array(body.utf8)
        )
    }

    /// What is seen of two executions that are registered; of each axis in an order of its own.
    private static let seen: [JournalLine] = [
        line(11, "execution.observation/1", 1, observation("scheduler", "pending", 10)),
        line(12, "execution.observation/1", 1, observation("scheduler", "running", 20)),
        line(13, "execution.observation/1", 1, observation("output", "verifying", 15)),
        line(14, "execution.observation/1", 2, observation("daliuge_session", "building", 10)),
        line(15, "execution.observation/1", 2, observation("daliuge_session", "running", 30)),
        line(16, "execution.observation/1", 2, observation("daliuge_graph", "running", 5)),
        // At the same time: the state that comes later in the life of a job stays.
        line(17, "execution.observation/1", 2, observation("scheduler", "running", 10)),
        line(18, "execution.observation/1", 2, observation("scheduler", "pending", 10)),
        line(19, "execution.observation/1", 2, observation("scheduler", "unknown", 10)),
    ]

    private static func observation(_ kind: String, _ state: String, _ second: Int) -> String {
        #"{"kind":"\#(kind)","normalized_state":"\#(state)","observed_at":"2026-11-20T10:00:\#(second < 10 ? "0" : "")\#(second)Z"}"#
    }

    /// The first is registered again by requests that are part of traces: at one time, so that the smaller text stays.
    private static let created =
        (1...3).map { line($0, "execution.create/1", $0, ExecutionBody.new()) }
        + [(4, "bb"), (5, "aa"), (6, "cc")].map { seq, span in
            line(
                seq,
                "execution.create/1",
                1,
                ExecutionBody.new(),
                trace: "00-4bf92f3577b34da6a3ce929d0e0e4736-00000000000000\(span)-01"
            )
        }

    private static let rest = [
        line(21, "execution.patch/1", 3, #"{"status":"running","scheduler_state":"running"}"#),
        line(22, "execution.patch/1", 3, #"{"status":"failed","last_error":"boom"}"#),
    ]

    private static func outcome(of batches: [[JournalLine]]) throws -> [[String]] {
        let database = try TemporaryDatabase.withSchema()
        try database.apply(batches)
        return try tables.map { try database.rows($0) }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `and the cut of batches leave the same rows`(seed: UInt64) throws {
        let expected = try Self.outcome(of: [Self.created + Self.seen + Self.rest])
        #expect(expected[0].count == 3)
        #expect(
            expected[0][0].contains(
                #""traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00000000000000aa-01""#
            )
        )
        #expect(expected[0][0].contains(#""tracestate": "a=5""#))
        var generator = SeededGenerator(seed)
        // The two changes of the third keep their order, wherever they stand.
        var lines = Self.seen.shuffled(using: &generator)
        let places = [0, 1].map { _ in Int.random(in: 0...lines.count, using: &generator) }.sorted()
        lines.insert(Self.rest[1], at: places[1])
        lines.insert(Self.rest[0], at: places[0])
        var rest = (Self.created.shuffled(using: &generator) + lines)[...]
        var batches: [[JournalLine]] = []
        while !rest.isEmpty {
            let size = Int.random(in: 1...4, using: &generator)
            batches.append(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        let actual = try Self.outcome(of: batches)
        for (index, table) in Self.tables.enumerated() {
            #expect(actual[index] == expected[index], "\(table)")
        }
    }

    @Test func `does not matter for what comes twice`() throws {
        let lines = Self.created + Self.seen + Self.rest
        let once = try Self.outcome(of: [lines])
        let twice = try Self.outcome(of: [Self.created + Self.created + Self.seen + Self.seen + Self.rest])
        #expect(once == twice)
    }
}

extension TemporaryDatabase {
    /// Applies lines in batches, as the loader does.
    fileprivate func apply(_ batches: [[JournalLine]]) throws {
        let projection = ExecutionsProjection()
        try Connection.withTemporary(target) { connection in
            try projection.prepare(connection)
            for batch in batches {
                var elements = try batch.flatMap { try projection.decode($0, journal: .random()) }
                try connection.transaction {
                    try projection.apply(stage: 0, to: &elements, on: connection)
                }
            }
        }
    }
}
