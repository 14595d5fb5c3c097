import Core
import FeatureTestKit
import HTTP
import Ingest
import Journal
import Postgres
import Processes
import TestKit
import Testing

@testable import Workers

/// What this server measures of itself: contract noetl §1.4, §4.3, §4.4.
@Suite struct `This server as a component` {
    private static func reading(_ cpu: String, ticks: Int, resident: Int = 10) throws -> HostReading {
        try #require(
            HostReading(
                stat: "cpu  \(cpu)\ncpu0 1 1 1 1\nbtime 1700000000\n",
                memory: "MemTotal:        1000 kB\nMemFree:          100 kB\nMemAvailable:     600 kB\n",
                process: "42 (we) ir) S 1 1 1 0 -1 0 0 0 0 0 \(ticks) 5 0 0 20 0 1 0 12345 0 0",
                pages: "100 \(resident) 5 1 0 1 0"
            )
        )
    }

    @Test func `reads proc as psutil does`() throws {
        let before = try Self.reading("100 0 100 1000 50 0 0 0 0 0", ticks: 10)
        let after = try Self.reading("160 0 120 1100 70 0 0 0 9 9", ticks: 30)
        // 80 of 200 ticks: guest columns do not count, and neither does waiting for a disk.
        #expect(after.cpuPercent(since: before) == 40)
        #expect(after.cpuPercent(since: after) == 0)
        #expect(after.memoryUsed == 400 * 1024)
        #expect(after.memoryPercent == 40)
        #expect(after.processStartTime == 1_700_000_000 + 12345 / HostReading.ticksPerSecond)
        #expect(after.processTicks == 35)
    }

    @Test func `reports itself by request`() async throws {
        let weir = try WorkersHarness()
        let id = try await weir.pool("demo")
        let answer = try await weir.post(
            "/api/metrics/self-report?component_name=demo",
            #"{"component_name":"x"}"#
        )
        #expect(
            answer.text
                == #"{"status":"ok","component_name":"demo","runtime_id":\#(id),"metrics_reported":7}"#
        )
        let names = try await weir.get("/api/metrics/query?component_name=demo").json["metrics"]?.elements
            .compactMap { $0["metric_name"]?.string }
        #expect(
            names?.sorted() == [
                "noetl_process_cpu_percent", "noetl_process_memory_rss_bytes",
                "noetl_process_start_time_seconds",
                "noetl_system_cpu_usage_percent", "noetl_system_memory_usage_bytes",
                "noetl_system_memory_usage_percent", "noetl_uptime_seconds",
            ]
        )
        let ghost = try await weir.post("/api/metrics/self-report?component_name=ghost")
        #expect(ghost.status == 404)
        #expect(ghost.text == #"{"detail":"Component 'ghost' not found in runtime registry"}"#)
    }
}

/// Contract noetl §2.6.
@Suite struct `The sweeper` {
    @Test func `marks silent components as offline, and a heartbeat revives them`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("silent")
        try await weir.pool("alive")
        let sweeper = Sweeper(journal: weir.feature.journal, limit: .seconds(60), interval: .seconds(15))
        func offline() async throws -> [String] {
            try await weir.rows("SELECT name FROM noetl.runtime WHERE status = 'offline'")
        }
        func sweep() async throws {
            let (job, journal) = (sweeper.job, weir.feature.journal)
            let before = journal.durableSeq
            try await weir.feature.pool.withConnection { try job.perform($0, .now()) }
            try await eventually { journal.durableSeq > before }
        }
        let aged =
            "UPDATE noetl.runtime SET last_heartbeat = last_heartbeat - interval '61 s' WHERE name = 'silent'"
        #expect(try await offline() == [])
        try weir.database.execute(aged)
        try await sweep()
        #expect(try await offline() == ["silent"])
        try await weir.post("/api/worker/pool/heartbeat", #"{"name":"silent"}"#)
        #expect(try await offline() == [])
    }

    @Test func `forgets no heartbeat that waits in the journal`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("w")
        _ = try await weir.rows("SELECT 1")
        // What the leader sees is old; the heartbeat is acknowledged, and the sweep's line comes after it.
        try await weir.post("/api/worker/pool/heartbeat", #"{"name":"w"}"#)
        let before = Timestamp.now().adding(seconds: -60)
        _ = try await weir.feature.journal.append(
            kind: "worker.sweep/1",
            body: Array(#"{"before":"\#(before.iso8601())"}"#.utf8)
        )
        #expect(try await weir.rows("SELECT status, swept_before IS NULL FROM component") == ["ready|t"])
    }
}

/// Contract noetl §1.6, §3.2.
@Suite struct `The care of samples` {
    @Test func `makes partitions and lists them`() async throws {
        let weir = try WorkersHarness()
        let made = try await weir.post("/api/metrics/partitions/create?days_ahead=1").json
        #expect(made["created_count"]?.int64 == 2)
        #expect(made["days_ahead"]?.int64 == 1)
        #expect(made["message"]?.string == "Created 2 metric partitions")
        let name = try #require(made["created_partitions"]?.elements.first { _ in true }?.string)
        #expect(name.wholeMatch(of: #/metric_\d{4}_\d{2}_\d{2}/#) != nil)
        #expect(
            try await weir.post("/api/metrics/partitions/create?days_ahead=1").json["created_count"]?.int64
                == 2
        )
        #expect(
            try await weir.post("/api/metrics/partitions/create?days_ahead=-1").text
                == #"{"status":"ok","created_partitions":[],"created_count":0,"days_ahead":-1,"#
                + #""message":"Created 0 metric partitions"}"#
        )
        #expect(try await weir.post("/api/metrics/partitions/create?days_ahead=x").status == 422)
        try await weir.pool("w")
        try await weir.report("w", WorkersHarness.gauge("m", "1"), WorkersHarness.gauge("n", "1"))
        let listed = try await weir.get("/api/metrics/partitions").json
        #expect(listed["count"]?.int64 == 2)
        #expect(listed["partitions"]?.elements.compactMap { $0["rows"]?.int64 } == [0, 2])
    }

    @Test func `drops days that have expired, but for those that a lifetime needs`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("w")
        try await weir.report("w", WorkersHarness.gauge("m", "1"))
        _ = try await weir.rows("SELECT 1")
        try weir.database.execute(
            """
            CREATE TABLE sample_block_20200101 (LIKE sample_block INCLUDING ALL);
            ALTER TABLE sample_block ATTACH PARTITION sample_block_20200101
                FOR VALUES FROM ('2020-01-01T00:00:00Z') TO ('2020-01-02T00:00:00Z');
            """
        )
        try await weir.post("/api/metrics/ttl/set?metric_name=m&ttl_days=36500")
        #expect(try await weir.post("/api/metrics/cleanup").json["dropped_count"]?.int64 == 0)
        try await weir.post("/api/metrics/ttl/set?metric_name=m&ttl_days=1")
        #expect(
            try await weir.post("/api/metrics/cleanup").text
                == #"{"status":"ok","dropped_partitions":["metric_2020_01_01"],"dropped_count":1,"#
                + #""message":"Dropped 1 expired metric partitions"}"#
        )
    }

    @Test func `gives samples another lifetime`() async throws {
        let weir = try WorkersHarness()
        try await weir.pool("w")
        for value in 0..<4 {
            try await weir.report("w", WorkersHarness.gauge("m", "\(value)"), WorkersHarness.gauge("n", "0"))
        }
        #expect(
            try await weir.post("/api/metrics/ttl/set?metric_name=m&ttl_days=3").text
                == #"{"status":"ok","metric_name":"m","component_name":null,"updated_metrics":4,"new_ttl_days":3,"#
                + #""message":"Updated TTL for 4 metrics named 'm'"}"#
        )
        #expect(
            try await weir.post("/api/metrics/ttl/extend-component?component_name=w&ttl_days=2").text
                == #"{"status":"ok","metric_name":null,"component_name":"w","updated_metrics":8,"new_ttl_days":2,"#
                + #""message":"Extended TTL for 8 metrics from component 'w'"}"#
        )
        let ghost = try await weir.post("/api/metrics/ttl/extend-component?component_name=ghost").json
        #expect(ghost["updated_metrics"]?.int64 == 0)
        let missing = try await weir.post("/api/metrics/ttl/set")
        #expect(
            missing.text
                == #"{"detail":[{"type":"missing","loc":["query","metric_name"],"msg":"Field required","#
                + #""input":null}]}"#
        )
        // No lifetime at all: they have expired.
        try await weir.post("/api/metrics/ttl/set?metric_name=m&ttl_days=0")
        #expect(try await weir.get("/api/metrics/query").json["count"]?.int64 == 4)
    }
}
