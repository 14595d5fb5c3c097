import Core
import FeatureTestKit
import Metrics
import Postgres
import Synchronization
import Testing

@testable import Alerts

/// Rules over measured values at their limits.
@Suite("Limits of measured values", .serialized)
struct MeasuredEdgeTests {
    private static let now = Timestamp(iso8601: "2026-11-20T12:00:00Z") ?? .epoch

    private struct Case: Sendable {
        var kind: TriggerKind
        var config = "{}"
        var question = MeasuredQuestion.pending
        var values: [MeasuredValue] = []
        var expected: [String]
        var change: @Sendable (inout AlertRule) -> Void = { _ in }
    }

    private static func value(_ labels: [String: String], _ numbers: [String: Double]) -> MeasuredValue {
        MeasuredValue(labels, numbers)
    }

    private static let ratio = #"{"of":"agent","threshold":0.5,"min_count":2,"window_minutes":1}"#

    private static let cases: [Case] = [
        Case(
            kind: .failureRatio,
            config: ratio,
            question: .agents(minutes: 1),
            values: [
                value(["agent": "a"], ["finished": 2, "failed": 1]),
                value(["agent": "b"], ["finished": 1, "failed": 1]),
            ],
            expected: ["pipeline_failed failure_ratio/agent/agent=a 0.5"]
        ),
        Case(
            kind: .failureRatio,
            config: ratio.replacing("agent", with: "pipeline"),
            question: .pipelines(minutes: 1),
            values: [value(["pipeline": "p"], ["finished": 4, "failed": 4])],
            expected: ["pipeline_failed failure_ratio/pipeline/pipeline=p 1.0"]
        ),
        Case(
            kind: .retryStorm,
            config: #"{"threshold":5}"#,
            question: .processes(minutes: 15, hasDurations: false),
            values: [value(["process": "A"], ["retried": 5]), value(["process": "B"], ["retried": 4])],
            expected: ["retry_storm retry_storm/process=A 5.0"]
        ),
        Case(
            kind: .runStuck,
            config: #"{"after_seconds":60,"since":"start"}"#,
            question: .openRuns,
            values: [value(["pipeline": "a"], ["age": 60]), value(["pipeline": "b"], ["age": 61])],
            expected: ["pipeline_stuck pipeline_stuck:b 61.0"]
        ),
        Case(
            kind: .runSlow,
            config: #"{"factor":2,"min_seconds":100}"#,
            question: .openRuns,
            values: [
                value(["pipeline": "a"], ["age": 100, "usual": 50]),
                value(["pipeline": "b"], ["age": 101, "usual": 50]),
                value(["pipeline": "c"], ["age": 99, "usual": 10]),
                value(["pipeline": "d"], ["age": 200, "usual": 0]), value(["pipeline": "e"], ["age": 200]),
            ],
            expected: ["pipeline_stuck pipeline_stuck:b 101.0"]
        ),
        Case(
            kind: .pendingStale,
            config: #"{"max_age_seconds":60}"#,
            values: [value(["project": "p"], ["oldest": 60]), value(["project": "q"], ["oldest": 59])],
            expected: ["queue_backlog_high pending_stale/project=p 60.0"]
        ),
        Case(
            kind: .pendingBacklog,
            config: #"{"threshold":3}"#,
            values: [value(["project": "p"], ["tasks": 3]), value(["project": "q"], ["tasks": 9])],
            expected: ["queue_backlog_high pending_backlog/project=p 3.0"],
            change: { $0.project = "p" }
        ),
        Case(
            kind: .metricThreshold,
            config: #"{"metric":"process.p95_ms","threshold":10,"labels":{"process":"A"}}"#,
            question: .processes(minutes: 5, hasDurations: true),
            values: [
                value(["process": "A"], ["p95_ms": 11]), value(["process": "B"], ["p95_ms": 11]),
                value(["process": "A"], ["finished": 11]),
            ],
            expected: ["metric_threshold process.p95_ms/process=A 11.0"]
        ),
        Case(
            kind: .metricThreshold,
            config: #"{"metric":"m","threshold":1}"#,
            question: .metric("m", labels: [], minutes: 5, .max),
            values: [value(["project": "p"], ["value": 2]), value(["project": "q"], ["value": 2])],
            expected: ["metric_threshold m/project=q 2.0"],
            change: { $0.project = "q" }
        ),
        Case(
            kind: .absence,
            config: #"{"of":"heartbeat","component":"pool-*","period_seconds":60,"grace_seconds":10}"#,
            question: .components,
            values: [
                value(["component": "pool-1"], ["since_heartbeat": 70]),
                value(["component": "pool-2"], ["since_heartbeat": 71]),
                value(["component": "other"], ["since_heartbeat": 99]),
            ],
            expected: ["worker_heartbeat_lost absence/heartbeat/component=pool-2 0.0"]
        ),
        // A pattern names nobody who could be missing.
        Case(
            kind: .absence,
            config: #"{"of":"run","agent":"back*"}"#,
            question: .lastRuns,
            expected: []
        ),
        Case(
            kind: .absence,
            config: #"{"of":"run","agent":"backup","period_seconds":60}"#,
            question: .lastRuns,
            expected: [],
            change: { $0.createdAt = now.adding(seconds: -60) }
        ),
        Case(
            kind: .absence,
            config: #"{"of":"run","agent":"backup","period_seconds":60}"#,
            question: .lastRuns,
            expected: ["check_missed absence/run/agent=backup 0.0"],
            change: { $0.createdAt = now.adding(seconds: -61) }
        ),
        // Eleven o'clock in Berlin is ten o'clock of UTC; a rule made since has missed nothing.
        Case(
            kind: .absence,
            config: #"{"of":"run","agent":"a","cron":"0 11 * * *","time_zone":"Europe/Berlin"}"#,
            question: .lastRuns,
            values: [value(["agent": "a"], ["since_start": 7000])],
            expected: []
        ),
        Case(
            kind: .absence,
            config: #"{"of":"run","agent":"a","cron":"0 11 * * *"}"#,
            question: .lastRuns,
            values: [value(["agent": "a"], ["since_start": 7000])],
            expected: [],
            change: { $0.createdAt = now.adding(seconds: -1800) }
        ),
        Case(
            kind: .absence,
            config: #"{"of":"run","agent":"a","cron":"30 11 * * *","grace_seconds":1801}"#,
            question: .lastRuns,
            values: [value(["agent": "a"], ["since_start": 80_000])],
            expected: []
        ),
        Case(
            kind: .deadLetters,
            question: .deadLetters,
            values: [value(["stream": "a"], ["count": 0]), value(["stream": "b"], ["count": 1])],
            expected: ["dlq_message_detected dlq:b 1.0"],
            change: { $0.severity = nil }
        ),
    ]

    @Test func `are where rules say`() async throws {
        let weir = try AlertsHarness()
        for (number, tried) in Self.cases.enumerated() {
            let given = GivenValues()
            given.give(tried.values, to: tried.question)
            var rule = AlertRule.sample(tried.kind, tried.config)
            tried.change(&rule)
            let condition = MeasuredCondition(rule: rule, now: Self.now)
            let found = try await weir.feature.pool.withConnection { connection in
                var answers = MeasuredAnswers(source: given, registry: MetricsSnapshot(), instance: "h:1")
                return try condition.findings(&answers, on: connection)
                    .map { "\($0.event) \($0.key) \($0.value ?? -1)" }
            }
            #expect(found == tried.expected, "\(number): \(tried.kind)")
        }
    }

    @Test func `of Weir itself are read from its own registry`() async throws {
        let registry = Registry()
        registry.gauge("weir_disk_free_bytes", help: "h").set(10)
        registry.gauge("weir_disk_size_bytes", help: "h").set(100)
        let lag = registry.gaugeFamily("weir_loader_lag_seconds", help: "h", labels: ["stream"])
        lag.child(["runs"]).set(60)
        lag.child(["workers"]).set(59)
        let snapshot = registry.snapshot()
        let weir = try AlertsHarness()
        func found(_ kind: TriggerKind, _ config: String) async throws -> [String] {
            let condition = MeasuredCondition(rule: .sample(kind, config), now: Self.now)
            let source = weir.values
            return try await weir.feature.pool.withConnection { connection in
                var answers = MeasuredAnswers(source: source, registry: snapshot, instance: "h:1")
                return try condition.findings(&answers, on: connection)
                    .map {
                        "\($0.key) \($0.value ?? -1) \($0.labels.sorted { $0.key < $1.key }.map(\.value))"
                    }
            }
        }
        #expect(try await found(.disk, #"{"threshold_percent":90}"#) == [#"disk 90.0 ["h:1"]"#])
        #expect(try await found(.disk, #"{"threshold_percent":90.1}"#) == [])
        #expect(try await found(.lag, #"{"threshold_seconds":60}"#) == [#"lag/runs 60.0 ["h:1", "runs"]"#])
        let expected = [("max", 60.0), ("min", 59), ("sum", 119), ("avg", 59.5), ("count", 2)]
        for (aggregate, value) in expected {
            let config = #"{"metric":"weir_loader_lag_seconds","threshold":0,"aggregate":"\#(aggregate)"}"#
            #expect(
                try await found(.metricThreshold, config) == [
                    #"weir_loader_lag_seconds/instance=h:1 \#(value) ["h:1"]"#
                ]
            )
        }
        let one = #"{"metric":"weir_loader_lag_seconds","threshold":0,"labels":{"stream":"workers"}}"#
        #expect(
            try await found(.metricThreshold, one) == [#"weir_loader_lag_seconds/instance=h:1 59.0 ["h:1"]"#]
        )
        #expect(try await found(.metricThreshold, one.replacing("workers", with: "none")) == [])
    }

    @Test func `are said in words`() {
        #expect(
            [0, 119, 120, 7199, 7200, 172_799, 172_800].map { MeasuredCondition.duration($0) } == [
                "0 s", "119 s", "2 min", "119 min", "2 h 0 min", "47 h 59 min", "2 days",
            ]
        )
        #expect(
            [1, 1.5, 0.12345, .infinity].map { MeasuredCondition.shown($0) } == ["1", "1.5", "0.123", "0"]
        )
    }

    @Test func `are asked once for all rules of a pass`() async throws {
        final class Counting: MeasuredValues {
            let asked = Mutex<[MeasuredQuestion]>([])
            func values(of question: MeasuredQuestion, at now: Timestamp, on connection: Connection) throws
                -> [MeasuredValue]
            {
                asked.withLock { $0.append(question) }
                return []
            }
        }
        let (source, weir) = (Counting(), try AlertsHarness())
        try await weir.feature.pool.withConnection { connection in
            var answers = MeasuredAnswers(source: source, registry: MetricsSnapshot(), instance: "h:1")
            for hasDurations in [true, false, true] {
                let question = MeasuredQuestion.processes(minutes: 5, hasDurations: hasDurations)
                _ = try answers.values(of: question, at: Self.now, on: connection)
            }
        }
        #expect(source.asked.withLock { $0 } == [.processes(minutes: 5, hasDurations: true)])
    }
}
