internal import Outbound

/// Microsoft Teams: workflows, and the connectors that are being retired. Contract pipelogiq §6.10.
extension Attempt {
    func teams() async -> SendOutcome {
        guard let url = configuration.text("url") else {
            return .refused(status: nil, why: "there is no url")
        }
        let isConnector = OutboundAddress(url)?.host.hasSuffix("webhook.office.com") ?? false
        let body = isConnector ? TeamsMessage.connector(notification) : TeamsMessage.workflow(notification)
        return await post(url, body).read {
            TeamsMessage.outcome($0, Answer.outcome($0, now: options.clock()))
        }
    }
}

/// Cards of at most 25 KB.
enum TeamsMessage {
    static let limit = 25_000

    /// The message of a workflow: an Adaptive Card.
    static func workflow(_ notification: AlertNotification) -> JSONValue {
        fitting { text, facts in
            var body: [JSONValue] = [
                [
                    "type": "TextBlock", "text": .text(Cut.text(notification.title, to: .utf16(500))),
                    "weight": "Bolder", "size": "Medium", "color": .text(colour(notification)), "wrap": true,
                ]
            ]
            let message = Cut.text(notification.text, to: .utf16(text))
            if !message.isEmpty { body.append(["type": "TextBlock", "text": .text(message), "wrap": true]) }
            let rows: [JSONValue] = Self.facts(notification, facts).map { name, value in
                ["title": .text(name), "value": .text(value)]
            }
            body.append(["type": "FactSet", "facts": .list(rows)])
            var card: JSONValue = [
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard",
                "version": "1.4", "msteams": ["width": "Full"], "body": .list(body),
            ]
            let actions: [JSONValue] = links(notification, facts).map { link in
                ["type": "Action.OpenUrl", "title": .text(link.text), "url": .text(link.url)]
            }
            if !actions.isEmpty { card["actions"] = .list(actions) }
            let attachment: JSONValue = [
                "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": .null,
                "content": card,
            ]
            return ["type": "message", "attachments": [attachment]]
        }
    }

    /// The message of a connector: a MessageCard.
    static func connector(_ notification: AlertNotification) -> JSONValue {
        fitting { text, facts in
            let title = Cut.text(notification.title, to: .utf16(500))
            let rows: [JSONValue] = Self.facts(notification, facts).map { name, value in
                ["name": .text(name), "value": .text(value)]
            }
            let message = Cut.text(notification.text, to: .utf16(text))
            var card: JSONValue = [
                "@type": "MessageCard", "@context": "http://schema.org/extensions",
                "themeColor": .text(notification.colour), "summary": .text(title), "title": .text(title),
                "text": .text(message.isEmpty ? title : message),
                "sections": [["facts": .list(rows), "markdown": false]],
            ]
            let actions: [JSONValue] = links(notification, facts).map { link in
                [
                    "@type": "OpenUri", "name": .text(link.text),
                    "targets": [["os": "default", "uri": .text(link.url)]],
                ]
            }
            if !actions.isEmpty { card["potentialAction"] = .list(actions) }
            return card
        }
    }

    /// Cuts the text until the whole fits, and then drops facts and links.
    private static func fitting(_ make: (_ text: Int, _ facts: Int) -> JSONValue) -> JSONValue {
        var (text, facts) = (20_000, 40)
        while true {
            let card = make(text, facts)
            if card.json.count <= limit || (text == 0 && facts == 0) { return card }
            if text > 100 { text /= 2 } else { (text, facts) = (0, facts / 2) }
        }
    }

    private static func facts(_ notification: AlertNotification, _ count: Int) -> [(String, String)] {
        let all =
            [("Event", notification.event), ("Time", notification.at.seconds)]
            + notification.details.map { ($0.name, $0.value) }
            + (notification.suppressed > 0 ? [("Suppressed", String(notification.suppressed))] : [])
        return all.prefix(max(2, count)).map { name, value in
            (Cut.text(name, to: .utf16(100)), Cut.text(value, to: .utf16(1000)))
        }
    }

    private static func links(_ notification: AlertNotification, _ count: Int) -> [AlertNotification.Link] {
        Array(notification.links.filter { $0.url.utf8.count <= 2000 }.prefix(min(4, count)))
    }

    private static func colour(_ notification: AlertNotification) -> String {
        if notification.state == .resolved { return "Good" }
        return switch notification.severity {
        case .critical, .error: "Attention"
        case .warning: "Warning"
        case .info: "Accent"
        }
    }

    /// A status of 200 says little: the body may tell of a delivery that failed.
    static func outcome(_ response: OutboundResponse, _ outcome: SendOutcome) -> SendOutcome {
        guard case .sent = outcome else { return outcome }
        let text = String(decoding: response.body.prefix(4000), as: UTF8.self).lowercased()
        if let found = text.firstMatch(of: /http error (?:code )?([0-9]{3})/), let code = Int(found.1) {
            let why = "Teams could not deliver the message: HTTP error \(code)"
            let isPassing = code == 429 || code == 408 || code >= 500
            return isPassing
                ? .again(status: response.status, after: nil, why: why)
                : .refused(status: response.status, why: why)
        }
        guard text.contains("failed") else { return outcome }
        return .again(status: response.status, after: nil, why: "Teams could not deliver the message")
    }
}
