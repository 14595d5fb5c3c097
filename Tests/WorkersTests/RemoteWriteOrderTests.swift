import Core
import FeatureTestKit
import Journal
import Postgres
import TestKit
import Testing

@testable import Ingest
@testable import Workers

/// Lines of several Weirs may meet in any order, and a batch may be cut anywhere.
@Suite struct `Lines of remote-write and imports` {
    /// Every table that an answer is made from, in a form that does not show who came first.
    private static let tables = [
        """
        SELECT r.name, r.component_type, r.runtime, s.series_key, s.metric_name, s.metric_type, s.labels, s.help_text
        FROM series s JOIN component r USING (runtime_id) ORDER BY 4
        """,
        """
        SELECT s.series_key, b.first_at + coalesce(e.after_us, 0) * interval '1 microsecond', e.value
        FROM sample_block b, unnest(b.series, b.after_us, b.value) AS e (series_id, after_us, value)
        JOIN series s USING (series_id) ORDER BY 1, 2, 3
        """,
        "SELECT portion_key FROM import_portion ORDER BY 1",
    ]

    private static let journals = [UUID128.random(), UUID128.random()]

    private static func lines() -> [(UUID128, JournalLine)] {
        var lines: [(UUID128, JournalLine)] = []
        let start = Timestamp.now()
        for number in 0..<24 {
            let series = (0..<4).map { index in
                SentSeries(
                    "metric_\(index)",
                    [("job", "job-\((number + index) % 3)")],
                    (Int64(number % 7), Double(number)),
                    (Int64(index) * 4_000_000, 1)
                )
            }
            let isImport = number % 5 == 0
            // Every second import is one that was there before.
            let message = SentSeries.message(isImport ? Array(SentSeries.imported) : series)
            let jobs = isImport ? 1 : 3
            lines.append(
                (
                    journals[number % 2],
                    JournalLine(
                        seq: Int64(number + 1),
                        at: start.adding(seconds: number),
                        kind: isImport ? "metrics.import/1" : "metrics.remote_write.v1/1",
                        members: LineMembers([
                            "components": (0..<jobs).map {
                                "\(number * 10 + $0 + 1) \(number * 1000 + $0 * 100)"
                            }
                            .joined(separator: ";"),
                            // What one import leaves out another one has.
                            "dropped": isImport ? "\(number % 2)" : number % 4 == 1 ? "3" : "",
                        ]),
                        body: RemoteWriteLine.body(Snappy.encode(message))
                    )
                )
            )
        }
        return lines
    }

    private static func outcome(of batches: [[(UUID128, JournalLine)]]) throws -> [[String]] {
        let database = try TemporaryDatabase.withSchema()
        try Connection.withTemporary(database.target) { connection in
            let projection = WorkersProjection()
            let applier = BatchApplier(projection: projection)
            for batch in batches {
                let decoded = applier.decode(batch.map { .init(journal: $0.0, line: $0.1) })
                let outcome = try applier.apply(decoded, on: connection) { _ in }
                projection.committed(outcome.elements)
                #expect(outcome.deadLetters == 0)
            }
        }
        return try tables.map { try database.rows($0) }
    }

    @Test func `leave the same rows in every order and cut`() throws {
        let lines = Self.lines()
        let expected = try Self.outcome(of: [lines])
        // 19 requests of 4 series with 2 samples, of which 5 leave out a series; and one import of 3 samples.
        #expect(expected[1].count == 19 * 8 - 5 * 2 + 3)
        #expect(expected[2].count == 1)
        for _ in 0..<3 {
            var rest = lines.shuffled()[...]
            var batches: [[(UUID128, JournalLine)]] = []
            while !rest.isEmpty {
                let size = Int.random(in: 1...7)
                batches.append(Array(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            #expect(try Self.outcome(of: batches) == expected)
        }
    }
}

extension SentSeries {
    /// A file that is imported again and again.
    fileprivate static let imported = [
        SentSeries("metric_9", [("job", "imported")], (1, 1), (2, 2)),
        SentSeries("metric_8", [("job", "imported")], (1, 3)),
    ]
}
