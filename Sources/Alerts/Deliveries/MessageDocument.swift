internal import Core
internal import Notifications

/// A notification as it is stored with its delivery.
enum MessageDocument {
    static func encode(_ message: AlertNotification) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 1024)
        writer.object { object in
            object.member("incident", message.incident)
            object.member("state", message.state.rawValue)
            object.member("event", message.event)
            object.member("severity", message.severity.rawValue)
            object.member("title", message.title)
            object.member("text", message.text)
            object.member("at", message.at)
            object.member("started_at", message.startedAt)
            object.object("facts") { facts in
                for fact in message.facts { facts.member(fact.name, raw: fact.json) }
            }
            object.object("labels") { labels in
                for label in message.labels { labels.member(label.name, label.value) }
            }
            object.array("links") { links in
                for link in message.links {
                    links.object {
                        $0.member("text", link.text)
                        $0.member("url", link.url)
                    }
                }
            }
            object.member("suppressed", message.suppressed)
            object.member("dialect", message.dialect.rawValue)
        }
        return writer.bytes
    }

    /// The notification of a delivery; nil for a document that a newer Weir wrote.
    static func decode(_ json: [UInt8], id: UUID128, body: [UInt8]) -> AlertNotification? {
        guard let root = try? JSONDocument(json).root,
            let state = root["state"]?.string.flatMap(AlertNotification.State.init),
            let severity = root["severity"]?.string.flatMap(AlertSeverity.init),
            let at = root["at"]?.timestamp, let startedAt = root["started_at"]?.timestamp
        else { return nil }
        var message = AlertNotification(
            id: id,
            incident: root["incident"]?.string ?? "",
            state: state,
            event: root["event"]?.string ?? "",
            severity: severity,
            title: root["title"]?.string ?? "",
            text: root["text"]?.string ?? "",
            at: at,
            startedAt: startedAt
        )
        message.facts = pairs(root["facts"]).map { .init(name: $0.name, json: Array($0.node.rawBytes)) }
        message.labels = pairs(root["labels"]).map { ($0.name, $0.node.string ?? "") }
        message.links = links(root["links"])
        message.suppressed = Int(root["suppressed"]?.int64 ?? 0)
        message.dialect = root["dialect"]?.string.flatMap(AlertNotification.Dialect.init) ?? .beampipe
        message.body = body
        return message
    }

    private static func pairs(_ node: JSONNode?) -> [(name: String, node: JSONNode)] {
        guard let node else { return [] }
        return node.members.compactMap { member in member.key.string.map { ($0, member.value) } }
    }

    private static func links(_ node: JSONNode?) -> [AlertNotification.Link] {
        guard let node else { return [] }
        return node.elements.compactMap { link in
            guard let text = link["text"]?.string, let url = link["url"]?.string else { return nil }
            return AlertNotification.Link(text: text, url: url)
        }
    }
}
