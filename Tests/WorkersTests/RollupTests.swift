import Core
import FeatureTestKit
import Ingest
import Postgres
import TestKit
import Testing

@testable import Workers

/// Rollups: contract noetl §7.5.
@Suite("Rollups of samples") struct RollupTests {
    static let grains: [(table: String, unit: Int)] = [
        ("rollup_minute", 60), ("rollup_five_minutes", 300), ("rollup_hour", 3600), ("rollup_day", 86_400),
    ]

    /// Rolls up everything that is due.
    static func rollUp(
        _ weir: WorkersHarness,
        at now: Timestamp = .now(),
        keep: RollupJob.Keep = RollupJob.Keep()
    ) async throws {
        _ = try await weir.rows("SELECT 1")
        try Connection.withTemporary(weir.database.target) { connection in
            while try RollupJob(keep: keep).rollUp(at: now, on: connection) {}
        }
    }

    /// A metric with a time.
    static func metric(_ sample: RollupOracle.Reported) -> String {
        let name = sample.series.split(separator: "/")[1]
        let value = sample.value.isFinite ? "\(sample.value)" : "\"\(sample.value)\""
        let type = sample.isCounter ? "counter" : "gauge"
        return #"{"metric_name":"\#(name)","metric_type":"\#(type)","metric_value":\#(value),"#
            + #""timestamp":"\#(sample.at.iso8601())"}"#
    }

    /// A sample of a few busy stretches within two days, with values of every kind.
    static func sample(from base: Timestamp, using generator: inout SeededGenerator) -> RollupOracle.Reported
    {
        let isCounter = Bool.random(using: &generator)
        let component = ["a", "b"].randomElement(using: &generator) ?? "a"
        let stretch = [0, 3000, 50_000, 86_000].randomElement(using: &generator) ?? 0
        let odd: [Double] = [.nan, .infinity, -.infinity, 1e308, -1e308]
        let value =
            Int.random(in: 0..<8, using: &generator) == 0
            ? odd.randomElement(using: &generator) ?? 0 : Double(Int.random(in: -2...50, using: &generator))
        return RollupOracle.Reported(
            series: "\(component)/\(isCounter ? "c" : "g")",
            isCounter: isCounter,
            at: base.adding(seconds: stretch + Int.random(in: 0...500, using: &generator) * 10),
            value: value
        )
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `equal what all samples give, however late they come`(seed: UInt64) async throws {
        let weir = try WorkersHarness()
        for name in ["a", "b"] { try await weir.pool(name) }
        let base = (Timestamp.now() - .seconds(4 * 86_400)).startOfDay
        var generator = SeededGenerator(seed)
        var oracle = RollupOracle()
        for round in 1...4 {
            var batch = (0..<80).map { _ in Self.sample(from: base, using: &generator) }
            // Some are sent again.
            batch += oracle.samples.shuffled(using: &generator).prefix(5)
            for name in ["a", "b"] {
                let reported = batch.filter { $0.series.hasPrefix(name) }
                try await weir.post(
                    "/api/metrics/report",
                    #"{"component_name":"\#(name)","metrics":[\#(reported.map(Self.metric).joined(separator: ","))]}"#
                )
                oracle.samples += reported
            }
            try await Self.rollUp(weir)
            for (table, unit) in Self.grains {
                let rows = try await weir.rows(RollupOracle.sql(table, unit: unit)).sorted()
                let expected = oracle.lines(Int64(unit))
                let wrong = zip(rows, expected).first { $0 != $1 }
                #expect(wrong == nil && rows.count == expected.count, "\(table), round \(round)")
            }
        }
        #expect(try await weir.rows("SELECT count(*) FROM rollup_due") == ["0"])
        #expect(try await weir.rows("SELECT count(*) FROM rollup_due_day") == ["0"])
    }

    @Test func `keep what retention has dropped when a late sample comes`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("a")
        let hour = (Timestamp.now() - .seconds(3 * 86_400)).startOfDay.adding(seconds: 36_000)
        func sample(_ second: Int, _ value: Double) -> RollupOracle.Reported {
            RollupOracle.Reported(
                series: "a/c",
                isCounter: true,
                at: hour.adding(seconds: second),
                value: value
            )
        }
        func send(_ samples: [RollupOracle.Reported]) async throws {
            for sample in samples { try await weir.report("a", Self.metric(sample)) }
        }
        var oracle = RollupOracle()
        oracle.samples = [sample(-10, 5), sample(5, 10), sample(15, 20), sample(70, 30)]
        try await send(oracle.samples)
        try await Self.rollUp(weir)
        try weir.database.execute("DELETE FROM sample_block")
        // One into a bucket of two, and one into a bucket of its own; the first increase counts from what was dropped.
        try await send([sample(20, 99), sample(3610, 44)])
        try await Self.rollUp(weir)
        oracle.samples.append(sample(3610, 44))
        let minutes = try await weir.rows(RollupOracle.sql("rollup_minute", unit: 60))
        #expect(minutes.sorted() == oracle.lines(60))
        let hours = try await weir.rows(RollupOracle.sql("rollup_hour", unit: 3600))
        #expect(hours.sorted() == oracle.lines(3600))
    }

    @Test func `are not made for hours that their retention has passed`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("a")
        let old = Timestamp.now() - .seconds(20 * 86_400)
        try await weir.report(
            "a",
            WorkersHarness.gauge("m", "1", rest: #","timestamp":"\#(old.iso8601())""#)
        )
        let keep = RollupJob.Keep(minutes: .seconds(14 * 86_400), fiveMinutes: .seconds(60 * 86_400))
        try await Self.rollUp(weir, keep: keep)
        let counts = "SELECT (SELECT count(*) FROM rollup_minute), (SELECT count(*) FROM rollup_five_minutes)"
        #expect(try await weir.rows(counts) == ["0|1"])
        let partitions = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'rollup_minute'::regclass"
        #expect(try await weir.rows(partitions) == ["0"])
    }

    @Test func `wait for the end of an hour, and for writers that began before it`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("a")
        let now = Timestamp.now()
        try await weir.report("a", WorkersHarness.gauge("m", "1"))
        let due = "SELECT count(*) FROM rollup_due WHERE hour = '\(now.startOfHour)'"
        try await Self.rollUp(weir, at: now)
        #expect(try await weir.rows(due) == ["1"])
        let later = now.startOfHour.adding(seconds: 3600 + 301)
        try Connection.withTemporary(weir.database.target) { writer in
            try writer.executeScript("BEGIN; CREATE TEMPORARY TABLE t (i int)")
            try Connection.withTemporary(weir.database.target) { connection in
                _ = try RollupJob(keep: RollupJob.Keep()).rollUp(at: later, on: connection)
            }
            #expect(try weir.database.rows(due) == ["1"])
            try writer.executeScript("ROLLBACK")
        }
        try await Self.rollUp(weir, at: later)
        #expect(try await weir.rows(due) == ["0"])
    }

    @Test func `leave a mark that a loader holds, or has changed meanwhile`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("a")
        let old = Timestamp.now() - .seconds(2 * 86_400)
        try await weir.report(
            "a",
            WorkersHarness.gauge("m", "1", rest: #","timestamp":"\#(old.iso8601())""#)
        )
        _ = try await weir.rows("SELECT 1")
        try Connection.withTemporary(weir.database.target) { job in
            let due = try RollupStore.marks(of: [old.startOfHour], atMost: 10, on: job)
            #expect(due.starts == [old.startOfHour])
            try Connection.withTemporary(weir.database.target) { loader in
                try loader.executeScript("BEGIN; SELECT * FROM rollup_due FOR UPDATE")
                #expect(try RollupStore.removeMarks(due, on: job) == 0)
                try loader.executeScript("UPDATE rollup_due SET version = version + 1; COMMIT")
            }
            #expect(try RollupStore.removeMarks(due, on: job) == 0)
            let again = try RollupStore.marks(of: [old.startOfHour], atMost: 10, on: job)
            #expect(try RollupStore.removeMarks(again, on: job) == 1)
        }
    }

    @Test func `are marked again for an hour that has ended, and once for one that is open`() throws {
        let database = try TemporaryDatabase.withSchema()
        let hour = Timestamp.now().startOfHour
        try Connection.withTemporary(database.target) { connection in
            let marks = RollupMarks(clock: { hour.adding(seconds: 1800) })
            func mark(_ at: Timestamp) throws -> String {
                marks.begin()
                try connection.transaction {
                    let span = StoredSpan(
                        runtimeID: 1,
                        first: at,
                        last: at,
                        receivedAt: hour,
                        journal: .random(),
                        samples: 1
                    )
                    try marks.mark([span], on: connection)
                }
                marks.commit()
                let rows = try connection.execute("DELETE FROM rollup_due RETURNING hour")
                return try rows.map { try $0.timestamp("hour") - hour }.sorted().map {
                    "\($0.components.seconds)"
                }
                .joined(separator: " ")
            }
            let times = [60, 90, -60, -50]
            let marked = try times.map { try mark(hour.adding(seconds: $0)) }
            // The hour before the open one has ended, but the open one is its next.
            #expect(marked == ["0 3600", "", "-3600", "-3600"])
        }
    }
}
