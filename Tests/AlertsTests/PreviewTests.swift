import Core
import Ingest
import Logging
import Metrics
import Testing

@testable import Alerts

/// What a rule would have fired, without PostgreSQL.
@Suite("Previews")
struct PreviewTests {
    private static let start = Timestamp(microseconds: 1_780_000_000_000_000)

    /// Replays `kind subject` at minutes, and says `looked, fired, messages: keys`.
    private func replay(
        _ kind: TriggerKind,
        _ config: String,
        _ events: [(minute: Int, kind: String, detail: String)],
        _ change: (inout AlertRule) -> Void = { _ in }
    ) -> String {
        var rule = AlertRule.sample(kind, config)
        change(&rule)
        let measured = MeasuredRules(
            source: GivenValues(),
            registry: { MetricsSnapshot() },
            instance: "h:1",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        var preview = RulePreview(rule: rule, measured: measured, now: Self.start)
        preview.replay(
            events.map { minute, kind, detail in
                OutboxEvent(
                    kind: kind,
                    subject: "S",
                    at: Self.start.adding(seconds: minute * 60),
                    detail: Array(detail.utf8)
                )
            }
        )
        let keys = preview.firings.map(\.finding.key).prefix(4).joined(separator: " ")
        return "\(preview.looked), \(preview.count), \(preview.firings.count): \(keys)"
    }

    private static func failed(_ minute: Int, _ agent: String, _ project: String = "p") -> (
        Int, String, String
    ) {
        (minute, "run.failed", #"{"agent":"\#(agent)","project":"\#(project)"}"#)
    }

    private static let failures = #"{"events":["pipeline_failed"]}"#

    @Test func `count each firing, and a message for each that no cooldown holds back`() {
        let events = [
            Self.failed(0, "a"), Self.failed(30, "a"), Self.failed(59, "b"), Self.failed(60, "a"),
            (61, "worker.started", "{}"),
        ]
        func shown(_ dedupe: AlertRule.DedupeBy, _ project: String? = nil) -> String {
            replay(.event, Self.failures, events) {
                ($0.cooldown, $0.dedupeBy, $0.project) = (3600, dedupe, project)
            }
        }
        #expect(
            shown(.subject) == "5, 4, 3: pipeline_failed:a pipeline_failed:b pipeline_failed:a"
        )
        #expect(shown(.rule) == "5, 4, 2: pipeline_failed:a pipeline_failed:a")
        #expect(shown(.subject, "q") == "5, 0, 0: ")
        let projects = [Self.failed(0, "a", "p"), Self.failed(1, "a", "q"), Self.failed(2, "a", "p")]
        let byProject = replay(.event, Self.failures, projects) {
            ($0.cooldown, $0.dedupeBy) = (3600, .project)
        }
        #expect(byProject == "3, 3, 2: pipeline_failed:a pipeline_failed:a")
    }

    @Test func `tell the next beginning where the end is told`() {
        let events = [Self.failed(0, "a"), (1, "run.succeeded", #"{"agent":"a"}"#), Self.failed(2, "a")]
        let untold = replay(.event, Self.failures, events) { $0.cooldown = 3600 }
        #expect(untold == "3, 2, 1: pipeline_failed:a")
        let told = replay(.event, Self.failures, events) { ($0.cooldown, $0.sendsResolved) = (3600, true) }
        #expect(told == "3, 2, 2: pipeline_failed:a pipeline_failed:a")
    }

    @Test func `count events within their window`() {
        let events = [0, 1, 6, 7, 8].map { ($0, "a.b", "{}") } + [(9, "a.c", "{}")]
        let found = replay(.eventMatch, #"{"event_type":"a.b","min_count":3,"window_minutes":5}"#, events)
        #expect(found == "6, 1, 1: a.b")
    }

    @Test func `list 500 at most, and count all`() {
        let events = (0..<501).map { Self.failed($0, "a\($0)") }
        #expect(replay(.event, Self.failures, events).hasPrefix("501, 501, 500: "))
    }
}
