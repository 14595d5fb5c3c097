internal import Notifications

extension Incident {
    /// The labels by which other tools see it: its own, its rule and its severity.
    var shownLabels: [String: String] {
        var shown = labels
        shown["alertname"] = ruleName
        shown["severity"] = severity.rawValue
        shown["event"] = event
        // What tells it from others of its rule, even where labels are equal.
        shown["incident_key"] = key
        return shown
    }
}

extension ChannelKind {
    /// Whether the receiver keeps incidents itself, so that it has to be told of their end.
    var keepsIncidents: Bool {
        switch self {
        case .pagerduty, .opsgenie, .alertmanager: true
        case .webhook, .email, .slack, .teams, .discord, .telegram, .whatsapp, .exec: false
        }
    }
}
