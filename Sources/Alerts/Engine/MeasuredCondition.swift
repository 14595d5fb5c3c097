internal import Core
internal import Metrics
internal import Notifications
internal import Postgres

/// What a measured rule says of the values of one moment.
struct MeasuredCondition {
    let rule: AlertRule
    let now: Timestamp

    private var trigger: TriggerConfig { rule.trigger }

    /// How long a condition must hold before it fires.
    var duration: Duration {
        switch rule.kind {
        case .metricThreshold, .failureRatio, .lag, .pendingBacklog: .seconds(trigger.number("for_seconds"))
        default: .zero
        }
    }

    /// Whether what a rule looks at is known for earlier moments, too.
    static func looksBack(_ rule: AlertRule) -> Bool {
        switch rule.kind {
        case .failureRatio, .retryStorm: true
        case .metricThreshold: !rule.isOwn
        default: false
        }
    }

    /// What is wrong now.
    func findings(_ answers: inout MeasuredAnswers, on connection: Connection) throws -> [Finding] {
        switch rule.kind {
        case .metricThreshold: try threshold(&answers, connection)
        case .failureRatio: try failureRatio(&answers, connection)
        case .retryStorm: try retryStorm(&answers, connection)
        case .runStuck, .runSlow: try runs(&answers, connection)
        case .pendingBacklog, .pendingStale: try pending(&answers, connection)
        case .absence: try AbsenceCondition(rule: rule, now: now).findings(&answers, on: connection)
        case .discoveryStall: try discoveryStall(connection)
        case .deadLetters: try deadLetters(&answers, connection)
        case .lag, .disk: own(answers)
        case .dailySummary: try DailySummary(rule: rule, now: now).findings(&answers, on: connection)
        // Evaluated where PostgreSQL is not needed: here it is there.
        case .dependencyDown: []
        case .executionTerminal, .discoveryChanged, .eventMatch, .executionStatus, .event: []
        }
    }

    // MARK: - Kinds

    private func threshold(_ answers: inout MeasuredAnswers, _ connection: Connection) throws -> [Finding] {
        guard let metric = trigger.text("metric"),
            let comparator = Comparator(rawValue: trigger.word("comparator"))
        else { return [] }
        let limit = trigger.number("threshold")
        return try MetricLookup(rule: rule, metric: metric).values(&answers, at: now, on: connection)
            .filter { rule.covers($0.labels) && comparator.holds($0.number("value"), limit) }
            .map { value in
                let number = Self.shown(value.number("value"))
                return finding(
                    value,
                    "\(metric)\(Self.text(value.labels))",
                    event: metric.contains("queue")
                        ? EventName.queueBacklogHigh.rawValue : rule.kind.rawValue,
                    title: rule.name,
                    "\(metric) is \(number), \(comparator.words) \(Self.shown(limit))\(Self.of(value))",
                    value: value.number("value")
                )
            }
    }

    private func failureRatio(_ answers: inout MeasuredAnswers, _ connection: Connection) throws -> [Finding]
    {
        let minutes = Int(trigger.number("window_minutes"))
        let of = trigger.word("of")
        let question: MeasuredQuestion =
            switch of {
            case "pipeline": .pipelines(minutes: minutes)
            case "agent": .agents(minutes: minutes)
            default: .processes(minutes: minutes, hasDurations: false)
            }
        let (limit, least) = (trigger.number("threshold"), trigger.number("min_count"))
        return try answers.values(of: question, at: now, on: connection).compactMap { value in
            let (finished, failed) = (value.number("finished"), value.number("failed"))
            guard rule.covers(value.labels), finished >= least, failed / max(finished, 1) >= limit else {
                return nil
            }
            let share = Self.shown((failed / finished * 1000).rounded() / 10)
            let event: EventName = of == "process" ? .stageFailed : .pipelineFailed
            return finding(
                value,
                "\(rule.kind.rawValue)/\(of)\(Self.text(value.labels))",
                event: event.rawValue,
                title: "Fails unusually often",
                "\(Self.shown(failed)) of \(Self.shown(finished)) failed (\(share) %) within \(minutes) minutes\(Self.of(value))",
                value: failed / finished
            )
        }
    }

    private func retryStorm(_ answers: inout MeasuredAnswers, _ connection: Connection) throws -> [Finding] {
        let minutes = Int(trigger.number("window_minutes"))
        let limit = trigger.number("threshold")
        return
            try answers
            .values(of: .processes(minutes: minutes, hasDurations: false), at: now, on: connection)
            .filter { rule.covers($0.labels) && $0.number("retried") >= limit }
            .map { value in
                finding(
                    value,
                    "\(rule.kind.rawValue)\(Self.text(value.labels))",
                    event: rule.kind.rawValue,
                    title: "Retry storm",
                    "\(Self.shown(value.number("retried"))) attempts were retried within \(minutes) minutes\(Self.of(value))",
                    value: value.number("retried")
                )
            }
    }

    private func runs(_ answers: inout MeasuredAnswers, _ connection: Connection) throws -> [Finding] {
        try answers.values(of: .openRuns, at: now, on: connection).compactMap { value in
            guard rule.covers(value.labels), let text = runIssue(value) else { return nil }
            let pipeline = value.labels["pipeline"] ?? "?"
            var made = finding(
                value,
                "\(EventName.pipelineStuck.rawValue):\(pipeline)",
                event: EventName.pipelineStuck.rawValue,
                title: rule.kind == .runSlow ? "Slower than usual" : EventName.pipelineStuck.title,
                "Run \(value.labels["pipeline_name"] ?? pipeline) \(text)",
                value: value.number("age")
            )
            made.alert = rule.kind.rawValue
            return made
        }
    }

    /// Nil when a run is as it should be.
    private func runIssue(_ value: MeasuredValue) -> String? {
        let age = value.number("age")
        if rule.kind == .runSlow {
            guard let usual = value.numbers["usual"], usual > 0 else { return nil }
            guard age > usual * trigger.number("factor"), age >= trigger.number("min_seconds") else {
                return nil
            }
            return "has run for \(Self.duration(age)), usually at most \(Self.duration(usual))"
        }
        let limit = trigger.number("after_seconds")
        if trigger.word("since") == "start" {
            return age > limit ? "has run for \(Self.duration(age))" : nil
        }
        let idle = value.number("idle")
        return idle > limit ? "was last heard of \(Self.duration(idle)) ago" : nil
    }

    private func pending(_ answers: inout MeasuredAnswers, _ connection: Connection) throws -> [Finding] {
        try answers.values(of: .pending, at: now, on: connection).compactMap { value in
            guard rule.covers(value.labels) else { return nil }
            let (tasks, oldest) = (value.number("tasks"), value.number("oldest"))
            let isBacklog = rule.kind == .pendingBacklog
            guard
                isBacklog ? tasks >= trigger.number("threshold") : oldest >= trigger.number("max_age_seconds")
            else { return nil }
            let text =
                isBacklog
                ? "\(Self.shown(tasks)) tasks wait to be started"
                : "The oldest task has waited for \(Self.duration(oldest)) to be started"
            return finding(
                value,
                "\(rule.kind.rawValue)\(Self.text(value.labels))",
                event: EventName.queueBacklogHigh.rawValue,
                title: EventName.queueBacklogHigh.title,
                text + Self.of(value),
                value: isBacklog ? tasks : oldest
            )
        }
    }

    private func discoveryStall(_ connection: Connection) throws -> [Finding] {
        let window = Duration.seconds(trigger.number("window_minutes") * 60)
        let last = try MatchStore.last(of: rule.id, on: connection) ?? rule.createdAt
        guard now - last >= window else { return [] }
        let labels = rule.project.map { ["project": $0] } ?? [:]
        let value = MeasuredValue(labels, [:])
        return [
            finding(
                value,
                rule.kind.rawValue,
                event: rule.kind.rawValue,
                title: "Discovery stalled",
                "No source has changed for \(Self.duration((now - last) / .seconds(1)))\(Self.of(value))",
                value: (now - last) / .seconds(1)
            )
        ]
    }

    private func deadLetters(_ answers: inout MeasuredAnswers, _ connection: Connection) throws -> [Finding] {
        let limit = trigger.number("threshold")
        return try answers.values(of: .deadLetters, at: now, on: connection)
            .filter { $0.number("count") > limit }
            .map { value in
                let stream = value.labels["stream"] ?? "?"
                return finding(
                    value,
                    "dlq:\(stream)",
                    event: EventName.deadLetterDetected.rawValue,
                    title: EventName.deadLetterDetected.title,
                    "\(Self.shown(value.number("count"))) elements of \(stream) were refused by PostgreSQL: see `weir dead-letters`",
                    value: value.number("count")
                )
            }
    }

    /// What this Weir measures of itself.
    private func own(_ answers: MeasuredAnswers) -> [Finding] {
        rule.kind == .disk ? disk(answers) : lag(answers)
    }

    private func disk(_ answers: MeasuredAnswers) -> [Finding] {
        guard let free = answers.registry.numbers("weir_disk_free_bytes").first?.value,
            let size = answers.registry.numbers("weir_disk_size_bytes").first?.value, size > 0
        else { return [] }
        let used = (1 - free / size) * 100
        guard used >= trigger.number("threshold_percent") else { return [] }
        return [
            finding(
                MeasuredValue(["instance": answers.instance], [:]),
                "disk",
                event: rule.kind.rawValue,
                title: "Disk is filling up",
                "The journal's disk of \(answers.instance) is \(Self.shown(used.rounded())) % full",
                value: used
            )
        ]
    }

    private func lag(_ answers: MeasuredAnswers) -> [Finding] {
        let limit = trigger.number("threshold_seconds")
        return answers.registry.numbers("weir_loader_lag_seconds").filter { $0.value >= limit }.map {
            reading in
            let stream = reading.labels.first { $0.name == "stream" }?.value ?? "?"
            return finding(
                MeasuredValue(["instance": answers.instance, "stream": stream], [:]),
                "lag/\(stream)",
                event: rule.kind.rawValue,
                title: "Loading lags",
                "The stream \(stream) of \(answers.instance) is \(Self.duration(reading.value)) behind",
                value: reading.value
            )
        }
    }

    // MARK: - Pieces

    func finding(
        _ value: MeasuredValue,
        _ key: String,
        event: String,
        title: String,
        _ summary: String,
        value number: Double
    ) -> Finding {
        var labels = value.labels
        if labels["project"] == nil, let project = rule.project { labels["project"] = project }
        return Finding(
            key: key,
            event: event,
            alert: rule.kind.rawValue,
            severity: rule.severity ?? .warning,
            title: title,
            summary: summary,
            labels: labels,
            facts: value.numbers.sorted { $0.key < $1.key }.map { name, number in
                .init(name: name, json: Array(Self.shown(number).utf8))
            },
            value: number,
            at: now
        )
    }

    /// `/project=x/process=y`, in the order of the names.
    static func text(_ labels: [String: String]) -> String {
        labels.sorted { $0.key < $1.key }.map { "/\($0.key)=\($0.value)" }.joined()
    }

    /// ` (project x, process y)`, or nothing.
    static func of(_ value: MeasuredValue) -> String {
        let parts = value.labels.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        return parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))"
    }

    static func shown(_ number: Double) -> String {
        guard number.isFinite else { return "0" }
        if let whole = Int64(exactly: number) { return String(whole) }
        return String((number * 1000).rounded() / 1000)
    }

    /// `3 h 20 min`, `45 s`.
    static func duration(_ seconds: Double) -> String {
        let whole = Int64(max(0, min(seconds, 1e12)))
        if whole < 120 { return "\(whole) s" }
        if whole < 7200 { return "\(whole / 60) min" }
        if whole < 172_800 { return "\(whole / 3600) h \(whole / 60 % 60) min" }
        return "\(whole / 86_400) days"
    }
}
