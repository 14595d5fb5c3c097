internal import Core
internal import Notifications

extension Finding {
    /// The finding of a rule that the alerting document made, with the keys and details of contract pipelogiq §6.7; that of
    /// any other rule as it is.
    func inWords(of rule: AlertRule) -> Finding {
        guard rule.origin == Ownership.origin else { return self }
        var finding = self
        switch rule.kind {
        case .pendingBacklog:
            let queue = labels["project"] ?? "tasks"
            finding.key = "\(EventName.queueBacklogHigh.rawValue):\(queue)"
            finding.facts = [
                .init(text: queue, "queue"), .init(number: value, "depth"),
                .init(number: rule.trigger.number("threshold"), "threshold"),
            ]
        case .deadLetters:
            finding.facts = [.init(text: labels["stream"] ?? "?", "queue"), .init(number: value, "depth")]
        case .runStuck:
            let names = [("pipelineId", "pipeline"), ("pipelineName", "pipeline_name")]
            finding.facts =
                names.compactMap { name, label in labels[label].map { .init(text: $0, name) } }
                + [.init(number: value, "ageSeconds")]
        default: break
        }
        return finding
    }
}

extension AlertNotification.Fact {
    fileprivate init(text: String, _ name: String) {
        var writer = JSONWriter()
        writer.value(text)
        self.init(name: name, json: writer.bytes)
    }

    fileprivate init(number: Double?, _ name: String) {
        self.init(name: name, json: Array(MeasuredCondition.shown(number ?? 0).utf8))
    }
}
