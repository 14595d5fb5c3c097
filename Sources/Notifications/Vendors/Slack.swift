internal import Outbound

/// Slack's incoming webhooks. Contract pipelogiq §6.10.
extension Attempt {
    func slack() async -> SendOutcome {
        guard let url = configuration.text("url") else {
            return .refused(status: nil, why: "there is no url")
        }
        return await post(url, SlackMessage.body(notification)).read { response in
            let outcome = Answer.outcome(response, now: options.clock())
            // The webhook was removed, or its channel is archived.
            if response.status == 404 || response.status == 410, case .refused(let status, let why) = outcome
            {
                return .gone(status: status, why: why)
            }
            // Slack answers `ok`; workflows answer JSON with the same word.
            let text = String(decoding: response.body.prefix(200), as: UTF8.self)
            if case .sent = outcome, !text.isEmpty, !text.contains("ok") {
                return .refused(status: response.status, why: "HTTP \(response.status): \(text)")
            }
            return outcome
        }
    }
}

/// A message with an attachment of Block Kit.
enum SlackMessage {
    static let fallbackLimit = 4000
    static let headerLimit = 150
    static let sectionLimit = 3000
    static let fieldLimit = 2000
    static let fieldCount = 10
    static let urlLimit = 3000

    static func body(_ notification: AlertNotification) -> JSONValue {
        [
            "text": .text(
                escaped("[\(notification.tag)] \(notification.summary(fallbackLimit))", fallbackLimit)
            ),
            "attachments": [
                ["color": .text("#\(notification.colour)"), "blocks": .list(blocks(notification))]
            ],
        ]
    }

    private static func blocks(_ notification: AlertNotification) -> [JSONValue] {
        var blocks: [JSONValue] = [
            ["type": "header", "text": plain(notification.title, headerLimit)]
        ]
        if !notification.text.isEmpty {
            blocks.append(["type": "section", "text": marked(escaped(notification.text, sectionLimit))])
        }
        let facts =
            [("Event", notification.event), ("Time", notification.at.seconds)]
            + notification.details.map { ($0.name, $0.value) }
            + (notification.suppressed > 0 ? [("Suppressed", String(notification.suppressed))] : [])
        blocks.append(["type": "section", "fields": .list(facts.prefix(fieldCount).map(field))])
        let links = notification.links.filter { $0.url.utf16.count <= urlLimit }.prefix(5)
        if !links.isEmpty {
            let buttons: [JSONValue] = links.map { link in
                ["type": "button", "text": plain(link.text, 75), "url": .text(link.url)]
            }
            blocks.append(["type": "actions", "elements": .list(buttons)])
        }
        return blocks
    }

    private static func field(_ name: String, _ value: String) -> JSONValue {
        let head = "*\(escaped(name, 200))*\n"
        return marked(head + escaped(value, fieldLimit - head.utf16.count))
    }

    private static func plain(_ text: String, _ limit: Int) -> JSONValue {
        ["type": "plain_text", "text": .text(escaped(text, limit))]
    }

    private static func marked(_ text: String) -> JSONValue { ["type": "mrkdwn", "text": .text(text)] }

    /// Only these three are escaped; a limit counts what is sent.
    static func escaped(_ text: String, _ limit: Int) -> String {
        Cut.text(text, to: .utf16(limit)) { character in
            switch character {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            default: String(character)
            }
        }
    }
}
