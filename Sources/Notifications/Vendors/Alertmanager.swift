internal import Core
internal import Outbound

/// Prometheus' Alertmanager, API v2: `POST /api/v2/alerts`.
extension Attempt {
    func alertmanager() async -> SendOutcome { await alertmanager([notification]) }

    /// Sends alerts in one request.
    func alertmanager(_ notifications: [AlertNotification]) async -> SendOutcome {
        let expiry = options.clock() + options.alertmanagerHold
        let alerts = JSONValue.list(notifications.map { AlertmanagerAlert.body($0, expiry) })
        var fields: [(name: String, value: String)] = []
        if let token = configuration.text("token") {
            fields = [("Authorization", "Bearer \(token)")]
        } else if let user = configuration.text("user") {
            let credentials = "\(user):\(configuration.text("password") ?? "")"
            fields = [("Authorization", "Basic \(Base64.encode(Array(credentials.utf8)))")]
        }
        return await post("\(base("url", ""))/api/v2/alerts", alerts, fields: fields)
            .read { Answer.outcome($0, now: options.clock()) }
    }
}

/// An alert, which Alertmanager knows by its labels: they are the same while it fires and when it is over.
enum AlertmanagerAlert {
    /// The alert; while it fires, it ends at `expiry` unless it is sent again before.
    static func body(_ notification: AlertNotification, _ expiry: Timestamp) -> JSONValue {
        var annotations: JSONValue = ["summary": .text(notification.title)]
        if !notification.text.isEmpty { annotations["description"] = .text(notification.text) }
        for fact in notification.facts where !fact.text.isEmpty {
            annotations[labelName(fact.name)] = .text(fact.text)
        }
        if notification.suppressed > 0 { annotations["suppressed"] = .text(String(notification.suppressed)) }
        // An alert that ends before it starts is refused.
        let end = notification.state == .resolved ? notification.at : expiry
        var body: JSONValue = [
            "labels": labels(notification), "annotations": annotations,
            "startsAt": .text(notification.startedAt.iso8601()),
            "endsAt": .text(max(end, notification.startedAt).iso8601()),
        ]
        if let link = notification.links.first { body["generatorURL"] = .text(link.url) }
        return body
    }

    private static func labels(_ notification: AlertNotification) -> JSONValue {
        var labels: JSONValue = [
            "alertname": .text(notification.label("alertname") ?? notification.event),
            "severity": .text(notification.severity.rawValue),
            "incident": .text(notification.incident),
        ]
        for (name, value) in notification.labels where !value.isEmpty {
            let name = labelName(name)
            if labels[name] == nil { labels[name] = .text(value) }
        }
        return labels
    }

    /// `[a-zA-Z_][a-zA-Z0-9_]*`: what every version of Alertmanager takes.
    static func labelName(_ name: String) -> String {
        let letters = name.unicodeScalars.map { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
                ? Character(scalar) : "_"
        }
        let text = String(letters)
        return text.first.map { $0.isNumber } ?? true ? "_\(text)" : text
    }
}
