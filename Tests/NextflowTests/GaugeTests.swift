import Core
import HTTP
import Logging
import Metrics
import Postgres
import TestKit
import Testing

@testable import Ingest
@testable import Nextflow

@Suite struct `Metrics of the domain` {
    /// The samples of a scrape, without comments.
    private static func scrape(_ registry: Registry) -> Set<String> {
        let text = String(decoding: registry.exposition(as: .prometheusText), as: UTF8.self)
        return Set(text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init))
    }

    private static func scrape(_ gauges: GaugeRefresher) -> Set<String> {
        let registry = Registry()
        registry.addCollector { $0.merge(gauges.snapshot) }
        return scrape(registry)
    }

    private static func refresher(staleAfter: Duration) -> GaugeRefresher {
        GaugeRefresher(
            NextflowGauges.sources(staleAfter: RunSilence(weblog: staleAfter)),
            every: .seconds(60),
            logger: Logger(label: "gauges") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    private static func refreshed(_ harness: ProjectionHarness) async throws -> Set<String> {
        let gauges = refresher(staleAfter: .seconds(86400))
        let pool = Pool(harness.database.target)
        await gauges.refresh(pool)
        await pool.close()
        return scrape(gauges)
    }

    @Test func `gauges tell runs by state and tasks by status`() async throws {
        let harness = try ProjectionHarness()
        let now = Timestamp.now()
        let recent = now.adding(seconds: -30).description
        let old = now.adding(seconds: -200_000).description
        try harness.apply(
            Body.task("process_submitted", id: "1", status: "SUBMITTED", at: recent),
            Body.task("process_started", id: "2", status: "RUNNING", at: recent),
            Body.task(id: "3", at: recent),
            Body.task(id: "4", status: "FAILED", at: recent),
            Body.task(id: "5", process: "QC", status: "ABORTED", at: recent),
            Body.task("process_started", id: "1", status: "RUNNING", run: "r2", name: "silent", at: old),
            Body.completed(success: true, start: old, run: "r3", name: "good", at: recent),
            Body.completed(
                success: false,
                message: "SIGTERM",
                start: old,
                run: "r4",
                name: "killed",
                at: recent
            ),
            Body.completed(success: false, message: "boom", start: old, run: "r5", name: "bad", at: recent),
            Body.event("error", run: "r6", name: "broken", at: now.adding(seconds: -90).description),
            Body.completed(success: true, start: old, run: "r7", name: "again", at: old),
            Body.started(start: recent, run: "r7", name: "again", at: recent)
        )
        let samples = try await Self.refreshed(harness)

        #expect(
            samples.isSuperset(of: [
                #"weir_nextflow_runs{state="running"} 1"#, #"weir_nextflow_runs{state="stale"} 1"#,
                #"weir_nextflow_runs{state="failed"} 2"#, #"weir_nextflow_runs{state="succeeded"} 1"#,
                #"weir_nextflow_runs{state="aborted"} 1"#, #"weir_nextflow_runs{state="pending"} 1"#,
                #"weir_nextflow_tasks{process="ALIGN",status="SUBMITTED"} 1"#,
                #"weir_nextflow_tasks{process="ALIGN",status="RUNNING"} 1"#,
                #"weir_nextflow_tasks{process="ALIGN",status="COMPLETED"} 1"#,
                #"weir_nextflow_tasks{process="ALIGN",status="FAILED"} 1"#,
                #"weir_nextflow_tasks{process="QC",status="ABORTED"} 1"#,
            ])
        )
        #expect(samples.contains { $0.hasPrefix("weir_nextflow_refresh_timestamp_seconds ") })
    }

    @Test func `tasks that an earlier execution left open are not at work`() async throws {
        let harness = try ProjectionHarness()
        let now = Timestamp.now()
        try harness.apply(
            Body.started(start: nil, at: now.adding(seconds: -90).description),
            Body.task(
                "process_started",
                id: "1",
                status: "RUNNING",
                at: now.adding(seconds: -80).description
            ),
            Body.started(start: nil, at: now.adding(seconds: -70).description),
            Body.task("process_started", id: "2", status: "RUNNING", at: now.adding(seconds: -60).description)
        )
        let samples = try await Self.refreshed(harness)
        #expect(samples.contains(#"weir_nextflow_tasks{process="ALIGN",status="RUNNING"} 1"#))
    }

    @Test func `beyond two hundred processes the rest are added up`() async throws {
        let harness = try ProjectionHarness()
        let lines = try (1...205).flatMap { number in
            try (0..<(number <= 200 ? 2 : 1)).map { copy in
                let body = Body.task(id: "\(number * 10 + copy)", process: "P\(number)")
                return try ProjectionHarness.line(Int64(number * 10 + copy), body)
            }
        }
        try harness.apply([lines])
        let samples = try await Self.refreshed(harness)
        #expect(samples.filter { $0.hasPrefix("weir_nextflow_tasks") }.count == 201)
        #expect(samples.contains(#"weir_nextflow_tasks{process="other",status="COMPLETED"} 5"#))
    }

    @Test func `without a reading nothing is shown, and a failed one leaves what says when it was read`()
        async throws
    {
        let harness = try ProjectionHarness()
        let gauges = Self.refresher(staleAfter: .seconds(60))
        #expect(Self.scrape(gauges).isEmpty)

        let pool = Pool(harness.database.target)
        await gauges.refresh(pool)
        let before = Self.scrape(gauges)
        #expect(before.contains { $0.hasPrefix("weir_nextflow_runs") })
        #expect(before.contains { $0.hasPrefix("weir_partitions") })
        try harness.execute("ALTER TABLE task RENAME TO elsewhere")
        await gauges.refresh(pool)
        #expect(Self.scrape(gauges) == before)

        try harness.execute("DROP SCHEMA public CASCADE")
        await gauges.refresh(pool)
        #expect(Self.scrape(gauges) == before.filter { $0.hasPrefix("weir_nextflow") })
        await pool.close()
    }

    /// A scrape after the projection has told the metrics what it committed.
    private static func observed(_ bodies: [String]) throws -> Set<String> {
        let registry = Registry()
        let metrics = NextflowMetrics(registry: registry)
        for (index, body) in bodies.enumerated() {
            let line = try ProjectionHarness.line(Int64(index), body)
            let projection = NextflowProjection(
                partitions: DayPartitions(table: "telemetry"),
                metrics: metrics
            )
            var elements = try projection.decode(line, journal: ProjectionHarness.journal)
            for index in elements.indices { elements[index].isNewCompletion = true }
            projection.committed(elements)
        }
        return scrape(registry)
    }

    @Test func `counters and histograms observe what is loaded`() throws {
        let more =
            #","realtime":60000,"submit":1000,"start":4000,"peak_rss":3,"memory":4,"%cpu":150,"cpus":2"#
        let samples = try Self.observed([
            Body.task(more: more), Body.event("strange"), Body.event("started"),
            Body.task(id: "2", status: "FAILED", attempt: "2"),
            Body.task(id: "3", status: "odd", attempt: "3"),
        ])
        #expect(
            samples.isSuperset(of: [
                #"weir_nextflow_events_total{event="process_completed"} 3"#,
                #"weir_nextflow_events_total{event="other"} 1"#,
                #"weir_nextflow_events_total{event="started"} 1"#,
                #"weir_nextflow_task_duration_seconds_sum{process="ALIGN"} 60"#,
                #"weir_nextflow_task_queue_seconds_sum{process="ALIGN"} 3"#,
                #"weir_nextflow_task_memory_efficiency_ratio_sum{process="ALIGN"} 0.75"#,
                #"weir_nextflow_task_cpu_efficiency_ratio_sum{process="ALIGN"} 0.75"#,
                #"weir_nextflow_task_duration_seconds_bucket{process="ALIGN",le="30"} 0"#,
                #"weir_nextflow_task_duration_seconds_bucket{process="ALIGN",le="60"} 1"#,
                #"weir_nextflow_task_retries_total{process="ALIGN"} 2"#,
                #"weir_nextflow_tasks_finished_total{process="ALIGN",status="COMPLETED"} 1"#,
                #"weir_nextflow_tasks_finished_total{process="ALIGN",status="FAILED"} 1"#,
                #"weir_nextflow_tasks_finished_total{process="ALIGN",status="UNKNOWN"} 1"#,
            ])
        )
    }

    @Test func `beyond a hundred processes those that come later share a series`() throws {
        let bodies = (1...103).map { Body.task(id: "\($0)", process: "P\($0)", attempt: "2") }
        let samples = try Self.observed(bodies)
        #expect(samples.filter { $0.hasPrefix("weir_nextflow_tasks_finished_total") }.count == 101)
        #expect(
            samples.contains(#"weir_nextflow_tasks_finished_total{process="other",status="COMPLETED"} 3"#)
        )
        #expect(samples.contains(#"weir_nextflow_task_retries_total{process="other"} 3"#))
    }

    @Test func `each end of an execution is counted once, however often it is told`() throws {
        let harness = try ProjectionHarness()
        let registry = Registry()
        let metrics = NextflowMetrics(registry: registry)
        let again = "2026-11-20T23:00:00Z"
        let batches = [
            [Body.started(), Body.completed(success: false, message: "SIGTERM")],
            [Body.completed(success: false, message: "SIGTERM", at: "2026-11-20T22:10:01Z")],
            [
                Body.started(start: again, at: again), Body.completed(success: true, start: again, at: again),
                Body.completed(success: false, message: "boom", run: "r2"),
            ],
        ]
        var seq: Int64 = 0
        for bodies in batches {
            let lines = try bodies.map { body in
                seq += 1
                return try ProjectionHarness.line(seq, body)
            }
            try harness.apply([lines], metrics: metrics)
        }
        let samples = Self.scrape(registry)
        #expect(
            samples.isSuperset(of: [
                #"weir_nextflow_runs_finished_total{state="aborted"} 1"#,
                #"weir_nextflow_runs_finished_total{state="succeeded"} 1"#,
                #"weir_nextflow_runs_finished_total{state="failed"} 1"#,
            ])
        )
    }

    @Test(arguments: [
        "", #","cpus":0,"%cpu":5"#, #","submit":0,"start":5"#, #","memory":0,"peak_rss":1"#,
        #","realtime":"-","memory":"4 GB""#,
    ])
    func `what was not measured is not observed`(more: String) throws {
        let samples = try Self.observed([Body.task(more: more)])
        #expect(!samples.contains { $0.contains("_count") })
    }
}
