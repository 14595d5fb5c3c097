internal import Core
internal import Ingest
internal import Postgres

/// Evaluates rules over a batch of outbox events, in the transaction that takes the events.
struct EventRules {
    /// How many firings are stored at once.
    private static let storedAtOnce = 500

    let book: IncidentBook
    // What events have fired that is not stored yet.
    private var firings = Firings()
    // The events of which incidents fire; nil before somebody asks.
    private var firing: Set<String>?
    private var windows: [UUID128: MatchWindow] = [:]
    private var seen: [UUID128: Timestamp] = [:]

    init(book: IncidentBook) { self.book = book }

    /// Fires what an event fires, and resolves what it ends; an event of alerts does neither.
    mutating func take(_ outbox: OutboxEvent) throws {
        guard !outbox.isOfAlerts else { return }
        let event = EventCatalogue.event(of: outbox)
        try end(event?.ends ?? [])
        for rule in book.configuration.rules {
            switch rule.kind {
            case .eventMatch: try count(outbox, event, rule)
            case .absence, .discoveryStall: note(outbox, event, rule)
            case _ where rule.isMeasured: break
            default:
                guard let event, rule.covers(event.labels),
                    let finding = EventFinding.finding(event, rule)
                else { continue }
                fire(finding, of: rule)
            }
        }
        if firings.list.count >= Self.storedAtOnce { try book.fire(firings.takeAll()) }
    }

    private mutating func fire(_ finding: Finding, of rule: AlertRule) {
        firings.add(finding, of: rule)
        firing?.insert(finding.event)
    }

    /// Ends incidents, after what came before is stored.
    private mutating func end(_ endings: [AlertEvent.Ending]) throws {
        guard !endings.isEmpty else { return }
        let firing =
            try firing
            ?? IncidentStore.firingEvents(on: book.connection).union(firings.list.map(\.finding.event))
        self.firing = firing
        for ending in endings where ending.events.contains(where: { firing.contains($0.rawValue) }) {
            try book.fire(firings.takeAll())
            try book.resolve(ending)
        }
    }

    /// Stores what the events of the batch have done.
    mutating func finish() throws {
        try book.fire(firings.takeAll())
        for window in windows.values { try window.store(on: book.connection) }
        for (rule, time) in seen {
            try MatchStore.note([time], forgettingBefore: time, of: rule, on: book.connection)
        }
        windows = [:]
        seen = [:]
    }

    /// Remembers when something came whose absence a rule is about.
    private mutating func note(_ outbox: OutboxEvent, _ event: AlertEvent?, _ rule: AlertRule) {
        let isMeant =
            rule.kind == .discoveryStall
            ? outbox.kind == "discovery.changed"
            : rule.trigger.word("of") == "event" && EventPattern.names(rule.trigger, outbox.kind)
        guard isMeant, rule.covers(event?.labels ?? [:]) else { return }
        seen[rule.id] = max(seen[rule.id] ?? outbox.at, outbox.at)
    }

    /// Fires when enough events of a type came within a window.
    private mutating func count(_ outbox: OutboxEvent, _ event: AlertEvent?, _ rule: AlertRule) throws {
        let pattern = EventPattern(rule.trigger)
        guard pattern.matches(outbox), rule.covers(event?.labels ?? ["subject": outbox.subject]) else {
            return
        }
        guard pattern.count > 1 else {
            return fire(EventFinding.counted(outbox, event, rule, 1), of: rule)
        }
        var window =
            try windows[rule.id]
            ?? MatchWindow(of: rule.id, counting: max(pattern.count, 1000), on: book.connection)
        let count = window.add(outbox.at, within: pattern.window)
        windows[rule.id] = window
        guard count >= pattern.count else { return }
        fire(EventFinding.counted(outbox, event, rule, count), of: rule)
    }
}
