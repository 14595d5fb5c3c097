import Core
import Ingest
import Notifications
import Testing

@testable import Alerts

/// What each outbox event is called, about what it is, and what it ends.
@Suite("The vocabulary of events")
struct VocabularyTests {
    private static func event(_ kind: String, _ detail: String = "{}", subject: String = "S") -> AlertEvent? {
        EventCatalogue.event(
            of: OutboxEvent(kind: kind, subject: subject, at: .epoch, detail: Array(detail.utf8))
        )
    }

    /// `key | severity | phase | title | text`.
    private static func shown(_ event: AlertEvent?) -> String {
        guard let event else { return "none" }
        return "\(event.key) | \(event.severity) | \(event.phase) | \(event.title) | \(event.text)"
    }

    /// `stage_failed,worker_failed of label=value`, in their order.
    private static func ends(_ event: AlertEvent?) -> [String] {
        (event?.ends ?? []).map { ending in
            "\(ending.events.map(\.rawValue).sorted().joined(separator: ",")) of \(ending.label)=\(ending.value)"
        }
    }

    private static let task =
        #"{"project":"p","pipeline":"R","pipeline_name":"mad_euler","process":"ALIGN","stage":"7","stage_name":"ALIGN (x)","exit":137,"error":"killed"}"#
    private static let run = #"{"agent":"backup","job_type":"nightly","run_id":"r1","error":"disk full"}"#
    private static let execution = #"{"pipeline":"E","pipeline_name":"a.tar","error":"boom"}"#

    @Test(
        "has a name, a severity, a title and a sentence for each",
        arguments: [
            (
                "nextflow.task_failed", task,
                "stage_failed:R:ALIGN | error | firing | Stage failed | Pipeline mad_euler stage ALIGN (x) failed with exit status 137: killed"
            ),
            (
                "nextflow.run_failed", #"{"pipeline":"R","error":"bad"}"#,
                "pipeline_failed:R | error | firing | Pipeline failed | Pipeline R failed: bad"
            ),
            (
                "nextflow.run_aborted", #"{"pipeline":"R","pipeline_name":"mad_euler"}"#,
                "pipeline_failed:R | error | firing | Pipeline failed | Pipeline mad_euler was aborted"
            ),
            (
                "nextflow.run_succeeded", "{}",
                "pipeline_succeeded:S | info | momentary | Pipeline succeeded | Pipeline S succeeded"
            ),
            (
                "nextflow.run_started", "{}",
                "pipeline_started:S | info | momentary | Pipeline started | Pipeline S started"
            ),
            (
                "run.failed", run,
                "pipeline_failed:backup/nightly | error | firing | Pipeline failed | Run r1 of backup/nightly failed: disk full"
            ),
            (
                "run.timed_out", #"{"agent_name":"a"}"#,
                "pipeline_failed:a | error | firing | Pipeline failed | Run S of a timed out"
            ),
            (
                "run.partial", #"{"agent":""}"#,
                "pipeline_failed:? | error | firing | Pipeline failed | Run S of ? succeeded in part"
            ),
            (
                "run.succeeded", run,
                "pipeline_succeeded:backup/nightly | info | momentary | Pipeline succeeded | Run r1 of backup/nightly succeeded"
            ),
            (
                "run.cancelled", run,
                "pipeline_succeeded:backup/nightly | info | momentary | Pipeline cancelled | Run r1 of backup/nightly was cancelled"
            ),
            (
                "run.running", run,
                "pipeline_started:backup/nightly | info | momentary | Pipeline started | Run r1 of backup/nightly started"
            ),
            (
                "run.stale", run,
                "pipeline_stuck:S | warning | firing | Pipeline stuck | Run r1 of backup/nightly is stale"
            ),
            (
                "stage.failed", #"{"pipeline":12,"stage":34,"stage_name":"charge"}"#,
                "stage_failed:12:34 | error | firing | Stage failed | Pipeline 12 stage 34 failed (charge)"
            ),
            (
                "stage.rerun", #"{"pipeline":12,"stage":34}"#,
                "stage_rerun_manual:12:34 | info | momentary | Stage rerun (manual) | Pipeline 12 stage 34 rerun manually"
            ),
            (
                "stage.skipped", #"{"pipeline":12,"stage":34}"#,
                "stage_skipped_manual:12:34 | warning | momentary | Stage skipped (manual) | Pipeline 12 stage 34 skipped manually"
            ),
            (
                "policy.changed", #"{"policy":9,"event_type":"deleted"}"#,
                "policy_changed:9 | info | momentary | Policy changed | Policy 9 changed (deleted)"
            ),
            (
                "policy.triggered", "{}",
                "policy_triggered:S | warning | momentary | Policy triggered | Policy S triggered"
            ),
            (
                "worker.started", "{}",
                "worker_started:S | info | momentary | Worker started | Worker S started"
            ),
            (
                "worker.stopped", "{}",
                "worker_stopped:S | warning | momentary | Worker stopped | Worker S stopped"
            ),
            (
                "worker.heartbeat_lost", #"{"component":"w"}"#,
                "worker_offline:w | error | firing | Worker heartbeat lost | Worker w is offline"
            ),
            ("worker.back", "{}", "worker_ready:S | info | momentary | Worker ready | Worker S is ready"),
            (
                "worker.failed", "{}",
                "worker_failed:S:error | error | firing | Worker failed | Worker S entered error state"
            ),
            (
                "worker.error", #"{"event_type":"job","message":"m"}"#,
                "worker_error:S:job:m | error | momentary | Worker error event | Worker S reported an error event"
            ),
            (
                "worker.series_limit", #"{"limit":5}"#,
                "series_limit:S | warning | momentary | Series limit reached | Worker S has as many series as it may: 5"
            ),
            (
                "check.missed", #"{"check":"backup"}"#,
                "check_missed:S | error | firing | Check missed its time | backup was not heard of in time"
            ),
            (
                "check.back", #"{"check":"backup"}"#,
                "pipeline_succeeded:S | info | momentary | Check is back | backup is heard of again"
            ),
            (
                "discovery.changed", #"{"project":"p","source_identifiers":["a"]}"#,
                "discovery_changed:p | info | momentary | Sources changed | 1 source of p changed"
            ),
            (
                "discovery.changed", #"{"source_identifiers":["a","b"]}"#,
                "discovery_changed:S | info | momentary | Sources changed | 2 sources of S changed"
            ),
            (
                "execution.failed", execution,
                "pipeline_failed:E | error | firing | Pipeline failed | Execution a.tar failed: boom"
            ),
            (
                "execution.completed", execution,
                "pipeline_succeeded:E | info | momentary | Pipeline succeeded | Execution a.tar is complete"
            ),
            (
                "execution.awaiting_scheduler", execution,
                "pipeline_started:E | info | momentary | Pipeline started | Execution a.tar waits for its scheduler"
            ),
            (
                "execution.not_submitted", execution,
                "pipeline_succeeded:E | info | momentary | Pipeline not submitted | Execution a.tar was prepared and not submitted"
            ),
            ("execution.reconciliation_mismatch", execution, "none"),
            ("something.else", "{}", "none"), ("run.failed", "nonsense", "none"),
        ]
    )
    func words(_ kind: String, _ detail: String, _ expected: String) {
        #expect(Self.shown(Self.event(kind, detail)) == expected)
    }

    @Test(
        "knows what each ends",
        arguments: [
            ("nextflow.run_failed", #"{"pipeline":"R"}"#, ["pipeline_stuck of pipeline=R"]),
            (
                "nextflow.run_succeeded", #"{"pipeline":"R"}"#,
                ["pipeline_failed,pipeline_stuck,stage_failed of pipeline=R"]
            ),
            ("run.failed", run, ["pipeline_stuck of pipeline=S"]),
            ("execution.cancelled", execution, ["pipeline_failed,pipeline_stuck of pipeline=E"]),
            (
                "run.succeeded", run,
                ["pipeline_failed of run_of=backup/nightly", "pipeline_stuck of pipeline=S"]
            ),
            ("run.cancelled", run, ["pipeline_stuck of pipeline=S"]),
            ("stage.skipped", #"{"pipeline":12,"stage":34}"#, ["stage_failed of stage_of=12:34"]),
            ("worker.started", "{}", ["worker_failed,worker_heartbeat_lost of component=S"]),
            ("worker.back", "{}", ["worker_failed,worker_heartbeat_lost of component=S"]),
            ("check.back", "{}", ["check_missed of check_id=S"]), ("run.started", run, []),
        ]
    )
    func endings(_ kind: String, _ detail: String, _ expected: [String]) {
        #expect(Self.ends(Self.event(kind, detail)) == expected)
    }

    @Test func `has labels by which rules and ends find each`() {
        #expect(
            Self.event("nextflow.task_failed", Self.task)?.labels == [
                "project": "p", "pipeline": "R", "pipeline_name": "mad_euler", "process": "ALIGN",
                "stage": "7",
                "stage_name": "ALIGN (x)", "exit": "137",
            ]
        )
        #expect(
            Self.event("run.failed", Self.run)?.labels == [
                "agent": "backup", "job_type": "nightly", "pipeline_name": "r1", "pipeline": "S",
                "run_of": "backup/nightly",
            ]
        )
        #expect(Self.event("stage.failed", #"{"pipeline":1,"stage":2}"#)?.labels["stage_of"] == "1:2")
        #expect(Self.event("check.missed", #"{"check":"c"}"#)?.labels == ["check": "c", "check_id": "S"])
        #expect(
            Self.event("worker.failed", #"{"component":"w","component_type":"pool","policy":"p"}"#)?.labels
                == ["component": "w", "component_type": "pool", "policy": "p"]
        )
        #expect(Self.event("run.succeeded", #"{"agent_name":"a"}"#)?.labels["agent"] == "a")
    }

    @Test func `has the original's names for facts`() {
        func facts(_ event: AlertEvent?) -> [String] {
            (event?.facts ?? []).map { "\($0.name)=\(String(decoding: $0.json, as: UTF8.self))" }
        }
        #expect(
            facts(Self.event("stage.failed", #"{"pipeline":12,"stage_name":"s","mine":[1],"none":null}"#))
                == ["pipelineId=12", #"stageName="s""#, "mine=[1]", #"newStatus="Failed""#]
        )
        #expect(
            facts(Self.event("stage.skipped", #"{"new_status":"Gone"}"#)) == [#"newStatus="Gone""#]
        )
        #expect(facts(Self.event("stage.skipped")) == [#"newStatus="Skipped""#])
        #expect(facts(Self.event("nextflow.task_failed")).last == #"newStatus="Failed""#)
        #expect(
            facts(Self.event("worker.heartbeat_lost"))
                == [
                    #"workerId="S""#, #"eventType="worker.state_changed""#, #"to="offline""#,
                    #"level="ERROR""#,
                ]
        )
        #expect(
            facts(Self.event("worker.stopped")).suffix(2) == [
                #"eventType="worker.stopped""#, #"level="WARN""#,
            ]
        )
    }

    @Test func `has no text that PostgreSQL cannot index`() throws {
        let long = String(repeating: "ü", count: 1000)
        let event = try #require(Self.event("run.succeeded", #"{"agent":"\#(long)"}"#))
        let cut = BoundedText.cut(long)
        #expect(cut.utf8.count <= 400 && cut.hasPrefix("üüü") && cut != BoundedText.cut(long + "x"))
        #expect(BoundedText.cut(String(repeating: "x", count: 400)).count == 400)
        #expect(event.subject == cut && event.labels["agent"] == cut && event.ends[0].value == cut)
    }

    // MARK: - Rules

    private func finding(_ rule: AlertRule, _ kind: String, _ detail: String = "{}") -> Finding? {
        Self.event(kind, detail).flatMap { EventFinding.finding($0, rule) }
    }

    @Test func `is what rules of events ask for`() {
        let started = AlertRule.sample(.event, #"{"events":["worker_started","worker_stopped"]}"#)
        let least = AlertRule.sample(
            .event,
            #"{"events":["worker_started","worker_stopped"],"min_severity":"warning"}"#
        )
        #expect(finding(started, "worker.started")?.isMomentary == true)
        #expect(finding(started, "worker.failed") == nil)
        #expect(finding(least, "worker.started") == nil)
        #expect(finding(least, "worker.stopped")?.key == "worker_stopped:S")
        var quiet = AlertRule.sample(.event, #"{"events":["pipeline_failed"],"group_by":["project","x"]}"#)
        quiet.severity = nil
        let failed = finding(quiet, "nextflow.run_failed", #"{"project":"p"}"#)
        #expect(failed?.key == "pipeline_failed:project=p,x=" && failed?.severity == .error)
        #expect(failed?.isMomentary == false && failed?.alert == "pipeline_failed")
    }

    @Test func `is what rules of beampipe ask for`() {
        let terminal = AlertRule.sample(.executionTerminal, "{}")
        let failed = finding(terminal, "nextflow.run_failed", #"{"pipeline":"R"}"#)
        #expect(failed?.alert == "execution.failed" && failed?.severity == .warning)
        #expect(
            failed.map { String(decoding: $0.links, as: UTF8.self) }
                == #"{"events":"/api/v2/executions/R/events"}"#
        )
        #expect(finding(terminal, "nextflow.run_succeeded") == nil)
        let status = AlertRule.sample(.executionStatus, #"{"statuses":["cancelled","failed"]}"#)
        let kinds = [
            "run.cancelled", "nextflow.run_aborted", "run.timed_out", "run.partial", "run.succeeded",
        ]
        #expect(
            kinds.map { finding(status, $0)?.key } == [
                "cancelled/?", "cancelled/S", "failed/?", "failed/?", nil,
            ]
        )
        let steps = AlertRule.sample(
            .executionStatus,
            #"{"statuses":["pending","awaiting_scheduler","not_submitted","retrying"]}"#
        )
        let words = ["created", "awaiting_scheduler", "not_submitted", "retry_requested", "running"]
        #expect(
            words.map { finding(steps, "execution.\($0)")?.key } == [
                "pending/S", "awaiting_scheduler/S", "not_submitted/S", "retrying/S", nil,
            ]
        )
        let changed = AlertRule.sample(.discoveryChanged, "{}")
        #expect(finding(changed, "discovery.changed", #"{"source_identifiers":[]}"#) == nil)
        #expect(finding(changed, "discovery.changed", #"{"source_identifiers":["a"]}"#)?.sources == ["a"])
    }

    @Test func `is counted by its type and its members`() {
        func matches(_ config: String, _ kind: String, _ detail: String = "{}") -> Bool {
            EventPattern(TriggerConfig(kind: .eventMatch, json: Array(config.utf8)))
                .matches(OutboxEvent(kind: kind, subject: "S", at: .epoch, detail: Array(detail.utf8)))
        }
        #expect(matches(#"{"event_type":"worker."}"#, "worker.started"))
        #expect(!matches(#"{"event_type":"worker"}"#, "worker.started"))
        #expect(!matches(#"{"event_type":"run."}"#, "worker.started"))
        let deep = #"{"event_type":"a.b","payload":{"x.y":"1","z":true}}"#
        #expect(matches(deep, "a.b", #"{"x":{"y":1},"z":true}"#))
        #expect(!matches(deep, "a.b", #"{"x":{"y":1}}"#) && !matches(deep, "a.b", #"{"x":{"y":2},"z":true}"#))
        #expect(!matches(deep, "a.b", "nonsense"))
        let any = TriggerConfig(kind: .absence, json: Array(#"{"of":"event"}"#.utf8))
        #expect(EventPattern.names(any, "a.b"))
    }

    @Test func `is told with its count, as one that is over at once`() throws {
        let outbox = OutboxEvent(kind: "a.b", subject: "S", at: .epoch, detail: Array("{}".utf8))
        func counted(_ config: String, _ count: Int) -> String {
            let found = EventFinding.counted(outbox, nil, .sample(.eventMatch, config), count)
            return "\(found.key) | \(found.summary) | \(found.isMomentary) | \(found.severity)"
        }
        #expect(counted(#"{"event_type":"a."}"#, 1) == "a.b:S | a.b of S | true | warning")
        #expect(
            counted(#"{"event_type":"a.","min_count":3}"#, 3)
                == "a. | a.b of S (3 within 5 minutes) | true | warning"
        )
        var long = try #require(finding(.sample(.executionTerminal, "{}"), "run.failed", Self.run))
        #expect(String(decoding: long.links, as: UTF8.self) == #"{"events":"/api/v2/executions/S/events"}"#)
        long.key = String(repeating: "k", count: 1000)
        #expect(long.bounded.key == BoundedText.cut(long.key))
    }

    @Test func `is covered by the project and the scope of a rule`() {
        var rule = AlertRule.sample(.event, "{}")
        rule.project = "p"
        rule.scope = ["process": "AL*N"]
        #expect(rule.covers(["project": "p", "process": "ALIGN"]))
        #expect(!rule.covers(["project": "q", "process": "ALIGN"]) && !rule.covers(["process": "ALIGN"]))
        #expect(!rule.covers(["project": "p", "process": "SORT"]) && !rule.covers(["project": "p"]))
        #expect(
            !Glob("a*bc*cd").matches("abcd") && Glob("a*b*b*c").matches("abbc")
                && !Glob("a*b*b*c").matches("abc")
        )
    }
}
