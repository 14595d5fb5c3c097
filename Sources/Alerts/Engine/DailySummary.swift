internal import Core
internal import Postgres

/// A digest of what happened within a window. Contract beampipe §4.6, `daily_summary`.
struct DailySummary {
    let rule: AlertRule
    let now: Timestamp

    private var hours: Int {
        let hours = rule.trigger.number("window_hours")
        return hours > 0 ? Int(hours.rounded(.up)) : 24
    }

    /// One for each active project, when the last one is older than the window.
    func findings(_ answers: inout MeasuredAnswers, on connection: Connection) throws -> [Finding] {
        let rows = try connection.execute(
            Statement(
                "alert rule is due",
                """
                SELECT last_fired_at IS NULL OR last_fired_at <= now() - $2 * interval '1 hour' AS due
                FROM alert_rule WHERE uuid = $1
                """
            ),
            [.uuid(rule.id), .int(hours)]
        )
        guard try rows.first?.bool("due") == true else { return [] }
        var values = try answers.values(of: .totals(hours: hours), at: now, on: connection)
            .filter { rule.covers($0.labels) }
        // Of a project that was named, people hear that nothing happened.
        if values.isEmpty, let project = rule.project { values = [MeasuredValue(["project": project], [:])] }
        return values.map(finding)
    }

    private func finding(_ value: MeasuredValue) -> Finding {
        let project = value.labels["project"] ?? ""
        let (completed, failed) = (value.number("runs_completed"), value.number("runs_failed"))
        let text =
            "\(project): \(MeasuredCondition.shown(completed)) runs completed and "
            + "\(MeasuredCondition.shown(failed)) failed within \(hours) hours; "
            + "\(MeasuredCondition.shown(value.number("pending"))) tasks wait"
        var made = MeasuredCondition(rule: rule, now: now).finding(
            value,
            "\(rule.kind.rawValue)/\(project)",
            event: rule.kind.rawValue,
            title: "Summary of \(hours) hours",
            text,
            value: completed + failed
        )
        made.isMomentary = true
        var links = JSONWriter()
        links.object { object in
            object.member("window_hours", hours)
            object.member("discoveries_changed", Int64(value.number("discoveries_changed")))
            object.member("executions_completed", Int64(completed))
            object.member("executions_failed", Int64(failed))
            object.member("executions_uncertain", Int64(value.number("runs_uncertain")))
            object.member("pending", Int64(value.number("pending")))
        }
        made.links = links.bytes
        return made
    }
}
