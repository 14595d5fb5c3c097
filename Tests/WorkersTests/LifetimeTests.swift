import Core
import FeatureTestKit
import Ingest
import Postgres
import TestKit
import Testing

@testable import Workers

/// Retention and lifetimes of samples: contract noetl §3.2, §7.2.
@Suite("Lifetimes of samples") struct LifetimeTests {
    private static let keep = Duration.seconds(48 * 3600)
    private static let care = SampleCare(keep: keep, mostBytes: 0)

    /// Moves everything that is stored into the past, as if it had arrived then.
    private static func age(_ weir: WorkersHarness, days: Int) async throws {
        _ = try await weir.rows("SELECT 1")
        try weir.database.execute(
            """
            CREATE TABLE moved AS SELECT * FROM sample_block;
            DELETE FROM sample_block;
            SELECT noetl.create_metric_partition(((received_at AT TIME ZONE 'UTC')::date - \(days))) FROM moved;
            UPDATE moved SET received_at = received_at - interval '\(days) days';
            INSERT INTO sample_block SELECT * FROM moved;
            DROP TABLE moved;
            UPDATE sample_count SET day = day - \(days);
            UPDATE series SET ttl_set_at = ttl_set_at - interval '\(days) days';
            DELETE FROM rollup_due;
            """
        )
    }

    private static func values(_ weir: WorkersHarness, _ query: String = "") async throws -> [Double] {
        let json = try await weir.get("/api/metrics/query?\(query)").json
        return json["metrics"].map { Array($0.elements) }?.compactMap { $0["metric_value"]?.double } ?? []
    }

    @Test func `end what is shown by queries and by SQL`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("a")
        try await weir.report("a", WorkersHarness.gauge("m", "1"), WorkersHarness.gauge("n", "2"))
        #expect(try await weir.post("/api/metrics/ttl/set?metric_name=m&ttl_days=0").status == 200)
        #expect(try await Self.values(weir) == [2])
        #expect(try await weir.rows("SELECT metric_value FROM noetl.metric") == ["2"])
        #expect(try await weir.rows("SELECT metric_value FROM noetl.metrics") == ["2"])
        let stepped = try await weir.get("/api/metrics/query?step=1h&agg=sum").json
        #expect(stepped["count"]?.int64 == 1)
    }

    @Test func `concern series that come later, too`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("a")
        _ = try await weir.post("/api/metrics/ttl/set?metric_name=m&ttl_days=30")
        try await weir.report("a", WorkersHarness.gauge("m", "1"), WorkersHarness.gauge("n", "2"))
        #expect(
            try await weir.rows(
                "SELECT metric_name, ttl FROM series WHERE runtime_id = (SELECT runtime_id FROM component WHERE name = 'a') ORDER BY 1"
            )
                == ["m|30 days", "n|∅"]
        )
    }

    @Test func `keep a day that others would have lost, and only their own samples of it`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("a")
        try await weir.report(
            "a",
            WorkersHarness.gauge("m", "1"),
            WorkersHarness.gauge("long", "2", labels: #"{"trace_id":"t2"}"#),
            WorkersHarness.gauge("long", "3", rest: #","timestamp":"2026-01-01T00:00:00Z""#),
            WorkersHarness.gauge("n", "4"),
            WorkersHarness.gauge("long", "5", labels: #"{"zone":"x","trace_id":"t5"}"#)
        )
        _ = try await weir.post("/api/metrics/ttl/set?metric_name=long&ttl_days=30")
        let ids = try await weir.rows(
            "SELECT metric_id, metric_value, \"timestamp\" FROM noetl.metric WHERE metric_name = 'long' ORDER BY 2"
        )
        try await Self.age(weir, days: 5)

        #expect(try await weir.post("/api/metrics/cleanup").json["dropped_count"]?.int64 == 0)
        #expect(try await Self.values(weir).sorted() == [2, 3, 5])
        #expect(try weir.database.rows("SELECT sum(cardinality(value)) FROM sample_block") == ["5"])
        try Connection.withTemporary(weir.database.target) { connection in
            try Self.care.removeExpired(at: .now(), on: connection)
        }
        #expect(try weir.database.rows("SELECT sum(cardinality(value)) FROM sample_block") == ["3"])
        #expect(try weir.database.rows("SELECT sum(samples) FROM sample_count") == ["3"])
        #expect(try await Self.values(weir, "trace_id=t5") == [5])
        #expect(try await Self.values(weir).sorted() == [2, 3, 5])
        #expect(
            try weir.database.rows(
                "SELECT metric_id, metric_value, \"timestamp\" FROM noetl.metric ORDER BY 2"
            ) == ids
        )
        #expect(try weir.database.rows("SELECT count(*) FROM sample_sweep") == ["1"])
    }

    @Test func `end only what is rolled up, whenever that is`() async throws {
        // A Weir that was off for days, or a replay.
        let weir = try WorkersHarness()
        try await weir.pool("a")
        let time = (Timestamp.now() - .seconds(5 * 86_400)).isoformat
        try await weir.report("a", WorkersHarness.gauge("m", "42", rest: #","timestamp":"\#(time)""#))
        try await Self.age(weir, days: 5)
        try weir.database.execute(
            """
            INSERT INTO rollup_due (runtime_id, hour, received_at)
            SELECT runtime_id, date_trunc('hour', first_at), received_at FROM sample_block
            """
        )
        func count() throws -> [String] { try weir.database.rows("SELECT count(*) FROM sample_block") }
        try Connection.withTemporary(weir.database.target) { connection in
            try Self.care.removeExpired(at: .now(), on: connection)
            #expect(try count() == ["1"])
            // A loader stored the samples after the look at what is due.
            let day = (Timestamp.now() - .seconds(5 * 86_400)).startOfDay
            let end = day.adding(seconds: 86_400)
            #expect(
                try SampleCareStore.removeExpired(
                    from: day,
                    to: end,
                    keep: Self.keep,
                    at: .now(),
                    on: connection
                ) == 0
            )
            #expect(try count() == ["1"])

            while try RollupJob(keep: RollupJob.Keep()).rollUp(at: .now(), on: connection) {}
            #expect(try weir.database.rows("SELECT last FROM rollup_hour") == ["{42}"])
        }
        #expect(try await weir.post("/api/metrics/cleanup").json["dropped_count"]?.int64 == 1)
        #expect(try count() == ["0"])
    }

    @Test func `keep a day of samples that were stored before they were set`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("a")
        try await weir.report("a", WorkersHarness.gauge("m", "42"))
        _ = try await weir.post("/api/metrics/ttl/set?metric_name=m&ttl_days=3")
        try await Self.age(weir, days: 4)
        try weir.database.execute("DELETE FROM rollup_due")
        try weir.database.execute("UPDATE series SET ttl_set_at = now() - interval '60 hours'")
        #expect(try await weir.post("/api/metrics/cleanup").json["dropped_count"]?.int64 == 0)
        #expect(try await Self.values(weir) == [42])
        try weir.database.execute("UPDATE series SET ttl_set_at = now() - interval '73 hours'")
        #expect(try await weir.post("/api/metrics/cleanup").json["dropped_count"]?.int64 == 1)
    }

    @Test func `drop a day once everything on it has expired and is rolled up`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("a")
        try await weir.report("a", WorkersHarness.gauge("m", "1"))
        try await Self.age(weir, days: 5)
        let day = (Timestamp.now() - .seconds(5 * 86_400)).startOfDay
        try weir.database.execute(
            "INSERT INTO rollup_due SELECT runtime_id, '\(day)', '\(day)' FROM component WHERE name = 'a'"
        )
        #expect(try await weir.post("/api/metrics/cleanup").json["dropped_count"]?.int64 == 0)
        try weir.database.execute("DELETE FROM rollup_due")
        let answer = try await weir.post("/api/metrics/cleanup").json
        let name = CareRoutes.shownName(day)
        #expect(answer["dropped_partitions"].map { Array($0.elements) }?.compactMap(\.string) == [name])
        #expect(answer["message"]?.string == "Dropped 1 expired metric partitions")
        #expect(try await weir.rows("SELECT dropped_days FROM sample_care") == ["1"])
        #expect(try await weir.rows("SELECT sum(samples) FROM sample_count") == ["∅"])
    }

    @Test func `give way to a limit of bytes, the oldest day first`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("a")
        try await weir.report("a", WorkersHarness.gauge("m", "1"))
        try await Self.age(weir, days: 1)
        try await weir.report("a", WorkersHarness.gauge("m", "2"))
        _ = try await weir.rows("SELECT 1")
        try weir.database.execute("DELETE FROM rollup_due")
        try Connection.withTemporary(weir.database.target) { connection in
            try SampleCare(keep: Self.keep, mostBytes: 1 << 40).dropOversize(at: .now(), on: connection)
            #expect(try weir.database.rows("SELECT sum(cardinality(value)) FROM sample_block") == ["2"])
            try SampleCare(keep: Self.keep, mostBytes: 1).dropOversize(at: .now(), on: connection)
        }
        #expect(try await Self.values(weir) == [2])
    }

    @Test func `are those of the leader's setting in SQL`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("a")
        try await weir.report("a", WorkersHarness.gauge("m", "1"))
        try await Self.age(weir, days: 3)
        #expect(try weir.database.rows("SELECT count(*) FROM noetl.metric") == ["0"])
        try Connection.withTemporary(weir.database.target) {
            try SampleCareStore.publish(keep: .seconds(7 * 86_400), on: $0)
        }
        #expect(
            try weir.database.rows("SELECT expires_at - created_at FROM noetl.metric") == ["7 days"]
        )
    }
}
