import Core
import FeatureTestKit
import Notifications
import Postgres
import TestKit
import Testing

@testable import Alerts

@Suite("A burst of events", .serialized)
struct BurstTests {
    private static func failed(_ process: String, _ run: String = "run-1", project: String = "rna")
        -> (kind: String, subject: String, detail: String)
    {
        (
            "nextflow.task_failed", "\(run)/\(process)",
            #"{"pipeline":"\#(run)","process":"\#(process)","stage_name":"\#(process)","project":"\#(project)"}"#
        )
    }

    private static let stages = #""trigger_kind":"event","trigger_config":{"events":["stage_failed"]}"#

    @Test func `of six hundred failures brings as many messages, each once and in order`() async throws {
        let (weir, receiver) = try await AlertsHarness.telling(Self.stages)
        try await weir.happen(all: (1...600).map { Self.failed("P\($0)") })
        try await weir.eventually { receiver.requests.count >= 600 }
        let told = try receiver.requests.map { try $0.json["summary"]?.string ?? "" }
        #expect(told == (1...600).map { "Pipeline run-1 stage P\($0) failed" })
        #expect(Set(receiver.requests.map { $0.field("webhook-id") }).count == 600)
        #expect(
            try weir.feature.database.rows("SELECT count(*) FROM alert_incident WHERE firings = 1") == ["600"]
        )
    }

    @Test func `waits behind a message that is to be sent again`() async throws {
        let weir = try AlertsHarness()
        try await weir.start()
        let receiver = try Receiver(Receiver.answer(503), Receiver.answer(200))
        _ = try await weir.rule(Self.stages, to: try await weir.channel(receiver.url))
        try await weir.happen(all: ["A", "B", "C"].map { Self.failed($0) })
        try await weir.hurry()
        try await weir.eventually { receiver.requests.count == 4 }
        let told = try receiver.requests.map { try $0.json["summary"]?.string ?? "" }
        #expect(told == ["A", "A", "B", "C"].map { "Pipeline run-1 stage \($0) failed" })
    }

    @Test func `of two thousand equal failures is one message that says how many, and holds nobody up`()
        async throws
    {
        let weir = try AlertsHarness()
        let receiver = try Receiver(Receiver.answer(200))
        try await weir.start()
        let channel = try await weir.channel(receiver.url)
        _ = try await weir.rule(Self.stages, to: channel)
        let counting = #"{"event_type":"nextflow.","min_count":3,"window_minutes":1440}"#
        _ = try await weir.rule(
            #""trigger_kind":"event_match","trigger_config":\#(counting)"#,
            to: channel,
            "many"
        )
        try await weir.happen(all: (1...2000).map { _ in Self.failed("ALIGN") } + [Self.failed("SORT")])
        try await weir.eventually { receiver.requests.count >= 3 }
        let incidents = try await weir.incidents()
        let firings = Dictionary(
            uniqueKeysWithValues: incidents.map { ($0["key"]?.string ?? "", $0["firings"]?.int64 ?? 0) }
        )
        #expect(
            firings == ["stage_failed:run-1:ALIGN": 2000, "stage_failed:run-1:SORT": 1, "nextflow.": 1999]
        )
        // What is remembered is bounded.
        #expect(try weir.feature.database.rows("SELECT count(*) FROM alert_match") == ["1000"])
    }

    @Test func `keeps its order: what fails, succeeds and fails again fires, and was told so`() async throws {
        let (weir, receiver) = try await AlertsHarness.telling(
            #""trigger_kind":"event","trigger_config":{"events":["pipeline_failed"]},"send_resolved":true,"cooldown_minutes":0"#
        )
        let run = #"{"agent_name":"backup","run_id":"r"}"#
        try await weir.happen(all: [
            ("run.failed", "1", run), ("run.succeeded", "2", run), ("run.failed", "3", run),
        ])
        try await weir.eventually { receiver.requests.count == 3 }
        #expect(try receiver.requests.map { try $0.json["status"]?.string } == [nil, "resolved", nil])
        let incident = try #require(try await weir.incidents().first)
        #expect(incident["status"]?.string == "firing")
        #expect(incident["firings"]?.int64 == 2)
        try await weir.happen(all: [("run.succeeded", "4", run), ("run.succeeded", "5", run)])
        try await weir.eventually { try await weir.incidents("?status=firing").isEmpty }
    }

    @Test(arguments: [
        ("subject", ["rna/A", "rna/B", "dna/A"], 0), ("project", ["rna/A", "dna/A"], 1),
        ("rule", ["rna/A"], 2),
    ])
    func `shares the cooldown of its rule`(_ sharing: String, _ told: [String], _ held: Int) async throws {
        let (weir, receiver) = try await AlertsHarness.telling(Self.stages + #","dedupe_by":"\#(sharing)""#)
        try await weir.happen(all: [
            Self.failed("A"), Self.failed("B"), Self.failed("A", "run-2", project: "dna"),
        ])
        try await weir.eventually { receiver.requests.count == told.count }
        let messages = try receiver.requests.map { request in
            let process = try request.json["summary"]?.string?.split(separator: " ")[3] ?? ""
            return "\(try request.json["project_module"]?.string ?? "")/\(process)"
        }
        #expect(messages == told)
        #expect(
            try weir.feature.database.rows("SELECT count(*) FROM alert_incident WHERE suppressed = 1") == [
                "\(held)"
            ]
        )
    }

    @Test func `that comes while the message waits is counted in it`() async throws {
        let weir = try AlertsHarness(["WEIR_ALERTS_GROUP_WAIT": "10m"])
        try await weir.start()
        let channel = try await weir.channel("http://127.0.0.1:9/")
        _ = try await weir.rule(Self.stages + #","cooldown_minutes":0"#, to: channel)
        for (count, all) in [(3, 3), (5, 8)] {
            try await weir.happen(all: (1...count).map { _ in Self.failed("ALIGN") })
            let firings = "SELECT firings FROM alert_incident"
            try await weir.eventually { try weir.feature.database.rows(firings) == ["\(all)"] }
        }
        let told = "SELECT message ->> 'suppressed' FROM alert_delivery"
        #expect(try weir.feature.database.rows(told) == ["7"])
    }

    /// An incident that goes on, and one that is over at once.
    @Test(arguments: [
        ("pipeline_failed", "run.failed"), ("worker_started", "worker.started"),
    ])
    func `within the cooldown is counted by the message after it`(_ event: String, _ kind: String)
        async throws
    {
        let (weir, receiver) = try await AlertsHarness.telling(
            #""trigger_kind":"event","trigger_config":{"events":["\#(event)"]}"#
        )
        let one = (kind, "1", #"{"agent_name":"backup","component":"w1"}"#)
        let told =
            "SELECT message ->> 'suppressed' FROM alert_delivery WHERE status <> 'pending' ORDER BY position"
        try await weir.happen(all: [one])
        try await weir.eventually { try weir.feature.database.rows(told) == ["0"] }
        try await weir.happen(all: [one, one, one, one])
        let held = "SELECT suppressed FROM alert_incident"
        try await weir.eventually { try weir.feature.database.rows(held) == ["4"] }
        try weir.feature.database.execute(
            "UPDATE alert_incident SET notified_at = now() - interval '2 hours'"
        )
        try await weir.happen(all: [one])
        try await weir.eventually { try weir.feature.database.rows(told) == ["0", "4"] }
        #expect(try weir.feature.database.rows("SELECT sum(suppressed) FROM alert_incident") == ["0"])
        try await weir.eventually { receiver.requests.count == 2 }
    }

    @Test(arguments: [(true, 3), (false, 1)])
    func `after an end is news to those who were told of the end`(_ isTold: Bool, _ count: Int) async throws {
        let (weir, receiver) = try await AlertsHarness.telling(
            #""trigger_kind":"event","trigger_config":{"events":["pipeline_failed"]},"send_resolved":\#(isTold)"#
        )
        let run = #"{"agent_name":"backup","run_id":"r"}"#
        for kind in ["run.failed", "run.succeeded", "run.failed"] { try await weir.happen(kind, "1", run) }
        try await weir.eventually { try await weir.incidents().first?["firings"]?.int64 == 2 }
        try await weir.eventually { receiver.requests.count == count }
        #expect(try await weir.deliveries().count == count)
    }

    @Test func `without a cooldown is a message for each, also of what is over at once`() async throws {
        let (weir, receiver) = try await AlertsHarness.telling(
            #""trigger_kind":"event","trigger_config":{"events":["worker_started"]},"cooldown_minutes":0"#
        )
        try await weir.happen(
            all: [1, 2, 3].map { _ in ("worker.started", "w1", #"{"component":"w1"}"#) }
        )
        try await weir.eventually { receiver.requests.count == 3 }
        #expect(try await weir.incidents().map { $0["firings"]?.int64 } == [1, 1, 1])
    }

    @Test func `within a silence is told of when the next event comes after it`() async throws {
        let (weir, receiver) = try await AlertsHarness.telling(
            #""trigger_kind":"event","trigger_config":{"events":["worker_started"]}"#,
            ["WEIR_ALERTS_EVERY": "1h"]
        )
        let silence = try await weir.silence(
            #"{"matchers":[{"name":"component","value":"w1","isRegex":false}],"startsAt":"2020-01-01T00:00:00Z","endsAt":"2099-01-01T00:00:00Z","createdBy":"ana","comment":"move"}"#
        )
        try #require(silence.status == 200 || silence.status == 201, "\(silence.text)")
        try await weir.happen("worker.started", "w1", #"{"component":"w1"}"#)
        try await weir.eventually { try await weir.incidents().count == 1 }
        try await weir.feature.pool.withConnection { connection in
            _ = try connection.execute(
                "UPDATE alert_silence SET starts_at = now() - interval '1 hour', ends_at = now()"
            )
            _ = try connection.execute("UPDATE alert_revision SET revision = revision + 1")
        }
        try await weir.happen("worker.started", "w1", #"{"component":"w1"}"#)
        try await weir.eventually { receiver.requests.count == 1 }
        #expect(try await weir.incidents().map { $0["firings"]?.int64 } == [2])
    }
}

@Suite("Findings that wait to be stored")
struct FiringsTests {
    private static func finding(_ key: String, _ summary: String, at seconds: Int64) -> Finding {
        Finding(
            key: key,
            event: "stage_failed",
            alert: "stage_failed",
            severity: .error,
            title: "t",
            summary: summary,
            labels: [:],
            at: .epoch + .seconds(seconds)
        )
    }

    @Test func `are one of a rule and a key, as it was found last, from the first to the latest`() {
        let rule = AlertRule.sample(.event, "{}")
        let other = AlertRule.sample(.event, "{}")
        var firings = Firings()
        firings.add(Self.finding("a", "first", at: 2), of: rule)
        firings.add(Self.finding("b", "another", at: 3), of: rule)
        firings.add(Self.finding("a", "of another rule", at: 4), of: other)
        firings.add(Self.finding("a", "last", at: 1), of: rule)
        let list = firings.takeAll()
        #expect(list.map(\.finding.summary) == ["last", "another", "of another rule"])
        #expect(list.map(\.count) == [2, 1, 1])
        #expect(list.map(\.finding.at) == [2, 3, 4].map { .epoch + .seconds($0) })
        #expect(list.map(\.beganAt) == [2, 3, 4].map { .epoch + .seconds($0) })
        #expect(firings.list.isEmpty)
    }
}

@Suite("The events of a window")
struct MatchWindowTests {
    @Test(arguments: [
        ([0, 1, 2], [1, 2, 3]),
        ([0, 10, 11, 20, 21], [1, 2, 2, 3, 3]),
        // One that comes late counts, and forgets none.
        ([5, 3, 14, 4], [1, 2, 2, 3]),
        ([0, 0, 0, 0, 0, 0], [1, 2, 3, 4, 4, 4]),
    ])
    func `of ten seconds are counted, four at most`(_ seconds: [Int64], _ counts: [Int]) {
        var window = MatchWindow(of: .timeOrdered(), counting: 4, after: [])
        #expect(seconds.map { window.add(.epoch + .seconds($0), within: .seconds(10)) } == counts)
    }
}
