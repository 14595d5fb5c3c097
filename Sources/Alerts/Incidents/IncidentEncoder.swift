internal import Core
internal import Notifications

/// Incidents as JSON.
enum IncidentEncoder {
    static func write(_ incident: Incident, _ told: [IncidentHistory.Told], to writer: inout JSONWriter) {
        writer.object { object in
            object.member("uuid", incident.id)
            object.member("status", incident.status.rawValue)
            object.member("rule_id", incident.ruleID)
            object.member("rule_name", incident.ruleName)
            object.member("key", Redaction.masked(text: incident.key))
            object.member("event", incident.event)
            object.member("severity", incident.severity.rawValue)
            object.member("project_module", incident.project)
            object.member("title", Redaction.masked(text: incident.title))
            object.member("summary", Redaction.masked(text: incident.summary))
            object.member("labels", raw: Redaction.masked(LabelsJSON.encode(incident.labels)))
            object.member("details", raw: Redaction.masked(incident.details))
            object.member("value", incident.value)
            object.member("started_at", incident.startedAt, offset: .z)
            object.member("last_fired_at", incident.lastFiredAt, offset: .z)
            object.member("firings", incident.firings)
            object.member("resolved_at", incident.resolvedAt, offset: .z)
            object.member("resolved_by", incident.resolvedBy)
            object.member("flaps", incident.flaps)
            object.member("acknowledged_at", incident.acknowledgedAt, offset: .z)
            object.member("acknowledged_by", incident.acknowledgedBy)
            object.member("silenced_by", incident.silencedBy)
            object.array("told") { list in
                for told in told {
                    list.object { element in
                        element.member("channel_id", told.channel)
                        element.member("channel", told.name)
                        element.member("state", told.state)
                        element.member("status", told.status)
                        element.member("at", told.at, offset: .z)
                    }
                }
            }
        }
    }
}
