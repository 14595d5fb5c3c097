import Core
import FeatureTestKit
import Ingest
import Journal
import Postgres
import TestKit
import Testing

@testable import Workers

/// Lines of two Weirs may meet in any order, and a batch may be cut anywhere.
@Suite("The order of lines with samples") struct WorkersCommutationTests {
    /// What is made of samples, and of lifetimes.
    private static let tables = [
        """
        SELECT series_key, metric_name, metric_type, labels, help_text, unit, ttl, ttl_set_at FROM series ORDER BY 1
        """,
        """
        SELECT b.received_at, c.name, b.journal_id, b.metric_id, b.first_at, b.last_at, b.after_us, b.value,
            (SELECT array_agg(s.series_key ORDER BY e.place) FROM unnest(b.series) WITH ORDINALITY AS e (n, place)
             JOIN series s ON s.series_id = e.n)
        FROM sample_block b JOIN component c USING (runtime_id) ORDER BY b.journal_id, b.metric_id
        """,
        "SELECT * FROM sample_lifetime ORDER BY 1, 2",
        "SELECT * FROM sample_count ORDER BY 1, 2",
        "SELECT c.name, d.hour, d.received_at FROM rollup_due d JOIN component c USING (runtime_id) ORDER BY 1, 2",
    ]

    private static let journals = (0..<2).map { _ in UUID128.random() }
    private static let start = (Timestamp.now() - .seconds(30 * 86_400)).startOfDay

    /// Lines as routes write them; ids are those of the first line that names a component.
    private static func lines(using generator: inout SeededGenerator) -> [(
        journal: UUID128, line: JournalLine
    )] {
        (1...60).map { seq in
            let name = ["a", "b", "c"].randomElement(using: &generator) ?? "a"
            let journal = journals.randomElement(using: &generator) ?? journals[0]
            let at = start.adding(seconds: seq * 97)
            let component = Component(
                key: ComponentKey(type: .workerPool, name: name),
                id: Int64(name.utf8.first ?? 0)
            )
            let (kind, body) = operation(seq, name, at, using: &generator)
            return (
                journal,
                JournalLine(
                    seq: Int64(seq),
                    at: at,
                    kind: kind.rawValue,
                    members: kind == .sweep || kind == .ttl
                        ? LineMembers() : WorkersLine.members(component, ids: [Int64(seq) * 1000]),
                    body: Array(body.utf8)
                )
            )
        }
    }

    private static func operation(
        _ seq: Int,
        _ name: String,
        _ at: Timestamp,
        using generator: inout SeededGenerator
    ) -> (WorkersLine.Kind, String) {
        switch Int.random(in: 0..<10, using: &generator) {
        case 0: return (.register, #"{"name":"\#(name)","runtime":"cpu","capacity":\#(seq)}"#)
        case 1: return (.heartbeat, #"{"name":"\#(name)"}"#)
        case 2: return (.deregister, #"{"name":"\#(name)"}"#)
        case 3: return (.sweep, #"{"before":"\#((at - .seconds(300)).iso8601())"}"#)
        case 4: return (.ttl, #"{"metric_name":"m\#(seq % 3)","component_name":null,"ttl_days":\#(seq % 5)}"#)
        case 5: return (.ttl, #"{"metric_name":null,"component_name":"\#(name)","ttl_days":\#(seq % 7)}"#)
        default:
            let metrics = (0...2).map { number in
                let late = at.adding(seconds: -Int.random(in: 0..<9000, using: &generator))
                return #"{"metric_name":"m\#(number)","metric_type":"gauge","metric_value":\#(seq),"#
                    + #""labels":{"l":"\#(seq % 2)"},"timestamp":"\#(late.iso8601())"}"#
            }
            return (.report, #"{"component_name":"\#(name)","metrics":[\#(metrics.joined(separator: ","))]}"#)
        }
    }

    private static func outcome(of batches: [[(journal: UUID128, line: JournalLine)]]) throws -> [[String]] {
        let database = try TemporaryDatabase.withSchema()
        try Connection.withTemporary(database.target) { connection in
            let projection = WorkersProjection()
            for batch in batches {
                var elements = try batch.flatMap { try projection.decode($0.line, journal: $0.journal) }
                try projection.prepare(elements, on: connection)
                try connection.transaction { try projection.apply(stage: 0, to: &elements, on: connection) }
                projection.committed(elements)
            }
        }
        return try tables.map { try database.rows($0) }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func `and the cut of batches leave the same rows`(seed: UInt64) throws {
        var generator = SeededGenerator(seed)
        let lines = Self.lines(using: &generator)
        let expected = try Self.outcome(of: [lines])
        var rest = lines.shuffled(using: &generator)[...]
        var batches: [[(journal: UUID128, line: JournalLine)]] = []
        while !rest.isEmpty {
            let size = Int.random(in: 1...20, using: &generator)
            batches.append(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        let actual = try Self.outcome(of: batches)
        for (index, table) in Self.tables.enumerated() {
            let wrong = zip(actual[index], expected[index]).first { $0 != $1 }
            let note = wrong.map { "\($0.0)\n\($0.1)" } ?? ""
            #expect(note.isEmpty && actual[index].count == expected[index].count, "\(table)\n\(note)")
        }
    }
}
