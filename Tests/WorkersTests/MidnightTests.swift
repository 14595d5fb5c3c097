import Core
import FeatureTestKit
import Ingest
import Journal
import Postgres
import TestKit
import Testing

@testable import Workers

/// The change of days while samples arrive: partitions are by arrival, in UTC.
@Suite struct `Midnight under load` {
    private static let midnight = Timestamp.now().startOfDay - .seconds(3 * 86_400)

    /// A report every half second from a minute before midnight to a minute after it; each fourth comes in a request of
    /// remote-write. A sample was measured ten seconds before it arrives.
    private static func lines() -> [JournalLine] {
        (0..<240).map { number in
            let at = midnight + .milliseconds(500 * (number - 120))
            let component = Component(key: ComponentKey(type: .workerPool, name: "w"), id: 7)
            guard number % 4 == 3 else {
                let metric = WorkersHarness.gauge(
                    "m",
                    "\(number)",
                    rest: #","timestamp":"\#((at - .seconds(10)).iso8601())""#
                )
                return JournalLine(
                    seq: Int64(number + 1),
                    at: at,
                    kind: WorkersLine.Kind.report.rawValue,
                    members: WorkersLine.members(component, ids: [Int64(number) * 10 + 1]),
                    body: Array(#"{"component_name":"w","metrics":[\#(metric)]}"#.utf8)
                )
            }
            let milliseconds = (at - .seconds(10)).microseconds / 1000
            let series = SentSeries("n", [("job", "j")], (milliseconds, Double(number)))
            return JournalLine(
                seq: Int64(number + 1),
                at: at,
                kind: WorkersLine.Kind.remoteWrite1.rawValue,
                members: LineMembers(["components": "8 \(number * 10 + 1)", "dropped": ""]),
                body: RemoteWriteLine.body(Snappy.encode(SentSeries.message([series])))
            )
        }
    }

    @Test func `splits the samples at the moment of their arrival, rolls up the hour, and drops the day`()
        throws
    {
        let database = try TemporaryDatabase.withSchema()
        let (before, after) = (Self.midnight - .seconds(86_400), Self.midnight)
        func rows(_ day: Timestamp) throws -> [String] {
            try database.rows(
                """
                SELECT count(*), min(received_at) >= '\(day)', max(received_at) < timestamptz '\(day)' + interval '1 day'
                FROM sample_block_\(day.yyyymmdd)
                """
            )
        }
        try Connection.withTemporary(database.target) { connection in
            let projection = WorkersProjection()
            var rest = Self.lines()[...]
            while !rest.isEmpty {
                // Midnight is within a batch.
                var elements = try rest.prefix(50).flatMap {
                    try projection.decode($0, journal: UUID128.random())
                }
                rest = rest.dropFirst(50)
                try projection.prepare(elements, on: connection)
                try connection.transaction { try projection.apply(stage: 0, to: &elements, on: connection) }
                projection.committed(elements)
            }
            #expect(try rows(before) == ["120|t|t"])
            #expect(try rows(after) == ["120|t|t"])
            #expect(
                try database.rows(
                    "SELECT day = '\(after.yyyymmdd)', sum(samples) FROM sample_count GROUP BY 1 ORDER BY 1"
                )
                    == ["f|120", "t|120"]
            )

            while try RollupJob(keep: RollupJob.Keep()).rollUp(at: .now(), on: connection) {}
            // By the time of the samples, which is ten seconds earlier: 140 in the last hour of the day.
            #expect(
                try database.rows(
                    """
                    SELECT sum(coalesce(c, 1)) FILTER (WHERE b = 23), sum(coalesce(c, 1)) FILTER (WHERE b = 0)
                    FROM rollup_hour r CROSS JOIN LATERAL unnest(r.bucket, r.count) AS u (b, c)
                    """
                ) == ["140|100"]
            )
            // The first day goes; the second one is younger than the limit.
            let limit = after.adding(seconds: 3600)
            #expect(try AgingSamples().deleteBatch(before: limit, atMost: 1000, on: connection) == 1)
            #expect(try AgingSamples().deleteBatch(before: limit, atMost: 1000, on: connection) == 0)
            #expect(try rows(after) == ["120|t|t"])
            #expect(
                try database.rows("SELECT count(*), sum(cardinality(value)) FROM sample_block") == ["120|120"]
            )
        }
    }
}
