internal import Core
internal import Outbound

/// Opsgenie's alerts, which Jira Service Management takes in the same form. Contract pipelogiq §6.10.
extension Attempt {
    func opsgenie() async -> SendOutcome {
        let alerts = "\(base("api_url", "https://api.opsgenie.com"))/v2/alerts"
        let fields = [(name: "Authorization", value: "GenieKey \(configuration.text("api_key") ?? "")")]
        let result: Result<OutboundResponse, Failure>
        if notification.state == .resolved {
            let alias = URLText.encoded(StableKey.fit(notification.incident, OpsgenieAlert.aliasLimit))
            let url = "\(alerts)/\(alias)/close?identifierType=alias"
            result = await post(url, OpsgenieAlert.closing(notification), fields: fields)
        } else {
            let responders = configuration.config["responders"]?.elements ?? []
            result = await post(
                alerts,
                OpsgenieAlert.body(notification, responders: responders),
                fields: fields
            )
        }
        return result.read { response in
            if response.status == 404, notification.state == .resolved {
                return .sent(status: 404, note: "there was no open alert to close")
            }
            return Answer.outcome(response, Answer.json(response)?["message"]?.string, now: options.clock())
        }
    }
}

/// An alert, and what closes it.
enum OpsgenieAlert {
    static let messageLimit = 130
    static let aliasLimit = 512
    static let descriptionLimit = 15_000
    static let detailsLimit = 8000
    static let entityLimit = 512
    static let tagLimit = 50

    static func body(_ notification: AlertNotification, responders: [JSONValue]) -> JSONValue {
        var body: JSONValue = [
            "message": .text(notification.summary(messageLimit)),
            "alias": .text(StableKey.fit(notification.incident, aliasLimit)),
            "description": .text(notification.block(.utf16(descriptionLimit))),
        ]
        if !responders.isEmpty { body["responders"] = .list(responders) }
        let tags = [notification.event, notification.severity.rawValue]
        body["tags"] = .list(tags.map { .text(Cut.text($0, to: .utf16(tagLimit))) })
        body["details"] = details(notification)
        if let entity = notification.project {
            body["entity"] = .text(Cut.text(entity, to: .utf16(entityLimit)))
        }
        body["source"] = .text(source(notification))
        body["priority"] = .text(priority(notification.severity))
        return body
    }

    static func closing(_ notification: AlertNotification) -> JSONValue {
        ["source": .text(source(notification)), "note": .text(notification.block(.utf16(descriptionLimit)))]
    }

    private static func source(_ notification: AlertNotification) -> String {
        notification.dialect == .pipelogiq ? "pipelogiq" : "weir"
    }

    private static func priority(_ severity: AlertSeverity) -> String {
        switch severity {
        case .critical: "P1"
        case .error: "P2"
        case .warning: "P3"
        case .info: "P5"
        }
    }

    /// Texts by names, as many as the limit admits.
    private static func details(_ notification: AlertNotification) -> JSONValue {
        var room = detailsLimit
        var details = JSONValue.object([])
        for member in notification.customDetails.members {
            let text = member.value.string ?? String(decoding: member.value.json, as: UTF8.self)
            let value = Cut.text(text, to: .utf16(2000))
            let size = member.name.utf16.count + value.utf16.count
            guard size <= room else { continue }
            room -= size
            details[member.name] = .text(value)
        }
        return details
    }
}
