import Core
import FeatureTestKit
import HTTP
import Metrics
import Postgres
import TestKit
import Testing

@testable import Workers

/// What is seen of the bounds of the export.
@Suite struct `A component with too many series` {
    @Test func `is told of in the outbox, once an hour`() async throws {
        let weir = try WorkersHarness(seriesOfComponent: 2)
        try weir.database.execute("INSERT INTO outbox_consumer (name) VALUES ('test')")
        try await weir.pool("w")
        for number in 0..<4 {
            try await weir.report(
                "w",
                WorkersHarness.gauge("a\(number)", "1"),
                WorkersHarness.gauge("b\(number)", "1")
            )
        }
        #expect(
            try await weir.rows(
                """
                SELECT kind, subject, detail ->> 'component_type', detail ->> 'limit'
                FROM outbox_event
                WHERE kind = 'worker.series_limit'
                ORDER BY id
                """
            ) == ["worker.series_limit|w|worker_pool|2"]
        )
    }

    private static let events = """
        SELECT subject, detail ->> 'component_type', detail ->> 'limit'
        FROM outbox_event
        WHERE kind = 'worker.series_limit'
        ORDER BY id
        """

    private func full() throws -> WorkersHarness {
        let weir = try WorkersHarness(seriesOfComponent: 3)
        try weir.database.execute("INSERT INTO outbox_consumer (name) VALUES ('test')")
        return weir
    }

    @Test func `is told of when it writes by remote-write`() async throws {
        let weir = try full()
        let series = ["a", "b", "c", "d"].map { SentSeries($0, [("job", "j")], (1, 1)) }
        for _ in 0..<2 { #expect(try await weir.write(SentSeries.message(series)).status == 400) }
        // Nothing of it is stored.
        #expect(try await weir.write(SentSeries("e", [("job", "j")], (1, 1))).status == 400)
        try await weir.write(SentSeries("a", [("job", "few")], (1, 1)))
        #expect(try await weir.rows(Self.events) == ["j|broker|3"])
    }

    @Test func `is told of when it is imported`() async throws {
        let weir = try full()
        let file = "a{job=\"j\"} 1 1\nb{job=\"j\"} 1 1\nc{job=\"j\"} 1 1\nd{job=\"j\"} 1 1\n"
        try await weir.post("/api/metrics/import?format=prometheus", file, type: nil)
        #expect(try await weir.rows(Self.events) == ["j|broker|3"])
    }

    @Test func `is told of when it pushes, also for the first time`() async throws {
        let weir = try full()
        #expect(try await weir.push(.put, "/metrics/job/old", "a 1\n").status == 200)
        // The second time is within an hour.
        for _ in 0..<2 {
            for job in ["old", "new"] {
                #expect(try await weir.push(.put, "/metrics/job/\(job)", "a 1\nb 1\nc 1\n").status == 429)
            }
            #expect(try await weir.rows(Self.events) == ["old|broker|3", "new|broker|3"])
        }
    }

    @Test func `is counted in the metrics of Weir, with refused pushes`() {
        let latest = LatestValues(LatestValues.Limits(seriesOfComponent: 1))
        let groups = PushGroups(latest: latest, limit: 1)
        let component = Component(key: ComponentKey(type: .workerPool, name: "w"), id: 7)
        let samples = ["a", "b", "c"].map { name in
            Sample(
                series: Series(of: component.key, name, .gauge, .none, help: nil, unit: nil),
                at: .epoch,
                value: 1
            )
        }
        #expect(latest.admit(samples, of: component, at: .epoch) == [1, 2])
        groups.countRefusal(.inconsistent)
        let registry = Registry()
        let metrics = ExportMetrics(latest: latest, groups: groups)
        registry.addCollector { metrics.collect(into: &$0) }
        let text = String(decoding: registry.exposition(as: .prometheusText), as: UTF8.self)
        let lines = Set(text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init))
        #expect(
            lines == [
                "weir_series 1", "weir_samples_dropped_total 2", "weir_push_groups 0",
                #"weir_pushes_refused_total{reason="invalid"} 0"#,
                #"weir_pushes_refused_total{reason="inconsistent"} 1"#,
                #"weir_pushes_refused_total{reason="too_many_groups"} 0"#,
                #"weir_pushes_refused_total{reason="too_many_series"} 0"#,
                #"weir_pushes_refused_total{reason="not_stored"} 0"#,
                #"weir_pushes_refused_total{reason="too_many_components"} 0"#,
            ]
        )
    }

    @Test func `is none of too many components, which only register themselves`() async throws {
        let weir = try WorkersHarness(adopting: .any, mostAdopted: 2)
        let metric = WorkersHarness.gauge("m", "1")
        #expect(try await weir.report("a", metric).status == 200)
        #expect(try await weir.push(.put, "/metrics/job/b", "m 1\n").status == 200)
        #expect(try await weir.report("c", metric).status == 404)
        #expect(try await weir.post("/api/worker/pool/heartbeat", #"{"name":"c"}"#).status == 404)
        #expect(try await weir.push(.put, "/metrics/job/c", "m 1\n").status == 429)
        #expect(try await weir.push(.delete, "/metrics/job/c").status == 202)
        #expect(try await weir.report("a", metric).status == 200)
        try await weir.pool("d")
        #expect(try await weir.report("d", metric).status == 200)
        #expect(try await weir.rows("SELECT name FROM component ORDER BY name") == ["a", "b", "d"])
    }

    @Test func `rows of deleted and expired groups go after a day`() async throws {
        let weir = try WorkersHarness()
        try await weir.push(.put, "/metrics/job/kept", "a 1\n")
        try await weir.push(.put, "/metrics/job/deleted", "a 1\n")
        try await weir.push(.delete, "/metrics/job/deleted")
        try await weir.push(.put, "/metrics/job/expired?lifetime=1ms", "a 1\n")
        _ = try await weir.rows("SELECT 1")
        func jobs(after limit: Timestamp) async throws -> [String] {
            try await weir.feature.pool.withConnection { try PushCare.delete(before: limit, on: $0) }
            return try weir.database.rows("SELECT labels ->> 'job' FROM push_group ORDER BY 1")
        }
        #expect(try await jobs(after: .now() - .seconds(60)) == ["deleted", "expired", "kept"])
        #expect(try await jobs(after: .now() + .seconds(60)) == ["kept"])
    }
}
