internal import Ingest
internal import Notifications

/// Events of workers, servers and brokers. Contract pipelogiq §6.4.
enum WorkerEvents {
    static func event(of source: EventSource) -> AlertEvent? {
        let worker = source.text("component") ?? source.outbox.subject
        guard var event = event(of: source, worker) else { return nil }
        event.add("workerId", worker)
        if let type = types[source.outbox.kind] { event.add("eventType", type) }
        if let state = states[source.outbox.kind] { event.add("to", state) }
        switch event.severity {
        case .info: event.add("level", "INFO")
        case .warning: event.add("level", "WARN")
        case .error, .critical: event.add("level", "ERROR")
        }
        return event
    }

    /// The original's types of events, and the states to which a worker has changed.
    private static let types = [
        "worker.started": "worker.bootstrap", "worker.stopped": "worker.stopped",
        "worker.heartbeat_lost": "worker.state_changed", "worker.failed": "worker.state_changed",
        "worker.back": "worker.state_changed",
    ]
    private static let states = [
        "worker.heartbeat_lost": "offline", "worker.failed": "error", "worker.back": "ready",
    ]

    private static func event(of source: EventSource, _ worker: String) -> AlertEvent? {
        switch source.outbox.kind {
        case "worker.started": return ending(source, .workerStarted, worker, "Worker \(worker) started")
        case "worker.stopped": return ending(source, .workerStopped, worker, "Worker \(worker) stopped")
        case "worker.heartbeat_lost":
            let text = "Worker \(worker) is offline"
            var event = source.event(.workerHeartbeatLost, .firing, subject: worker, text: text)
            event.keyWord = "worker_offline"
            return event
        case "worker.failed":
            let text = "Worker \(worker) entered error state"
            return source.event(.workerFailed, .firing, subject: "\(worker):error", text: text)
        case "worker.error":
            let text = "Worker \(worker) reported an error event"
            let what = [source.text("event_type"), source.text("message")].map { $0 ?? "" }
            var event = source.event(
                .workerFailed,
                .momentary,
                subject: ([worker] + what).joined(separator: ":"),
                text: text
            )
            event.keyWord = "worker_error"
            event.title = "Worker error event"
            return event
        case "worker.back":
            var event = ending(source, .workerStarted, worker, "Worker \(worker) is ready")
            event.keyWord = "worker_ready"
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
