internal import Core
internal import Ingest
internal import Notifications
internal import Postgres

/// What a rule would have fired in the last day, without storing or sending anything.
struct RulePreview {
    /// One message that people would have got.
    struct Firing: Sendable {
        let at: Timestamp
        let finding: Finding
    }

    /// How far it looks back.
    static let span = Duration.seconds(86_400)
    /// How many events it looks at, and how many firings it shows.
    static let mostEvents = 50_000
    static let mostFirings = 500
    /// How many moments of the day measured values are asked for.
    static let moments = 48

    let rule: AlertRule
    let measured: MeasuredRules
    let now: Timestamp

    private(set) var firings: [Firing] = []
    /// Everything that fired, with what a cooldown would have held back.
    private(set) var count = 0
    /// How many events, or moments, were looked at.
    private(set) var looked = 0
    private(set) var notes: [String] = []
    private var told: [String: Timestamp] = [:]

    init(rule: AlertRule, measured: MeasuredRules, now: Timestamp) {
        self.rule = rule
        self.measured = measured
        self.now = now
    }

    /// The events of the last day, which `replay` takes.
    func events(on connection: Connection) throws -> [OutboxEvent] {
        try OutboxStore.recent(since: now - Self.span, atMost: Self.mostEvents, on: connection)
    }

    // MARK: - Events

    /// Runs a rule over events; needs no connection, so that it holds none up.
    mutating func replay(_ events: [OutboxEvent]) {
        looked = events.count
        if events.count == Self.mostEvents {
            notes.append("Only the last \(Self.mostEvents) events were looked at.")
        }
        notes.append("Events are kept for a day after they were read; earlier ones are not looked at.")
        var matches: [Timestamp] = []
        var first = 0
        for outbox in events where !outbox.isOfAlerts {
            let event = EventCatalogue.event(of: outbox)
            for ending in event?.ends ?? [] { forget(ending) }
            if rule.kind == .eventMatch {
                let pattern = EventPattern(rule.trigger)
                guard pattern.matches(outbox) else { continue }
                matches.append(outbox.at)
                while outbox.at - matches[first] > pattern.window { first += 1 }
                let count = matches.count - first
                guard count >= pattern.count else { continue }
                fire(EventFinding.counted(outbox, event, rule, count), at: outbox.at)
            } else if let event, rule.covers(event.labels), let finding = EventFinding.finding(event, rule) {
                fire(finding, at: outbox.at)
            }
        }
    }

    /// An incident that is over is told anew.
    private mutating func forget(_ ending: AlertEvent.Ending) {
        guard rule.sendsResolved else { return }
        let over = firings.last { firing in
            firing.finding.labels[ending.label] == ending.value
                && ending.events.contains { $0.rawValue == firing.finding.event }
        }
        if let over { told[share(over.finding)] = nil }
    }

    // MARK: - Measured values

    /// Runs a rule over values.
    mutating func measure(on connection: Connection) throws {
        guard MeasuredCondition.looksBack(rule) else {
            notes.append("What this rule looks at is known for the present only: this is what fires now.")
            looked = 1
            for finding in try findings(at: now, on: connection) { fire(finding, at: now) }
            return
        }
        notes.append(
            "Looked at every \(Int(Self.span / .seconds(60)) / Self.moments) minutes of the last day."
        )
        var open: [String: Timestamp] = [:]
        let condition = MeasuredCondition(rule: rule, now: now)
        for step in (0..<Self.moments).reversed() {
            let moment = now - Self.span / Self.moments * step
            looked += 1
            let found = try findings(at: moment, on: connection)
            open = open.filter { key, _ in found.contains { $0.key == key } }
            for finding in found {
                let since = open[finding.key] ?? moment
                let isNew = open[finding.key] == nil
                open[finding.key] = since
                if isNew || rule.kind.repeats,
                    moment - since >= condition.duration || condition.duration == .zero
                {
                    fire(finding, at: moment)
                }
            }
        }
    }

    private func findings(at moment: Timestamp, on connection: Connection) throws -> [Finding] {
        var answers = MeasuredAnswers(
            source: measured.source,
            registry: measured.registry(),
            instance: measured.instance
        )
        return try MeasuredCondition(rule: rule, now: moment).findings(&answers, on: connection)
    }

    // MARK: - Counting

    private mutating func fire(_ finding: Finding, at time: Timestamp) {
        count += 1
        let key = share(finding)
        if let last = told[key], time - last < .seconds(rule.cooldown) { return }
        told[key] = time
        guard firings.count < Self.mostFirings else { return }
        firings.append(Firing(at: time, finding: finding))
    }

    /// What shares a cooldown with a finding.
    private func share(_ finding: Finding) -> String {
        switch rule.dedupeBy {
        case .rule: ""
        case .project: finding.labels["project"] ?? ""
        case .subject: finding.key
        }
    }
}
