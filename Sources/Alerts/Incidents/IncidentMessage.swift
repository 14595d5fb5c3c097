internal import Core
internal import Notifications

/// What people are told of an incident.
struct IncidentMessage {
    let incident: Incident
    let publicURL: String?
    /// The channels that an alert object names. Contract pipelogiq §6.3.
    let deliverable: [String]

    init(_ incident: Incident, publicURL: String?, deliverable: [String] = []) {
        self.incident = incident
        self.publicURL = publicURL
        self.deliverable = deliverable
    }

    /// A notification whose id the caller replaces.
    func notification(_ state: AlertNotification.State, _ dialect: AlertNotification.Dialect)
        -> AlertNotification
    {
        var message = AlertNotification(
            id: incident.id,
            incident: key(dialect),
            state: state,
            event: incident.event,
            severity: incident.severity,
            title: incident.title,
            text: incident.summary,
            at: at(state),
            startedAt: incident.startedAt
        )
        message.facts = facts
        message.labels = incident.shownLabels.sorted { $0.key < $1.key }.map {
            (name: $0.key, value: $0.value)
        }
        message.links = links
        message.suppressed = Int(incident.suppressed)
        message.dialect = dialect
        message.body = dialect == .beampipe ? payload(state) : alert(state)
        return message
    }

    /// Contract pipelogiq §6.8. Another rule's incident is another one.
    private func key(_ dialect: AlertNotification.Dialect) -> String {
        if dialect == .pipelogiq {
            // `stage_failed:12:34` is `pipelogiq/stage_failed/12:34`.
            let parts = incident.key.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return "pipelogiq/\(parts.joined(separator: "/"))"
        }
        let rule = incident.ruleID.map { "\($0)/" } ?? ""
        return "weir/\(rule)\(incident.key)"
    }

    private var facts: [AlertNotification.Fact] {
        guard let document = try? JSONDocument(incident.details) else { return [] }
        return document.root.members.compactMap { member in
            member.key.string.map { .init(name: $0, json: Array(member.value.rawBytes)) }
        }
    }

    /// Where a person looks next.
    private var links: [AlertNotification.Link] {
        guard let publicURL else { return [] }
        let incidentURL = "\(publicURL)/api/v2/alert-incidents/\(incident.id)"
        return [runPath.map { .init(text: "View run", url: publicURL + $0) }].compactMap(\.self)
            + [.init(text: "View incident", url: incidentURL)]
    }

    private var runPath: String? {
        guard let run = incident.labels["pipeline"] else { return nil }
        let isTracked = incident.labels["agent"] != nil
        return (isTracked ? "/api/v1/runs/" : "/api/nextflow/runs/") + run
    }

    // MARK: - Bodies

    /// Contract beampipe §4.6.
    private func payload(_ state: AlertNotification.State) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { body in
            body.member("alert", incident.alert)
            body.member("severity", incident.severity.rawValue)
            body.member("project_module", incident.project ?? "")
            body.member("summary", incident.summary)
            if let run = incident.labels["pipeline"].flatMap({ UUID128($0) }) {
                body.member("execution_id", run)
            }
            if !incident.sources.isEmpty {
                body.array("source_identifiers") { list in
                    for source in incident.sources.prefix(20) { list.value(source) }
                }
            }
            body.member("links", raw: incident.links)
            body.member("fired_at", incident.lastFiredAt)
            // Beyond the original's, for what it did not have.
            if state == .resolved {
                body.member("status", "resolved")
                body.member("resolved_at", incident.resolvedAt)
            }
        }
        return writer.bytes
    }

    /// Contract pipelogiq §6.3, §6.6.
    private func alert(_ state: AlertNotification.State) -> [UInt8] {
        AlertObject(
            event: incident.event,
            title: incident.title,
            message: incident.summary,
            severity: incident.severity,
            at: at(state),
            dedupeKey: incident.key,
            details: incident.details,
            channels: deliverable,
            isResolved: state == .resolved,
            suppressed: incident.suppressed
        ).webhookBody
    }

    private func at(_ state: AlertNotification.State) -> Timestamp {
        state == .firing ? incident.lastFiredAt : incident.resolvedAt ?? incident.lastFiredAt
    }
}

extension Timestamp {
    /// RFC 3339 in UTC without a fraction.
    var wholeSeconds: String { String(iso8601(offset: .z).prefix(19)) + "Z" }
}
