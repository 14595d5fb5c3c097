/// The kinds of rules. Contract beampipe §4.6, §11.3b; those from `event` on are Weir's own.
package enum TriggerKind: String, CaseIterable, Sendable {
    case executionTerminal = "execution_terminal"
    case discoveryChanged = "discovery_changed"
    case pendingBacklog = "pending_backlog"
    case pendingStale = "pending_stale"
    case discoveryStall = "discovery_stall"
    case dependencyDown = "dependency_down"
    case dailySummary = "daily_summary"

    case metricThreshold = "metric_threshold"
    case eventMatch = "event_match"
    case executionStatus = "execution_status"

    case event
    case absence
    case failureRatio = "failure_ratio"
    case runStuck = "run_stuck"
    case runSlow = "run_slow"
    case retryStorm = "retry_storm"
    case deadLetters = "dead_letters"
    case lag
    case disk

    /// How a rule of this kind is evaluated.
    enum Evaluation: Sendable {
        /// When an event comes.
        case immediate
        /// At intervals, by one Weir for all: its value is the same for each.
        case shared
        /// At intervals, by each Weir for itself.
        case own
    }

    var evaluation: Evaluation {
        switch self {
        case .executionTerminal, .discoveryChanged, .executionStatus, .event: .immediate
        case .lag, .disk, .dependencyDown: .own
        // Its window has to be looked at again when time passes, too; the event itself only makes that happen at once.
        case .eventMatch: .immediate
        case .pendingBacklog, .pendingStale, .discoveryStall, .dailySummary, .metricThreshold, .absence,
            .failureRatio, .runStuck, .runSlow, .retryStorm, .deadLetters:
            .shared
        }
    }

    /// Whether its condition ends, so that its incidents are resolved when it does.
    var endsByItself: Bool { self != .dailySummary && self != .discoveryStall }

    /// Whether it fires again after each cooldown while its condition holds, as the original's tick kinds do.
    var repeats: Bool {
        switch self {
        case .pendingBacklog, .pendingStale, .discoveryStall, .dependencyDown, .dailySummary: true
        default: false
        }
    }

    /// Whether members of the configuration that it does not know are refused.
    var isStrict: Bool {
        switch self {
        case .executionTerminal, .discoveryChanged, .pendingBacklog, .pendingStale, .discoveryStall,
            .dependencyDown, .dailySummary:
            false
        default: true
        }
    }

    /// What a rule of this kind can be told.
    var fields: [ConfigField] { Self.table[self] ?? [] }

    private static let table: [TriggerKind: [ConfigField]] = [
        .pendingBacklog: [
            .number("threshold", 0...1e12, default: 50), .number("for_seconds", 0...86_400, default: 0),
        ],
        .pendingStale: [.number("max_age_seconds", 0...1e9, default: 21_600)],
        .discoveryStall: [.number("window_minutes", 1...525_600, default: 120)],
        .dependencyDown: [
            .word("dependency", ["postgres"], default: "postgres"),
            .number("for_seconds", 0...86_400, default: 30),
        ],
        .dailySummary: [.number("window_hours", -1e9...8760, default: 24)],
        .metricThreshold: [
            .text("metric"),
            .scalars("labels"),
            .word("comparator", Comparator.allCases.map(\.rawValue), default: "gt"),
            .number("threshold", -1e300...1e300),
            .number("for_seconds", 0...86_400, default: 0),
            .word("aggregate", Aggregate.allCases.map(\.rawValue), default: "max"),
            .number("window_minutes", 1...43_200, default: 5),
        ],
        .eventMatch: [
            .text("event_type"),
            .number("min_count", 1...10_000, default: 1),
            .number("window_minutes", 1...10_080, default: 5),
            .scalars("payload"),
        ],
        .executionStatus: [.words("statuses", ExecutionStatus.allCases.map(\.rawValue))],
        .event: [
            .words("events", EventName.allCases.map(\.rawValue)),
            .labelNames("group_by"),
            .word("min_severity", ["info", "warning", "error", "critical"], default: "info"),
        ],
        .absence: [
            .word("of", ["heartbeat", "event", "run", "success"]),
            .optionalText("agent"), .optionalText("component"), .optionalText("event_type"),
            .number("period_seconds", 10...31_536_000, default: 86_400),
            .number("grace_seconds", 0...31_536_000, default: 0),
            .optionalText("cron"),
            .optionalText("time_zone"),
        ],
        .failureRatio: [
            .word("of", ["process", "pipeline", "agent"], default: "process"),
            .number("threshold", 0...1, default: 0.2),
            .number("min_count", 1...1_000_000, default: 10),
            .number("window_minutes", 1...43_200, default: 60),
            .number("for_seconds", 0...86_400, default: 0),
        ],
        .runStuck: [
            .number("after_seconds", 1...31_536_000, default: 1800),
            .word("since", ["start", "event"], default: "event"),
        ],
        .runSlow: [
            .number("factor", 1...1000, default: 1.5),
            .number("min_seconds", 0...31_536_000, default: 60),
        ],
        .retryStorm: [
            .number("threshold", 1...1e9, default: 50),
            .number("window_minutes", 1...43_200, default: 15),
        ],
        .deadLetters: [.number("threshold", 0...1e12, default: 0)],
        .lag: [
            .number("threshold_seconds", 1...1e9, default: 60),
            .number("for_seconds", 0...86_400, default: 60),
        ],
        .disk: [.number("threshold_percent", 1...100, default: 90)],
    ]
}

/// Compares a value with a threshold.
enum Comparator: String, CaseIterable, Sendable {
    case gt, ge, lt, le, eq, ne

    func holds(_ value: Double, _ threshold: Double) -> Bool {
        switch self {
        case .gt: value > threshold
        case .ge: value >= threshold
        case .lt: value < threshold
        case .le: value <= threshold
        case .eq: value == threshold
        case .ne: value != threshold
        }
    }

    /// In a sentence: `above`.
    var words: String {
        switch self {
        case .gt: "above"
        case .ge: "at or above"
        case .lt: "below"
        case .le: "at or below"
        case .eq: "equal to"
        case .ne: "other than"
        }
    }
}

/// Makes one value of many.
package enum Aggregate: String, CaseIterable, Sendable {
    case max, min, sum, avg, count, last, p95, increase
}

/// The states of an execution. Contract beampipe §5.3.
enum ExecutionStatus: String, CaseIterable, Sendable {
    case pending, running
    case awaitingScheduler = "awaiting_scheduler"
    case notSubmitted = "not_submitted"
    case completed,
        failed, retrying, cancelled

    /// The one that an outbox event says; nil when it says none.
    init?(outboxKind kind: String) {
        switch kind {
        case "run.started", "run.running", "nextflow.run_started", "execution.running": self = .running
        case "run.succeeded", "nextflow.run_succeeded", "execution.completed": self = .completed
        case "run.failed", "run.timed_out", "run.partial", "nextflow.run_failed", "execution.failed":
            self = .failed
        case "run.cancelled", "nextflow.run_aborted", "execution.cancelled": self = .cancelled
        case "execution.created": self = .pending
        case "execution.awaiting_scheduler": self = .awaitingScheduler
        case "execution.not_submitted": self = .notSubmitted
        case "execution.retry_requested": self = .retrying
        default: return nil
        }
    }
}
