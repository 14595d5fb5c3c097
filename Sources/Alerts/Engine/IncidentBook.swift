internal import Core
internal import Ingest
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

    /// Rules have found something.
    func fire(_ firings: [Firing]) throws {
        let fired = try IncidentStore.fire(firings, flapWindow: options.flapWindow, on: connection)
        var news = News(book: self)
        // People who know of it hear no more of it; one whose notice is held back hears of it when that ends.
        var open: [FiredIncident] = []
        for fired in fired {
            if fired.incident.acknowledgedAt == nil, fired.incident.flaps <= Self.mostFlaps {
                open.append(fired)
            } else {
                news.hold(fired)
            }
        }
        try tell(try worthTelling(open), &news)
        try news.write()
    }

    /// Those that are news: a condition that goes on is none, and a message that waits to be sent tells of all.
    private func worthTelling(_ fired: [FiredIncident]) throws -> [FiredIncident] {
        let refreshed = try DeliveryStore.refresh(
            fired.filter(\.isKnown).map { fired in
                DeliveryStore.Refresh(
                    message: message(.firing, fired.incident, fired.rule),
                    incident: fired.incident.id,
                    count: fired.count
                )
            },
            on: connection
        )
        return fired.filter { fired in
            let goesOn = fired.isKnown && fired.rule.isMeasured && !fired.rule.kind.repeats
            return !goesOn && !refreshed.contains(fired.incident.id)
        }
    }

    private func tell(_ fired: [FiredIncident], _ news: inout News) throws {
        let cooling = try IncidentStore.coolingDown(fired, on: connection)
        var begun: Set<Cooldown> = []
        var told: [Incident] = []
        for fired in fired {
            let cooldown = Cooldown(fired)
            if cooling.contains(fired.incident.id) || cooldown.map(begun.contains) == true {
                news.hold(fired)
                continue
            }
            var incident = fired.incident
            incident.notice = .firing
            incident.silencedBy = nil
            incident.suppressed += fired.count - 1
            guard news.isTold(&incident, fired.rule) else { continue }
            if let cooldown { begun.insert(cooldown) }
            told.append(incident)
        }
        try news.tellFiring(told)
    }

    /// What shares a message within the cooldown of a rule.
    private struct Cooldown: Hashable {
        let rule: UUID128
        let shared: String?

        /// Nil for a rule without one.
        init?(_ fired: FiredIncident) {
            guard fired.rule.cooldown > 0 else { return nil }
            rule = fired.rule.id
            shared =
                switch fired.rule.dedupeBy {
                case .rule: nil
                case .project: fired.incident.project
                case .subject: fired.incident.key
                }
        }
    }

    /// Stores an incident of which people were told while PostgreSQL was away, and ends it.
    func recordTold(
        _ finding: Finding,
        of rule: AlertRule,
        _ sent: [(channel: UUID128, message: AlertNotification)]
    ) throws {
        let firing = Firing(finding: finding, rule: rule, beganAt: finding.at)
        let fired = try IncidentStore.fire([firing], flapWindow: options.flapWindow, on: connection)
        guard let incident = fired.first?.incident else { return }
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
        try IncidentStore.store([.init(incident: incident, news: .told)], on: connection)
        try RuleStore.markFired([rule.id], on: connection)
        try OutboxStore.insert([.fired(incident, at: now)], on: connection)
        try resolve(rule, except: [], under: finding.key)
    }

    // MARK: - Ends

    /// The conditions of a rule hold for these keys only, of those that begin with the prefix.
    func resolve(_ rule: AlertRule, except keys: [String], under prefix: String) throws {
        try finish(
            IncidentStore.resolve(of: rule.id, except: keys, under: prefix, by: "condition", on: connection)
        )
    }

    /// An event ends what earlier ones began, in every rule.
    func resolve(_ ending: AlertEvent.Ending) throws {
        try finish(IncidentStore.resolve(ending, on: connection))
    }

    /// Incidents that nothing ends are over after a time; only receivers that keep them are told.
    func expire(_ events: [EventName], after age: Duration) throws {
        try finish(IncidentStore.expire(events, after: age, on: connection))
    }

    /// Incidents of rules that are deleted, disabled or no longer in force are over: nothing else would end them.
    func resolveOrphans() throws {
        try finish(IncidentStore.resolveOrphans(configuration.rules.map(\.id), on: connection))
    }

    /// Tells people of ends, if they were told of the beginnings.
    func finish(_ incidents: [Incident]) throws {
        guard !incidents.isEmpty else { return }
        var news = News(book: self)
        var told: [Incident] = []
        for var incident in incidents {
            incident.notice = incident.notifiedAt != nil ? .resolved : nil
            // Of one that comes and goes, people hear when it has been quiet for a while.
            if incident.notice != nil, incident.flaps <= Self.mostFlaps {
                told.append(incident)
            } else {
                news.records.append(.init(incident: incident))
            }
        }
        try news.tellResolved(told)
        try news.write()
    }

    /// Tells people what was held back, where that is over.
    func announceHeld() throws {
        var news = News(book: self)
        let held = try IncidentStore.withNotice(atMost: 500, on: connection)
        var firing: [Incident] = []
        for var incident in held where incident.notice == .firing {
            if news.isTold(&incident, rule(of: incident)) { firing.append(incident) }
        }
        try news.tellFiring(firing)
        var over: [Incident] = []
        for incident in held where incident.notice == .resolved {
            if news.isOver(incident) { over.append(incident) }
        }
        try news.tellResolved(over)
        try news.write()
    }

    func rule(of incident: Incident) -> AlertRule? {
        configuration.rules.first { $0.id == incident.ruleID }
    }

    func message(_ state: AlertNotification.State, _ incident: Incident, _ rule: AlertRule?)
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
}
