internal import Ingest

/// Events of workers, servers and brokers. Contract pipelogiq §6.4.
enum WorkerEvents {
    static func event(of source: EventSource) -> AlertEvent? {
        let worker = source.text("component") ?? source.outbox.subject
        switch source.outbox.kind {
        case "worker.started":
            return ending(source, .workerStarted, worker, "Worker \(worker) started")
        case "worker.stopped":
            return ending(source, .workerStopped, worker, "Worker \(worker) stopped")
        case "worker.heartbeat_lost":
            return source.event(
                .workerHeartbeatLost,
                .firing,
                subject: worker,
                text: "Worker \(worker) is offline"
            )
        case "worker.failed":
            return source.event(
                .workerFailed,
                .firing,
                subject: worker,
                text: "Worker \(worker) entered error state"
            )
        case "worker.back":
            var event = ending(source, .workerStarted, worker, "Worker \(worker) is ready")
            event.title = "Worker ready"
            return event
        case "worker.series_limit":
            let text = "Worker \(worker) has as many series as it may: \(source.text("limit") ?? "the limit")"
            return source.event(.seriesLimit, .momentary, subject: worker, text: text)
        default: return nil
        }
    }

    /// One that says that the worker is no longer lost.
    private static func ending(_ source: EventSource, _ name: EventName, _ worker: String, _ text: String)
        -> AlertEvent
    {
        var event = source.event(name, .momentary, subject: worker, text: text)
        event.ends = [
            .init(events: [.workerHeartbeatLost, .workerFailed], label: "component", value: worker)
        ]
        return event
    }
}

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
