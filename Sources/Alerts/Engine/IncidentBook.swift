internal import Core
internal import Notifications
internal import Postgres

/// Turns findings into incidents, and incidents into deliveries, in the caller's transaction.
struct IncidentBook {
    /// How often an incident may come back soon after its end before changes are held back.
    static let mostFlaps = 4

    let configuration: AlertConfiguration
    let options: Options
    let connection: Connection
    /// PostgreSQL's clock.
    let now: Timestamp

    /// What an operator can set.
    struct Options: Sendable {
        /// An incident that comes back within it is the same one.
        var flapWindow = Duration.seconds(600)
        /// How long a delivery waits for more of the same.
        var groupWait = Duration.milliseconds(500)
        var mostAttempts = 8
        /// Where people reach this Weir: `https://weir.example.org`; nil for no links.
        var publicURL: String?
    }

    // MARK: - Firing

    /// A rule has found something.
    func fire(_ finding: Finding, of rule: AlertRule) throws {
        let outcome = try IncidentStore.fire(
            finding.bounded,
            of: rule,
            flapWindow: options.flapWindow,
            on: connection
        )
        switch outcome {
        case nil: break
        case .began(let incident): try tell(incident, of: rule, isNew: true)
        case .goesOn(let incident): try tell(incident, of: rule, isNew: false)
        }
    }

    private func tell(_ incident: Incident, of rule: AlertRule, isNew: Bool) throws {
        var incident = incident
        // People who know of it hear no more of it; one whose notice is held back hears of it when that ends.
        guard incident.acknowledgedAt == nil, incident.flaps <= Self.mostFlaps else {
            return try hold(&incident)
        }
        if try DeliveryStore.refresh(message(.firing, incident, rule), of: incident.id, on: connection) {
            return
        }
        // A condition that goes on is no news.
        if !isNew, rule.isMeasured, !rule.kind.repeats { return }
        if try IncidentStore.isCoolingDown(incident, of: rule, on: connection) {
            return try hold(&incident)
        }
        incident.notice = .firing
        try announce(incident, of: rule)
    }

    /// Counts a firing that nobody is told of.
    private func hold(_ incident: inout Incident) throws {
        incident.suppressed += 1
        try IncidentStore.store(incident, wasTold: false, on: connection)
    }

    /// Stores an incident of which people were told while PostgreSQL was away, and ends it.
    func recordTold(
        _ finding: Finding,
        of rule: AlertRule,
        _ sent: [(channel: UUID128, message: AlertNotification)]
    ) throws {
        let outcome = try IncidentStore.fire(
            finding,
            of: rule,
            flapWindow: options.flapWindow,
            on: connection
        )
        guard let incident = outcome?.incident else { return }
        for (channel, message) in sent where configuration.channels[channel] != nil {
            let delivery = NewDelivery(
                message: message,
                state: message.state.rawValue,
                rule: rule.id,
                channel: channel,
                incident: incident.id,
                wait: .zero,
                mostAttempts: options.mostAttempts
            )
            try DeliveryStore.insertSent(delivery, on: connection)
        }
        try IncidentStore.store(incident, wasTold: true, on: connection)
        try RuleStore.markFired(rule.id, on: connection)
        try resolve(rule, except: [], under: finding.key)
    }

    // MARK: - Ends

    /// The conditions of a rule hold for these keys only, of those that begin with the prefix.
    func resolve(_ rule: AlertRule, except keys: [String], under prefix: String) throws {
        let over = try IncidentStore.resolve(
            of: rule.id,
            except: keys,
            under: prefix,
            by: "condition",
            on: connection
        )
        for incident in over { try finish(incident, rule) }
    }

    /// An event ends what earlier ones began, in every rule.
    func resolve(_ ending: AlertEvent.Ending) throws {
        for incident in try IncidentStore.resolve(ending, on: connection) {
            try finish(incident, rule(of: incident))
        }
    }

    /// Incidents that nothing ends are over after a time; only receivers that keep them are told.
    func expire(_ events: [EventName], after age: Duration) throws {
        for incident in try IncidentStore.expire(events, after: age, on: connection) {
            try finish(incident, rule(of: incident))
        }
    }

    /// Incidents of rules that are deleted, disabled or no longer in force are over: nothing else would end them.
    func resolveOrphans() throws {
        let inForce = configuration.rules.map(\.id)
        for incident in try IncidentStore.resolveOrphans(inForce, on: connection) {
            try finish(incident, rule(of: incident))
        }
    }

    /// Tells people of an end, if they were told of the beginning.
    func finish(_ incident: Incident, _ rule: AlertRule?) throws {
        var incident = incident
        guard incident.notifiedAt != nil, incident.flaps <= Self.mostFlaps else {
            // Of one that comes and goes, people hear when it has been quiet for a while.
            incident.notice = incident.notifiedAt != nil ? .resolved : nil
            return try IncidentStore.store(incident, wasTold: false, on: connection)
        }
        incident.notice = .resolved
        try announce(incident, of: rule)
    }

    // MARK: - Telling people

    /// Tells people what was held back, where that is over.
    func announceHeld() throws {
        for incident in try IncidentStore.withNotice(atMost: 500, on: connection) {
            try announce(incident, of: rule(of: incident))
        }
    }

    /// Writes the deliveries of an incident's notice, unless it is held back.
    private func announce(_ incident: Incident, of rule: AlertRule?) throws {
        var incident = incident
        switch incident.notice {
        case nil: return
        case .firing:
            // Its rule is gone or disabled.
            guard let rule else { return try drop(&incident) }
            if let silence = configuration.silence(of: silenced(incident), at: now) {
                incident.silencedBy = silence.id
                return try IncidentStore.store(incident, wasTold: false, on: connection)
            }
            guard incident.status == .firing || incident.silencedBy == nil else { return try drop(&incident) }
            try tellFiring(&incident, rule)
        case .resolved:
            // It is back: an end that was held back is none.
            guard incident.status == .resolved else { return try drop(&incident) }
            let isQuiet = incident.resolvedAt.map { now - $0 > options.flapWindow } ?? true
            guard incident.flaps <= Self.mostFlaps || isQuiet else { return }
            try tellResolved(&incident, rule)
        }
    }

    /// One that was over before the silence was.
    private func drop(_ incident: inout Incident) throws {
        incident.notice = nil
        try IncidentStore.store(incident, wasTold: false, on: connection)
    }

    private func tellFiring(_ incident: inout Incident, _ rule: AlertRule) throws {
        let channels = rule.channels.compactMap { configuration.channels[$0] }.filter(\.isEnabled)
        // Each momentary event is an incident of its own: what was held back of earlier ones is told with this one.
        incident.suppressed += try IncidentStore.takeSuppressed(before: incident, on: connection)
        var shown = incident
        if incident.flaps == Self.mostFlaps {
            shown.summary += "\nIt comes and goes: further changes are held back until it is quiet."
        }
        let message = message(.firing, shown, rule)
        for channel in channels {
            try DeliveryStore.insert(
                delivery(message, incident, rule, channel, wait: options.groupWait),
                on: connection
            )
        }
        incident.notice = nil
        incident.suppressed = 0
        incident.silencedBy = nil
        try IncidentStore.store(incident, wasTold: true, on: connection)
        try RuleStore.markFired(rule.id, on: connection)
    }

    private func tellResolved(_ incident: inout Incident, _ rule: AlertRule?) throws {
        let told = try DeliveryStore.channelsTold(of: incident.id, on: connection)
        let message = try lastMessage(of: incident, rule)
        for id in told {
            guard let channel = configuration.channels[id], channel.isEnabled else { continue }
            let isTold = incident.resolvedBy != "expired" && rule?.sendsResolved == true
            guard isTold || channel.kind.keepsIncidents else { continue }
            try DeliveryStore.insert(
                delivery(message, incident, rule, channel, wait: .zero),
                on: connection
            )
        }
        incident.notice = nil
        try IncidentStore.store(incident, wasTold: false, on: connection)
        // Who has heard of the end hears of the next beginning.
        let haveAllHeard = told.allSatisfy { configuration.channels[$0]?.kind.keepsIncidents == true }
        if rule?.sendsResolved == true || (haveAllHeard && !told.isEmpty) {
            try IncidentStore.endCooldown(incident.id, on: connection)
        }
    }

    /// The end of what people were told: receivers that keep incidents know this one by its key and its labels, also
    /// when its rule was changed or deleted meanwhile.
    private func lastMessage(of incident: Incident, _ rule: AlertRule?) throws -> AlertNotification {
        var message = message(.resolved, incident, rule)
        guard let told = try DeliveryStore.lastTold(of: incident.id, on: connection) else { return message }
        if told.dialect != message.dialect {
            message = IncidentMessage(incident, publicURL: options.publicURL, deliverable: [])
                .notification(.resolved, told.dialect)
        }
        message.incident = told.incident
        message.labels = told.labels
        message.severity = told.severity
        message.startedAt = told.startedAt
        return message
    }

    private func delivery(
        _ message: AlertNotification,
        _ incident: Incident,
        _ rule: AlertRule?,
        _ channel: StoredChannel,
        wait: Duration
    ) -> NewDelivery {
        var message = message
        message.id = .timeOrdered()
        return NewDelivery(
            message: message,
            state: message.state.rawValue,
            rule: rule?.id,
            channel: channel.id,
            incident: incident.id,
            wait: wait,
            mostAttempts: options.mostAttempts
        )
    }

    private func message(_ state: AlertNotification.State, _ incident: Incident, _ rule: AlertRule?)
        -> AlertNotification
    {
        // A receiver that keeps incidents knows this one by its key, also when its rule is gone.
        let isOfDocument =
            rule.map { $0.origin == Ownership.origin } ?? incident.ruleName.hasPrefix(Ownership.prefix)
        return IncidentMessage(
            incident,
            publicURL: options.publicURL,
            deliverable: isOfDocument ? Ownership.deliverable(configuration.channels.values) : []
        ).notification(state, isOfDocument ? .pipelogiq : .beampipe)
    }

    private func rule(of incident: Incident) -> AlertRule? {
        configuration.rules.first { $0.id == incident.ruleID }
    }

    /// The labels that silences see: those of `GET /api/v2/alerts`.
    private func silenced(_ incident: Incident) -> [String: String] { incident.shownLabels }
}
