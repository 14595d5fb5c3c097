import Core
import FeatureTestKit
import Postgres
import TestKit
import Testing

@testable import Workers

@Suite struct `What is measured of workers` {
    private static let now = Timestamp.now()

    private static func measure<Value>(
        _ weir: WorkersHarness,
        _ body: (WorkerMeasurements) throws -> Value
    ) async throws -> Value {
        _ = try await weir.get("/api/metrics/query?limit=0")
        return try Connection.withTemporary(weir.database.target) { connection in
            try body(WorkerMeasurements(connection: connection, now: now, keep: .seconds(48 * 3600)))
        }
    }

    private static func sample(
        _ name: String,
        _ value: Int,
        _ queue: String,
        seconds: Int,
        type: String = "gauge"
    ) -> String {
        """
        {"metric_name":"\(name)","metric_type":"\(type)","metric_value":\(value),"labels":{"queue":"\(queue)"},\
        "timestamp":"\(now.adding(seconds: -seconds).iso8601())"}
        """
    }

    private static func filled() async throws -> WorkersHarness {
        let weir = try WorkersHarness()
        for pool in ["w1", "w2"] {
            try await weir.pool(pool)
            for (value, seconds) in [(1, 200), (2, 150), (3, 100), (10, 50)] {
                try await weir.report(
                    pool,
                    sample("depth", value, "a", seconds: seconds),
                    sample("depth", value * 10, "b", seconds: seconds),
                    sample("jobs", value * 60, "a", seconds: seconds, type: "counter")
                )
            }
        }
        return weir
    }

    @Test func `of a series is one value`() async throws {
        let weir = try await Self.filled()
        let expected: [(MetricQuestion.Aggregate, Double)] = [
            (.avg, 4), (.min, 1), (.max, 10), (.sum, 16), (.count, 4), (.last, 10), (.p95, 8.95),
        ]
        for (aggregate, value) in expected {
            let found = try await Self.measure(weir) {
                try $0.values(
                    MetricQuestion(
                        metric: "depth",
                        component: "w1",
                        labels: ["queue": "a"],
                        window: .seconds(300),
                        aggregate: aggregate
                    )
                )
            }
            #expect(found.map { ($0.value * 1000).rounded() / 1000 } == [value], "\(aggregate)")
            #expect(found.map(\.labels) == [["queue": "a"]])
            #expect(found.map(\.component) == ["w1"])
        }
    }

    @Test func `of a counter is how much it grew`() async throws {
        let weir = try await Self.filled()
        func value(_ aggregate: MetricQuestion.Aggregate) async throws -> [Double] {
            try await Self.measure(weir) {
                try $0.values(
                    MetricQuestion(
                        metric: "jobs",
                        component: "w1",
                        window: .seconds(300),
                        aggregate: aggregate
                    )
                ).map(\.value)
            }
        }

        #expect(try await value(.increase) == [540])
        #expect(try await value(.rate) == [1.8])
    }

    @Test func `of several series is what they have together`() async throws {
        let weir = try await Self.filled()
        func values(
            _ grouping: MetricQuestion.Grouping,
            _ combination: MetricQuestion.Combination
        ) async throws -> [String] {
            try await Self.measure(weir) {
                try $0.values(
                    MetricQuestion(
                        metric: "depth",
                        window: .seconds(300),
                        aggregate: .last,
                        grouping: grouping,
                        combination: combination
                    )
                ).map { "\($0.component ?? "-") \($0.labels.values.joined()) \($0.value)" }
            }
        }

        #expect(
            try await values(.series, .sum) == ["w1 a 10.0", "w1 b 100.0", "w2 a 10.0", "w2 b 100.0"]
        )
        #expect(try await values(.component, .sum) == ["w1  110.0", "w2  110.0"])
        #expect(try await values(.labels(["queue"]), .avg) == ["- a 10.0", "- b 100.0"])
        #expect(try await values(.all, .count) == ["-  4.0"])
        #expect(try await values(.all, .max) == ["-  100.0"])
    }

    @Test func `is nothing of what is older than the window`() async throws {
        let weir = try await Self.filled()
        let found = try await Self.measure(weir) {
            try $0.values(MetricQuestion(metric: "depth", window: .seconds(20), aggregate: .last))
        }
        #expect(found == [])
    }

    @Test func `is no answer to a question that means too many series`() async throws {
        let weir = try WorkersHarness()
        let id = try await weir.pool("w1")
        try weir.database.execute(
            """
            INSERT INTO series (series_key, runtime_id, metric_name, metric_type, described_at)
            SELECT md5(i::text)::uuid, \(id), 'depth', 'gauge', now() FROM generate_series(1, 2001) i
            """
        )
        await #expect(throws: WorkerMeasurements.TooMuch.self) {
            try await Self.measure(weir) {
                try $0.values(MetricQuestion(metric: "depth", window: .seconds(300), aggregate: .last))
            }
        }
    }

    @Test func `of components is whether they are alive`() async throws {
        let weir = try WorkersHarness()
        try await weir.post(
            "/api/worker/pool/register",
            """
            {"name":"w1","status":"busy","capacity":4,"hostname":"h1","labels":{"project":"p"},\
            "meta":{"version":"1.2"}}
            """
        )
        try await weir.pool("w2")
        try await weir.delete("/api/worker/pool/deregister", #"{"name":"w2"}"#)

        let found = try await Self.measure(weir) { try $0.components() }.filter { $0.type == "worker_pool" }

        #expect(found.map(\.name) == ["w1", "w2"])
        #expect(found.map(\.status) == ["busy", "offline"])
        #expect(found.map(\.isOffline) == [false, true])
        #expect(found.map(\.sendsHeartbeats) == [true, true])
        #expect(found.map(\.project) == ["p", nil])
        #expect(found.map(\.hostname) == ["h1", nil])
        #expect(found.map(\.version) == ["1.2", nil])
        #expect(found.map(\.capacity) == [4, nil])
    }

    @Test func `that failed is told with what it said of itself, once, and when it is back`() async throws {
        let weir = try WorkersHarness()
        try weir.database.execute("INSERT INTO outbox_consumer (name) VALUES ('test')")
        func register(_ status: String) async throws {
            try await weir.post(
                "/api/worker/pool/register",
                """
                {"name":"w1","runtime":"cpu","status":"\(status)","hostname":"h1","labels":{"project":"p"},\
                "meta":{"version":"1.2"}}
                """
            )
            _ = try await weir.get("/api/metrics/query?limit=0")
        }
        for status in ["ready", "busy", "ERROR", "failed", "ready"] { try await register(status) }

        #expect(
            try await weir.rows(
                """
                SELECT kind, detail ->> 'status', detail ->> 'old_status', detail ->> 'error'
                FROM outbox_event WHERE subject = 'w1' ORDER BY xid, id
                """
            ) == [
                "worker.started|ready|∅|∅",
                "worker.failed|error|busy|The component reports the status error.",
                "worker.back|ready|failed|∅",
            ]
        )
        #expect(
            try await weir.rows(
                """
                SELECT detail - 'last_heartbeat_at', (detail ->> 'last_heartbeat_at')::timestamptz = at
                FROM outbox_event WHERE kind = 'worker.started' AND subject = 'w1'
                """
            ) == [
                """
                {"labels": {"project": "p"}, "status": "ready", "project": "p", "runtime": "cpu", "version": "1.2", \
                "hostname": "h1", "component": "w1", "component_type": "worker_pool"}|t
                """
            ]
        )
    }
}
