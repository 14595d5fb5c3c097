internal import Core
internal import Notifications

/// The alert that a test sends. Contract pipelogiq §6.6.
struct TestAlert {
    /// The deliverable channels that the alert object names.
    let channels: [String]

    /// One for a channel; whoever sends it gives it its id.
    var notification: AlertNotification {
        let now = Timestamp.now()
        let id = UUID128.timeOrdered(at: now)
        var message = AlertNotification(
            id: id,
            incident: "pipelogiq/test_alert/\(id)",
            state: .firing,
            event: "test_alert",
            severity: .info,
            title: "Test alert",
            text: "This is a test of the alerting of Pipelogiq, sent by Weir. Nothing is wrong.",
            at: now,
            startedAt: now
        )
        message.facts = [.init(name: "source", json: Array(#""observability.test""#.utf8))]
        message.dialect = .pipelogiq
        message.body =
            AlertObject(
                event: message.event,
                title: message.title,
                message: message.text,
                severity: message.severity,
                at: now,
                dedupeKey: nil,
                details: Array(#"{"source":"observability.test"}"#.utf8),
                channels: channels
            ).webhookBody
        return message
    }
}
