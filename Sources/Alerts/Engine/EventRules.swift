internal import Core
internal import Ingest
internal import Postgres

/// Evaluates rules over outbox events, in the transaction that takes the events.
struct EventRules {
    let book: IncidentBook

    /// Fires what an event fires, and resolves what it ends.
    func take(_ outbox: OutboxEvent) throws {
        let event = EventCatalogue.event(of: outbox)
        for ending in event?.ends ?? [] { try book.resolve(ending) }
        for rule in book.configuration.rules {
            switch rule.kind {
            case .eventMatch: try count(outbox, event, rule)
            case .absence, .discoveryStall: try note(outbox, event, rule)
            case _ where rule.isMeasured: break
            default:
                guard let event, rule.covers(event.labels),
                    let finding = EventFinding.finding(event, rule)
                else { continue }
                try book.fire(finding, of: rule)
            }
        }
    }

    /// Remembers when something came whose absence a rule is about.
    private func note(_ outbox: OutboxEvent, _ event: AlertEvent?, _ rule: AlertRule) throws {
        let isMeant =
            rule.kind == .discoveryStall
            ? outbox.kind == "discovery.changed"
            : rule.trigger.word("of") == "event" && EventPattern.names(rule.trigger, outbox.kind)
        guard isMeant, rule.covers(event?.labels ?? [:]) else { return }
        try MatchStore.note(outbox.at, of: rule.id, on: book.connection)
    }

    /// Fires when enough events of a type came within a window.
    private func count(_ outbox: OutboxEvent, _ event: AlertEvent?, _ rule: AlertRule) throws {
        let pattern = EventPattern(rule.trigger)
        guard pattern.matches(outbox), rule.covers(event?.labels ?? ["subject": outbox.subject]) else {
            return
        }
        let count = try MatchStore.add(
            outbox.at,
            of: rule.id,
            within: pattern.window,
            upTo: max(pattern.count, 1000),
            on: book.connection
        )
        guard count >= pattern.count else { return }
        try book.fire(EventFinding.counted(outbox, event, rule, count), of: rule)
    }
}
