internal import Core
internal import Postgres
internal import Schedules

/// A dead man's switch: something that should have come has not.
struct AbsenceCondition {
    let rule: AlertRule
    let now: Timestamp

    private var trigger: TriggerConfig { rule.trigger }

    func findings(_ answers: inout MeasuredAnswers, on connection: Connection) throws -> [Finding] {
        switch trigger.word("of") {
        case "heartbeat":
            try missing(
                answers.values(of: .components, at: now, on: connection),
                "since_heartbeat",
                "component"
            )
        case "run":
            try missing(answers.values(of: .lastRuns, at: now, on: connection), "since_start", "agent")
        case "success":
            try missing(answers.values(of: .lastRuns, at: now, on: connection), "since_success", "agent")
        default: try event(connection)
        }
    }

    /// What was last seen longer ago than it may be. Something that is named and was never seen is missing, too.
    private func missing(_ values: [MeasuredValue], _ number: String, _ label: String) -> [Finding] {
        let pattern = trigger.text(label)
        let glob = pattern.map(Glob.init)
        var found = values.filter { value in
            rule.covers(value.labels) && (glob.map { $0.matches(value.labels[label] ?? "") } ?? true)
        }
        if found.isEmpty, let pattern, !pattern.contains("*") {
            found = [MeasuredValue([label: pattern], [:])]
        }
        return found.compactMap { value in
            let seen = value.numbers[number].map { now - .seconds($0) }
            guard isLate(seen ?? rule.createdAt) else { return nil }
            let name = value.labels[label] ?? "?"
            let when = seen.map { MeasuredCondition.duration((now - $0) / .seconds(1)) + " ago" } ?? "never"
            return make(value, "\(label)=\(name)", "\(name): the last \(trigger.word("of")) was \(when)")
        }
    }

    private func event(_ connection: Connection) throws -> [Finding] {
        let seen = try MatchStore.last(of: rule.id, on: connection)
        guard isLate(seen ?? rule.createdAt) else { return [] }
        let type = trigger.text("event_type") ?? ""
        let when = seen.map { MeasuredCondition.duration((now - $0) / .seconds(1)) + " ago" } ?? "never"
        return [make(MeasuredValue([:], [:]), type, "The last event \(type) came \(when)")]
    }

    private func make(_ value: MeasuredValue, _ key: String, _ text: String) -> Finding {
        let isHeartbeat = trigger.word("of") == "heartbeat"
        return MeasuredCondition(rule: rule, now: now).finding(
            value,
            "\(rule.kind.rawValue)/\(trigger.word("of"))/\(key)",
            event: isHeartbeat ? EventName.workerHeartbeatLost.rawValue : EventName.checkMissed.rawValue,
            title: rule.name,
            text,
            value: 0
        )
    }

    /// Whether something last seen at a moment should have been seen since.
    private func isLate(_ seen: Timestamp) -> Bool {
        let grace = Duration.seconds(trigger.number("grace_seconds"))
        if let cron = trigger.text("cron") {
            guard let due = Calendars.lastDue(cron, zone: trigger.text("time_zone"), before: now - grace)
            else {
                return false
            }
            return seen < due && rule.createdAt < due
        }
        return now - seen > .seconds(trigger.number("period_seconds")) + grace
    }
}

/// Cron expressions, as rules and windows use them.
enum Calendars {
    /// When one was due last before a moment; nil when it is not one, or never was.
    static func lastDue(_ cron: String, zone: String?, before moment: Timestamp) -> Timestamp? {
        (try? Schedule(cron: cron, timeZone: zone ?? "UTC"))?.last(atOrBefore: moment)
    }
}
