internal import Core
internal import Ingest
internal import Notifications

/// An outbox event with its detail, read by the names that all features share.
struct EventSource {
    let outbox: OutboxEvent
    let detail: JSONNode

    /// A text or a number as text; nil when it is absent or empty.
    func text(_ name: String) -> String? {
        guard let node = detail[name] else { return nil }
        let text = node.string ?? node.numberText
        return text.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The texts of an array.
    func texts(_ name: String) -> [String] {
        detail[name].map { $0.elements.compactMap(\.string) } ?? []
    }

    /// An event with the labels and facts of the detail.
    func event(_ name: EventName, _ phase: AlertEvent.Phase, subject: String, text: String) -> AlertEvent {
        AlertEvent(
            name: name,
            phase: phase,
            kind: outbox.kind,
            severity: name.severity,
            title: name.title,
            text: text,
            subject: subject,
            labels: labels,
            facts: facts,
            at: outbox.at
        )
    }

    private var labels: [String: String] {
        var labels: [String: String] = [:]
        for (label, names) in Self.labelMembers {
            if let value = names.lazy.compactMap(text).first { labels[label] = value }
        }
        return labels
    }

    /// Labels, and the members that they are read from: older events have other names.
    private static let labelMembers: [(label: String, members: [String])] = [
        ("project", ["project"]),
        ("pipeline", ["pipeline"]),
        ("pipeline_name", ["pipeline_name", "run_id"]),
        ("process", ["process"]),
        ("stage", ["stage"]),
        ("stage_name", ["stage_name"]),
        ("agent", ["agent", "agent_name"]),
        ("job_type", ["job_type"]),
        ("component", ["component"]),
        ("component_type", ["component_type"]),
        ("check", ["check"]),
        ("policy", ["policy"]),
        ("exit", ["exit"]),
    ]

    /// The details of the alert object, by the names of contract pipelogiq §6.4.
    private var facts: [AlertNotification.Fact] {
        detail.members.compactMap { member in
            guard let name = member.key.string, !member.value.isNull else { return nil }
            return AlertNotification.Fact(
                name: Self.factNames[name] ?? name,
                json: Array(member.value.rawBytes)
            )
        }
    }

    private static let factNames = [
        "pipeline": "pipelineId", "pipeline_name": "pipelineName", "stage": "stageId",
        "stage_name": "stageName", "component": "workerId", "old_status": "oldStatus",
        "new_status": "newStatus",
        "event_type": "eventType", "policy": "policyId", "worker_name": "workerName",
        "instance_id": "instanceId",
        "worker_version": "workerVersion", "sdk_version": "sdkVersion", "host_name": "hostName",
        "hostname": "hostName",
    ]
}
