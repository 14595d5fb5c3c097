internal import Core
internal import Ingest
internal import Notifications

/// What alerts tell others: events that no rule reacts to, or a rule could fire because it had fired.
extension OutboxEvent {
    private static let family = "alert."

    /// Whether alerts have written it.
    var isOfAlerts: Bool { kind.hasPrefix(Self.family) }

    /// People are told that an incident fires. Contract beampipe §3.4: its payload is that of the message, without secrets.
    static func fired(_ incident: Incident, at now: Timestamp) -> OutboxEvent {
        let message = IncidentMessage(incident, publicURL: nil).notification(.firing, .beampipe)
        var writer = JSONWriter(reservingCapacity: 1024)
        writer.object { detail in
            Self.write(incident.project, incident.sources, incident.labels["pipeline"], to: &detail)
            detail.member("occurred_at", incident.lastFiredAt)
            detail.member("incident_id", incident.id)
            detail.member("rule_id", incident.ruleID)
            detail.member("payload", raw: Redaction.masked(message.body))
        }
        return OutboxEvent(kind: "alert.fired", subject: "\(incident.id)", at: now, detail: writer.bytes)
    }

    /// A delivery has failed for good. Contract beampipe §3.4.
    static func deliveryFailed(_ failure: FailedDelivery, at now: Timestamp) -> OutboxEvent {
        var writer = JSONWriter(reservingCapacity: 1024)
        writer.object { detail in
            Self.write(failure.project, failure.sources, failure.run, to: &detail)
            detail.member("occurred_at", now)
            detail.object("payload") { payload in
                payload.member("rule_id", failure.rule)
                payload.member("alert", failure.alert)
                payload.array("failures") { list in
                    list.object { element in
                        element.member("channel_id", failure.channel)
                        element.member("error", failure.error.map(Redaction.masked(text:)))
                    }
                }
                payload.member("original", raw: Redaction.masked(failure.payload))
                payload.member("delivery_id", failure.id)
            }
        }
        return OutboxEvent(
            kind: "alert.delivery_failed",
            subject: "\(failure.id)",
            at: now,
            detail: writer.bytes
        )
    }

    private static func write(
        _ project: String?,
        _ sources: [String],
        _ run: String?,
        to detail: inout JSONWriter
    ) {
        if let project { detail.member("project", project) }
        if let source = sources.first { detail.member("source_identifier", source) }
        detail.array("source_identifiers") { list in
            for source in sources { list.value(source) }
        }
        if let run = run.flatMap({ UUID128($0) }) { detail.member("execution_id", run) }
        detail.member("actor", "system:alerts")
    }
}

/// A delivery that will not be tried again.
struct FailedDelivery: Sendable {
    let id: UUID128
    let rule: UUID128?
    let channel: UUID128?
    let error: String?
    /// The word of the alert: `execution.failed`.
    let alert: String?
    let project: String?
    let sources: [String]
    let run: String?
    /// What was to be sent.
    let payload: [UInt8]
}
