internal import Core
internal import Logging
internal import Metrics
internal import Postgres

/// Evaluates rules over measured values.
struct MeasuredRules: Sendable {
    let source: any MeasuredValues
    /// What this Weir measures of itself.
    let registry: @Sendable () -> MetricsSnapshot
    /// Tells this Weir from others in the keys of what it measures of itself.
    let instance: String
    let logger: Logger

    /// Evaluates the rules that are due. Each is evaluated in a transaction of its own: one that fails does not stop
    /// others.
    func evaluate(
        _ rules: [AlertRule],
        every interval: Duration,
        on connection: Connection,
        _ book: () throws -> IncidentBook
    ) throws {
        let measured = rules.filter { $0.isMeasured }
        guard !measured.isEmpty else { return }
        let shared = measured.filter { !$0.isOwn }.map(\.id)
        // A little less than the interval: a rule that this pass has missed by a moment would wait for two.
        let due = try RuleStore.claimDue(shared, every: interval * 0.9, on: connection)
        let open = try OpenRules.fetch(on: connection)
        var answers = MeasuredAnswers(source: source, registry: registry(), instance: instance)
        for rule in measured where rule.isOwn || due.contains(rule.id) {
            do {
                try evaluate(rule, &answers, open, on: connection, book)
            } catch let error as PostgresError where error.isRetryable {
                throw error
            } catch {
                logger.warning(
                    "an alert rule cannot be evaluated",
                    metadata: ["rule": "\(rule.name)", "error": "\(error)"]
                )
                try RuleStore.note("\(error)", of: rule.id, on: connection)
            }
        }
    }

    private func evaluate(
        _ rule: AlertRule,
        _ answers: inout MeasuredAnswers,
        _ open: OpenRules,
        on connection: Connection,
        _ book: () throws -> IncidentBook
    ) throws {
        let now = Timestamp.now()
        let condition = MeasuredCondition(rule: rule, now: now)
        let findings = try condition.findings(&answers, on: connection).map { finding in
            guard rule.isOwn else { return finding.inWords(of: rule).bounded }
            var own = finding
            own.key = "\(instance)/\(finding.key)"
            return own.bounded
        }
        let isQuiet = findings.isEmpty && !open.contains(rule.id)
        // Most rules of most passes.
        if isQuiet, rule.evaluationError == nil { return }
        try connection.transaction {
            let book = try book()
            let held = try ConditionStore.hold(
                findings.map(\.key),
                of: rule.id,
                under: rule.isOwn ? "\(instance)/" : "",
                for: condition.duration,
                on: connection
            )
            var firings = Firings()
            for finding in findings where held.contains(finding.key) { firings.add(finding, of: rule) }
            try book.fire(firings.takeAll())
            if rule.kind.endsByItself {
                try book.resolve(rule, except: findings.map(\.key), under: rule.isOwn ? "\(instance)/" : "")
            }
            try RuleStore.note(nil, of: rule.id, on: connection)
        }
    }
}

extension AlertRule {
    /// Whether it is evaluated at intervals.
    var isMeasured: Bool { kind.evaluation != .immediate }

    /// Whether each Weir evaluates it for itself.
    var isOwn: Bool {
        kind.evaluation == .own
            || (kind == .metricThreshold && trigger.text("metric")?.hasPrefix("weir_") == true)
    }
}

/// The rules that have something open: a firing incident, or a condition that holds.
struct OpenRules {
    private let rules: Set<UUID128>

    static func fetch(on connection: Connection) throws -> OpenRules {
        let rows = try connection.execute(
            Statement(
                "open alert rules",
                """
                SELECT rule_id FROM alert_incident WHERE status = 'firing' AND rule_id IS NOT NULL
                UNION
                SELECT rule_id FROM alert_condition
                """
            ),
            []
        )
        return OpenRules(rules: Set(try rows.map { try $0.uuid("rule_id") }))
    }

    func contains(_ rule: UUID128) -> Bool { rules.contains(rule) }
}

/// The SQL of `alert_condition`: since when conditions hold.
enum ConditionStore {
    /// Notes which conditions of a rule hold now, of those whose keys begin with the prefix.
    ///
    /// - Returns: those that have held for the duration.
    static func hold(
        _ keys: [String],
        of rule: UUID128,
        under prefix: String,
        for duration: Duration,
        on connection: Connection
    ) throws -> Set<String> {
        guard duration > .zero else { return Set(keys) }
        let parameters: [Parameter] = [.uuid(rule), .textArray(keys.map(Optional.some))]
        // Another Weir may keep conditions of the same rule.
        let ended = parameters + [.text(prefix)]
        try connection.execute(
            Statement(
                "alert conditions that ended",
                """
                DELETE FROM alert_condition
                WHERE rule_id = $1 AND NOT (key = ANY ($2::text[])) AND starts_with(key, $3)
                """
            ),
            ended
        )
        try connection.execute(
            Statement(
                "alert conditions that hold",
                """
                INSERT INTO alert_condition (rule_id, key, since)
                SELECT $1::uuid, key, now() FROM unnest($2::text[]) AS k (key)
                ON CONFLICT (rule_id, key) DO NOTHING
                """
            ),
            parameters
        )
        let rows = try connection.execute(
            Statement(
                "alert conditions that have held",
                """
                SELECT key FROM alert_condition
                WHERE rule_id = $1
                  -- A clock that was set back must not hold a condition back for as long.
                  AND (since <= now() - $2 * interval '1 second' OR since > now() + interval '1 minute')
                """
            ),
            [.uuid(rule), .double(duration / .seconds(1))]
        )
        return Set(try rows.map { try $0.text("key") })
    }
}
