internal import Core
internal import Notifications
internal import Postgres

/// The rules that Weir has from the beginning.
///
/// They are silent until there is a channel, and tell every channel. As soon as somebody has made an enabled rule of
/// their own, it is theirs to say what is told, and these are silent again.
enum DefaultRules {
    static let origin = "default"

    /// Which rules there are, with the ids that they have everywhere.
    private static let list:
        [(id: String, name: String, kind: TriggerKind, config: String, severity: AlertSeverity)] = [
            (
                "0193e0de-0000-7000-8000-000000000001", "A run has failed", .event,
                #"{"events":["pipeline_failed"]}"#, .error
            ),
            (
                "0193e0de-0000-7000-8000-000000000002", "A process fails unusually often", .failureRatio,
                #"{"of":"process","threshold":0.2,"min_count":10,"window_minutes":60}"#, .warning
            ),
            (
                "0193e0de-0000-7000-8000-000000000003", "A worker is lost", .event,
                #"{"events":["worker_heartbeat_lost","worker_failed"]}"#, .error
            ),
            (
                "0193e0de-0000-7000-8000-000000000004", "A check has missed its time", .event,
                #"{"events":["check_missed"]}"#, .error
            ),
            (
                "0193e0de-0000-7000-8000-000000000005", "Weir lags", .lag,
                #"{"threshold_seconds":300,"for_seconds":120}"#, .warning
            ),
            (
                "0193e0de-0000-7000-8000-000000000006", "Weir's disk is filling up", .disk,
                #"{"threshold_percent":90}"#, .critical
            ),
            (
                "0193e0de-0000-7000-8000-000000000007", "PostgreSQL has refused data", .deadLetters,
                #"{"threshold":0}"#, .warning
            ),
        ]

    /// Stores those that are not there. One that somebody has changed stays as it is.
    static func store(on connection: Connection) throws {
        for (text, name, kind, config, severity) in list {
            guard let id = UUID128(text), try RuleStore.fetch(id, on: connection) == nil else { continue }
            try RuleStore.store(
                AlertRule(
                    id: id,
                    name: name,
                    isEnabled: true,
                    severity: severity,
                    trigger: TriggerConfig(kind: kind, json: Array(config.utf8)),
                    scope: [:],
                    channels: [],
                    cooldown: 3600,
                    dedupeBy: .subject,
                    sendsResolved: true,
                    origin: origin,
                    createdAt: .now()
                ),
                on: connection
            )
        }
    }

    /// The rules that are in force: enabled ones, or these while there are no others and somebody to tell.
    static func inForce(_ rules: [AlertRule], _ channels: [StoredChannel]) -> [AlertRule] {
        let enabled = rules.filter(\.isEnabled)
        let own = enabled.filter { $0.origin != origin }
        let listeners = channels.filter { $0.isEnabled && $0.origin != "observability" }.map(\.id)
        guard own.isEmpty, !listeners.isEmpty else { return own }
        return enabled.map { rule in
            var rule = rule
            if rule.channels.isEmpty { rule.channels = listeners }
            return rule
        }
    }
}
