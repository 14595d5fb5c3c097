internal import Core
internal import Outbound

/// PagerDuty's Events API v2. Contract pipelogiq §6.10.
extension Attempt {
    func pagerDuty() async -> SendOutcome {
        let isEuropean = configuration.text("region") == "eu"
        let usual = isEuropean ? "https://events.eu.pagerduty.com" : "https://events.pagerduty.com"
        let body = PagerDutyEvent.body(notification, key: configuration.text("routing_key") ?? "")
        return await post("\(base("api_base", usual))/v2/enqueue", body).read { response in
            let answer = Answer.json(response)
            let errors = answer?["errors"]?.elements.compactMap(\.string) ?? []
            let words = (answer?["message"]?.string).map { [$0] } ?? []
            let text = (words + errors).joined(separator: "; ")
            return Answer.outcome(response, text.isEmpty ? nil : text, now: options.clock())
        }
    }
}

/// An event that opens or resolves an incident.
enum PagerDutyEvent {
    static let summaryLimit = 1024
    static let keyLimit = 255
    /// 512 KB.
    static let limit = 512 << 10

    static func body(_ notification: AlertNotification, key: String) -> JSONValue {
        let head: JSONValue = [
            "routing_key": .text(key),
            "event_action": notification.state == .resolved ? "resolve" : "trigger",
            "dedup_key": .text(StableKey.fit(notification.incident, keyLimit)),
        ]
        guard notification.state == .firing else { return head }
        let body = trigger(notification, head, details: notification.customDetails)
        return body.json.count <= limit
            ? body : trigger(notification, head, details: ["cut": "the details were too large"])
    }

    private static func trigger(
        _ notification: AlertNotification,
        _ head: JSONValue,
        details: JSONValue
    ) -> JSONValue {
        var body = head
        body["client"] = .text(notification.dialect == .pipelogiq ? "Pipelogiq" : "Weir")
        let links = notification.links.filter { $0.url.utf8.count <= 2000 }.prefix(10)
        if let first = links.first { body["client_url"] = .text(first.url) }
        if !links.isEmpty {
            body["links"] = .list(
                links.map { ["href": .text($0.url), "text": .text(Cut.text($0.text, to: .utf16(200)))] }
            )
        }
        var payload: JSONValue = [
            "summary": .text(notification.summary(summaryLimit)),
            "source": .text(notification.dialect == .pipelogiq ? "pipelogiq" : "weir"),
            "severity": .text(notification.severity.rawValue), "timestamp": .text(notification.at.seconds),
        ]
        if let component = component(notification) { payload["component"] = .text(component) }
        if let group = notification.project { payload["group"] = .text(Cut.text(group, to: .utf16(255))) }
        payload["class"] = .text(notification.event)
        var details = details
        if !notification.text.isEmpty {
            details["text"] = .text(Cut.text(notification.text, to: .utf16(20_000)))
        }
        payload["custom_details"] = details
        body["payload"] = payload
        return body
    }

    private static func component(_ notification: AlertNotification) -> String? {
        let names = ["stage_name", "process", "component", "agent", "check"]
        let label = names.lazy.compactMap { notification.label($0) }.first { !$0.isEmpty }
        let text = label ?? notification.facts.first { $0.name == "stageName" }?.text
        return text.map { Cut.text($0, to: .utf16(255)) }
    }
}
