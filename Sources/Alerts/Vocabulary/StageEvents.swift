internal import Ingest

/// Events of stages whose pipelines have numbers. Contract pipelogiq §6.4; keys have no times in them (§6.7).
enum StageEvents {
    static func event(of source: EventSource) -> AlertEvent? {
        let pipeline = source.text("pipeline") ?? source.outbox.subject
        let stage = source.text("stage") ?? source.text("stage_name") ?? "?"
        let subject = "\(pipeline):\(stage)"
        let what = "Pipeline \(pipeline) stage \(stage)"
        var event: AlertEvent
        switch source.outbox.kind {
        case "stage.failed":
            let name = source.text("stage_name").map { " (\($0))" } ?? ""
            event = source.event(.stageFailed, .firing, subject: subject, text: "\(what) failed\(name)")
            event.add("newStatus", "Failed")
        case "stage.rerun":
            event = source.event(
                .stageRerunManual,
                .momentary,
                subject: subject,
                text: "\(what) rerun manually"
            )
        case "stage.skipped":
            event = source.event(
                .stageSkippedManual,
                .momentary,
                subject: subject,
                text: "\(what) skipped manually"
            )
            event.add("newStatus", "Skipped")
            event.ends = [.init(events: [.stageFailed], label: "stage_of", value: subject)]
        default: return nil
        }
        event.labels["stage_of"] = subject
        return event
    }
}

/// Events of policies. Contract pipelogiq §6.4.
enum PolicyEvents {
    static func event(of source: EventSource) -> AlertEvent? {
        let policy = source.text("policy") ?? source.outbox.subject
        switch source.outbox.kind {
        case "policy.changed":
            let type = source.text("event_type") ?? "updated"
            let text = "Policy \(policy) changed (\(type))"
            return source.event(.policyChanged, .momentary, subject: policy, text: text)
        case "policy.triggered":
            let text = "Policy \(policy) triggered"
            return source.event(.policyTriggered, .momentary, subject: policy, text: text)
        default: return nil
        }
    }
}
