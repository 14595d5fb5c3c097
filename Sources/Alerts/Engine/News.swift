internal import Core
internal import Ingest
internal import Notifications
internal import Postgres

/// What people are to be told of incidents, and what is held back: written at once, in the caller's transaction.
struct News {
    let book: IncidentBook
    var records: [IncidentStore.Record] = []
    private var deliveries: [NewDelivery] = []
    private var rules: Set<UUID128> = []
    private var events: [OutboxEvent] = []

    init(book: IncidentBook) { self.book = book }

    func write() throws {
        try DeliveryStore.insert(deliveries, on: book.connection)
        try IncidentStore.store(records, on: book.connection)
        try RuleStore.markFired(rules, on: book.connection)
        try OutboxStore.insert(events, on: book.connection)
    }

    /// Counts a firing that nobody is told of.
    mutating func hold(_ fired: FiredIncident) {
        var incident = fired.incident
        incident.suppressed += fired.count
        records.append(.init(incident: incident))
    }

    // MARK: - Beginnings

    /// Whether people are told now that an incident fires; if not, notes why.
    mutating func isTold(_ incident: inout Incident, _ rule: AlertRule?) -> Bool {
        let silence = book.configuration.silence(of: incident.shownLabels, at: book.now)
        // Its rule is gone or disabled, or it was over before the silence was.
        let isPast =
            rule == nil || (silence == nil && incident.status != .firing && incident.silencedBy != nil)
        if isPast {
            incident.notice = nil
        } else if let silence {
            incident.silencedBy = silence.id
        } else {
            return true
        }
        records.append(.init(incident: incident))
        return false
    }

    /// Writes the deliveries of incidents that begin.
    mutating func tellFiring(_ incidents: [Incident]) throws {
        // Each momentary event is an incident of its own: what was held back of earlier ones is told with this one.
        let earlier = try IncidentStore.takeSuppressed(before: incidents, on: book.connection)
        for var incident in incidents {
            guard let rule = book.rule(of: incident) else { continue }
            incident.suppressed += earlier[incident.id] ?? 0
            var shown = incident
            if incident.flaps == IncidentBook.mostFlaps {
                shown.summary += "\nIt comes and goes: further changes are held back until it is quiet."
            }
            events.append(.fired(shown, at: book.now))
            let message = book.message(.firing, shown, rule)
            for channel in rule.channels.compactMap({ book.configuration.channels[$0] })
            where channel.isEnabled {
                deliver(message, of: incident, rule, over: channel, after: book.options.groupWait)
            }
            incident.notice = nil
            incident.suppressed = 0
            incident.silencedBy = nil
            records.append(.init(incident: incident, news: .told))
            rules.insert(rule.id)
        }
    }

    // MARK: - Ends

    /// Whether people are told now that an incident is over; if it is back, notes that it is not.
    mutating func isOver(_ incident: Incident) -> Bool {
        guard incident.status == .resolved else {
            // An end that was held back is none.
            var incident = incident
            incident.notice = nil
            records.append(.init(incident: incident))
            return false
        }
        let isQuiet = incident.resolvedAt.map { book.now - $0 > book.options.flapWindow } ?? true
        return incident.flaps <= IncidentBook.mostFlaps || isQuiet
    }

    /// Writes the deliveries of incidents that end.
    mutating func tellResolved(_ incidents: [Incident]) throws {
        let heard = try DeliveryStore.told(of: incidents.map(\.id), on: book.connection)
        for var incident in incidents {
            let told = heard[incident.id]
            let channels = told?.channels.compactMap { book.configuration.channels[$0] } ?? []
            let rule = book.rule(of: incident)
            let isForAll = rule?.sendsResolved == true && incident.resolvedBy != "expired"
            let message = ending(of: incident, rule, told?.last)
            for channel in channels where channel.isEnabled && (isForAll || channel.kind.keepsIncidents) {
                deliver(message, of: incident, rule, over: channel, after: .zero)
            }
            incident.notice = nil
            // Who has heard of the end hears of the next beginning.
            let haveAllHeard =
                !channels.isEmpty && channels.count == told?.channels.count
                && channels.allSatisfy(\.kind.keepsIncidents)
            let isOver = rule?.sendsResolved == true || haveAllHeard
            records.append(.init(incident: incident, news: isOver ? .over : .none))
        }
    }

    /// The end of what people were told: receivers that keep incidents know this one by its key and its labels, also
    /// when its rule was changed or deleted meanwhile.
    private func ending(of incident: Incident, _ rule: AlertRule?, _ told: AlertNotification?)
        -> AlertNotification
    {
        var message = book.message(.resolved, incident, rule)
        guard let told else { return message }
        if told.dialect != message.dialect {
            message = IncidentMessage(incident, publicURL: book.options.publicURL, deliverable: [])
                .notification(.resolved, told.dialect)
        }
        message.incident = told.incident
        message.labels = told.labels
        message.severity = told.severity
        message.startedAt = told.startedAt
        return message
    }

    private mutating func deliver(
        _ message: AlertNotification,
        of incident: Incident,
        _ rule: AlertRule?,
        over channel: StoredChannel,
        after wait: Duration
    ) {
        var message = message
        message.id = .timeOrdered()
        deliveries.append(
            NewDelivery(
                message: message,
                state: message.state.rawValue,
                rule: rule?.id,
                channel: channel.id,
                incident: incident.id,
                wait: wait,
                mostAttempts: book.options.mostAttempts
            )
        )
    }
}
