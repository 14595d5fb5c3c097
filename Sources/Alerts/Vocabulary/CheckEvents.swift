internal import Ingest

/// Events of checks: jobs that ping an address.
enum CheckEvents {
    static func event(of source: EventSource) -> AlertEvent? {
        let check = source.text("check") ?? source.text("agent") ?? source.outbox.subject
        switch source.outbox.kind {
        case "check.missed":
            var event = source.event(
                .checkMissed,
                .firing,
                subject: source.outbox.subject,
                text: "\(check) was not heard of in time"
            )
            event.labels["check_id"] = source.outbox.subject
            return event
        case "check.back":
            var event = source.event(
                .pipelineSucceeded,
                .momentary,
                subject: source.outbox.subject,
                text: "\(check) is heard of again"
            )
            event.title = "Check is back"
            event.ends = [.init(events: [.checkMissed], label: "check_id", value: source.outbox.subject)]
            return event
        default: return nil
        }
    }
}
