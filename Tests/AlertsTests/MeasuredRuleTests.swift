import Core
import FeatureTestKit
import Metrics
import Notifications
import Postgres
import Testing

@testable import Alerts

/// What rules over values say of given values, without time passing.
@Suite("Rules over measured values", .serialized)
struct MeasuredRuleTests {
    private static let now = Timestamp(iso8601: "2026-11-20T12:00:00Z") ?? .epoch

    /// The keys and summaries of what a rule finds.
    private func find(
        _ kind: TriggerKind,
        _ config: String,
        _ question: MeasuredQuestion,
        _ values: [MeasuredValue],
        project: String? = nil,
        scope: [String: String] = [:]
    ) async throws -> [String] {
        let weir = try AlertsHarness()
        weir.values.give(values, to: question)
        let source = weir.values
        var rule = AlertRule.sample(kind, config)
        rule.project = project
        rule.scope = scope
        let condition = MeasuredCondition(rule: rule, now: Self.now)
        return try await weir.feature.pool.withConnection { connection in
            var answers = MeasuredAnswers(source: source, registry: MetricsSnapshot(), instance: "h:1")
            return try condition.findings(&answers, on: connection).map { "\($0.key): \($0.summary)" }
        }
    }

    @Test func `a process fails too often`() async throws {
        let found = try await find(
            .failureRatio,
            #"{"threshold":0.25,"min_count":10,"window_minutes":30}"#,
            .processes(minutes: 30, hasDurations: false),
            [
                MeasuredValue(["project": "p", "process": "BAD"], ["finished": 12, "failed": 3]),
                MeasuredValue(["project": "p", "process": "GOOD"], ["finished": 100, "failed": 24]),
                MeasuredValue(["project": "p", "process": "FEW"], ["finished": 9, "failed": 9]),
            ]
        )
        #expect(
            found == [
                "failure_ratio/process/process=BAD/project=p: 3 of 12 failed (25 %) within 30 minutes (process BAD, project p)"
            ]
        )
    }

    @Test func `a rule of a project and a scope sees nothing else`() async throws {
        let values = ["ALIGN_A", "ALIGN_B", "SORT"].map {
            MeasuredValue(["project": "p", "process": $0], ["retried": 60])
        }
        let question = MeasuredQuestion.processes(minutes: 15, hasDurations: false)
        let found = try await find(.retryStorm, "{}", question, values, scope: ["process": "ALIGN*"])
        #expect(found.count == 2)
        #expect(try await find(.retryStorm, "{}", question, values, project: "other") == [])
    }

    @Test func `a run is stuck, beyond its SLA, or slower than usual`() async throws {
        let run = MeasuredValue(
            ["pipeline": "S", "pipeline_name": "mad_euler"],
            ["age": 7200, "idle": 2000, "usual": 3600]
        )
        let stuck = try await find(.runStuck, #"{"after_seconds":1999}"#, .openRuns, [run])
        #expect(stuck == ["pipeline_stuck:S: Run mad_euler was last heard of 33 min ago"])
        #expect(try await find(.runStuck, #"{"after_seconds":2000}"#, .openRuns, [run]) == [])
        let late = try await find(.runStuck, #"{"after_seconds":7199,"since":"start"}"#, .openRuns, [run])
        #expect(late == ["pipeline_stuck:S: Run mad_euler has run for 2 h 0 min"])
        let slow = try await find(.runSlow, #"{"factor":1.9}"#, .openRuns, [run])
        #expect(slow == ["pipeline_stuck:S: Run mad_euler has run for 2 h 0 min, usually at most 60 min"])
        #expect(try await find(.runSlow, #"{"factor":2}"#, .openRuns, [run]) == [])
    }

    @Test func `work waits, or has waited too long`() async throws {
        let value = MeasuredValue(["project": "p"], ["tasks": 50, "oldest": 21_600])
        #expect(
            try await find(.pendingBacklog, "{}", .pending, [value])
                == ["pending_backlog/project=p: 50 tasks wait to be started (project p)"]
        )
        #expect(
            try await find(.pendingStale, "{}", .pending, [value])
                == [
                    "pending_stale/project=p: The oldest task has waited for 6 h 0 min to be started (project p)"
                ]
        )
        #expect(try await find(.pendingBacklog, #"{"threshold":51}"#, .pending, [value]) == [])
    }

    @Test func `an agent has not succeeded in time, was never seen, or missed its cron expression`()
        async throws
    {
        let seen = MeasuredValue(["agent": "backup"], ["since_start": 100, "since_success": 90_001])
        let config = #"{"of":"success","agent":"backup","period_seconds":86400,"grace_seconds":3600}"#
        #expect(
            try await find(.absence, config, .lastRuns, [seen])
                == ["absence/success/agent=backup: backup: the last success was 25 h 0 min ago"]
        )
        let run = config.replacing("success", with: "run")
        #expect(try await find(.absence, run, .lastRuns, [seen]) == [])
        #expect(
            try await find(.absence, run.replacing("backup", with: "other"), .lastRuns, [seen])
                == ["absence/run/agent=other: other: the last run was never"]
        )
        // It is noon; the job was due at eleven, and last began at ten.
        let cron = #"{"of":"run","agent":"backup","cron":"0 11 * * *","grace_seconds":600}"#
        let late = MeasuredValue(["agent": "backup"], ["since_start": 7200])
        #expect(try await find(.absence, cron, .lastRuns, [late]).count == 1)
        let punctual = MeasuredValue(["agent": "backup"], ["since_start": 3590])
        #expect(try await find(.absence, cron, .lastRuns, [punctual]) == [])
    }

    @Test func `PostgreSQL has refused data`() async throws {
        let value = MeasuredValue(["stream": "runs"], ["count": 2])
        #expect(
            try await find(.deadLetters, "{}", .deadLetters, [value])
                == ["dlq:runs: 2 elements of runs were refused by PostgreSQL: see `weir dead-letters`"]
        )
        #expect(try await find(.deadLetters, #"{"threshold":2}"#, .deadLetters, [value]) == [])
    }

    @Test func `a day is summed up for each project, when the last summary is older`() async throws {
        let weir = try AlertsHarness()
        try await weir.start()
        weir.values.give(
            [MeasuredValue(["project": "p"], ["runs_completed": 3, "runs_failed": 1, "pending": 2])],
            to: .totals(hours: 24)
        )
        let rule = #"{"name":"daily","trigger_kind":"daily_summary","trigger_config":{},"channel_ids":[]}"#
        #expect(try await weir.post("/api/v2/alert-rules", rule).status == 201)
        try await weir.eventually { try await weir.incidents().count == 1 }
        let incident = try await weir.incidents()[0]
        #expect(
            incident["summary"]?.string == "p: 3 runs completed and 1 failed within 24 hours; 2 tasks wait"
        )
        #expect(incident["status"]?.string == "resolved")
    }

    @Test func `a condition that one Weir keeps is not ended by another`() async throws {
        let weir = try AlertsHarness()
        let made = try await weir.post(
            "/api/v2/alert-rules",
            #"{"name":"lag","trigger_kind":"lag","trigger_config":{"for_seconds":3600},"enabled":false,"channel_ids":[]}"#
        )
        let rule = try #require(UUID128(try made.json["uuid"]?.string ?? ""))
        let kept = try await weir.feature.pool.withConnection { connection in
            let hour = Duration.seconds(3600)
            _ = try ConditionStore.hold(["a/lag/runs"], of: rule, under: "a/", for: hour, on: connection)
            _ = try ConditionStore.hold([], of: rule, under: "b/", for: hour, on: connection)
            return try connection.execute("SELECT key FROM alert_condition", []).map { try $0.text("key") }
        }
        #expect(kept == ["a/lag/runs"])
    }

    @Test(
        "a value compares with a threshold",
        arguments: [
            ("gt", 10.0, false), ("ge", 10, true), ("lt", 10, false), ("le", 10, true), ("eq", 10, true),
            ("ne", 10, false), ("gt", 10.1, true), ("lt", 9.9, true), ("ne", 9.9, true),
        ]
    )
    func compare(_ comparator: String, _ value: Double, _ isFound: Bool) async throws {
        let found = try await find(
            .metricThreshold,
            #"{"metric":"m","comparator":"\#(comparator)","threshold":10,"aggregate":"p95","labels":{"pool":"a"}}"#,
            .metric("m", labels: [MeasuredLabel("pool", "a")], minutes: 5, .p95),
            [MeasuredValue([:], ["value": value])]
        )
        #expect(found.isEmpty != isFound)
    }
}

extension AlertRule {
    /// A rule that tells nobody.
    static func sample(_ kind: TriggerKind, _ config: String) -> AlertRule {
        AlertRule(
            id: .random(),
            name: "sample",
            isEnabled: true,
            severity: .warning,
            trigger: TriggerConfig(kind: kind, json: Array(config.utf8)),
            scope: [:],
            channels: [],
            cooldown: 0,
            dedupeBy: .subject,
            sendsResolved: false,
            origin: "api",
            createdAt: .epoch
        )
    }
}
