internal import Core
internal import Ingest
internal import Notifications

/// Translates outbox events of all features into the one vocabulary of alerts.
///
/// A Nextflow task that fails for good is a `stage_failed`, a failed run of any protocol a `pipeline_failed`, a silent
/// worker a `worker_heartbeat_lost`. Contract pipelogiq §6.4 has the catalogue; its keys have no times in them here.
enum EventCatalogue {
    /// Nil for an event that concerns nobody.
    static func event(of outbox: OutboxEvent) -> AlertEvent? { unbounded(outbox)?.bounded }

    private static func unbounded(_ outbox: OutboxEvent) -> AlertEvent? {
        guard let document = try? JSONDocument(outbox.detail) else { return nil }
        let source = EventSource(outbox: outbox, detail: document.root)
        return switch outbox.kind {
        case "nextflow.task_failed": taskFailed(source)
        case "stage.failed", "stage.rerun", "stage.skipped": StageEvents.event(of: source)
        case "policy.changed", "policy.triggered": PolicyEvents.event(of: source)
        case "nextflow.run_failed", "nextflow.run_aborted", "pipeline.failed": workflowFailed(source)
        case "nextflow.run_succeeded", "pipeline.succeeded": workflowSucceeded(source)
        case "nextflow.run_started", "pipeline.started": workflowStarted(source)
        case "run.failed", "run.timed_out", "run.partial": runFailed(source)
        case "run.succeeded": runSucceeded(source)
        case "run.cancelled": runCancelled(source)
        case "run.started", "run.running": runStarted(source)
        case "run.stale": runStale(source)
        case "worker.started", "worker.stopped", "worker.heartbeat_lost", "worker.back", "worker.failed",
            "worker.error", "worker.series_limit":
            WorkerEvents.event(of: source)
        case "check.missed", "check.back": CheckEvents.event(of: source)
        case "discovery.changed": discoveryChanged(source)
        case let kind where kind.hasPrefix("execution."): ExecutionEvents.event(of: source)
        default: nil
        }
    }

    // MARK: - Workflows and their tasks

    private static func taskFailed(_ source: EventSource) -> AlertEvent {
        let pipeline = source.text("pipeline") ?? source.outbox.subject
        let process = source.text("process") ?? source.text("stage_name") ?? source.text("stage") ?? "?"
        let task = source.text("stage_name") ?? process
        let run = source.text("pipeline_name") ?? pipeline
        var text = "Pipeline \(run) stage \(task) failed"
        if let exit = source.text("exit") { text += " with exit status \(exit)" }
        if let error = source.text("error") { text += ": \(error)" }
        var event = source.event(.stageFailed, .firing, subject: "\(pipeline):\(process)", text: text)
        event.add("newStatus", "Failed")
        return event
    }

    private static func workflowFailed(_ source: EventSource) -> AlertEvent {
        let pipeline = source.text("pipeline") ?? source.outbox.subject
        let aborted = source.outbox.kind == "nextflow.run_aborted"
        var text =
            "Pipeline \(source.text("pipeline_name") ?? pipeline) \(aborted ? "was aborted" : "failed")"
        if let error = source.text("error") { text += ": \(error)" }
        var event = source.event(.pipelineFailed, .firing, subject: pipeline, text: text)
        event.ends = [.init(events: [.pipelineStuck], label: "pipeline", value: pipeline)]
        return event
    }

    private static func workflowSucceeded(_ source: EventSource) -> AlertEvent {
        let pipeline = source.text("pipeline") ?? source.outbox.subject
        let text = "Pipeline \(source.text("pipeline_name") ?? pipeline) succeeded"
        var event = source.event(.pipelineSucceeded, .momentary, subject: pipeline, text: text)
        event.ends = [
            .init(
                events: [.pipelineFailed, .stageFailed, .pipelineStuck],
                label: "pipeline",
                value: pipeline
            )
        ]
        return event
    }

    private static func workflowStarted(_ source: EventSource) -> AlertEvent {
        let pipeline = source.text("pipeline") ?? source.outbox.subject
        let text = "Pipeline \(source.text("pipeline_name") ?? pipeline) started"
        return source.event(.pipelineStarted, .momentary, subject: pipeline, text: text)
    }

    // MARK: - Tracked runs

    /// A tracked run is a pipeline of its agent: the next run that succeeds ends the incident.
    private static func runFailed(_ source: EventSource) -> AlertEvent {
        let word =
            switch source.outbox.kind {
            case "run.timed_out": "timed out"
            case "run.partial": "succeeded in part"
            default: "failed"
            }
        var text = "Run \(source.text("run_id") ?? source.outbox.subject) of \(agent(source)) \(word)"
        if let error = source.text("error") ?? source.text("error_summary") { text += ": \(error)" }
        var event = source.event(.pipelineFailed, .firing, subject: agent(source), text: text)
        event.labels["pipeline"] = source.outbox.subject
        event.labels["run_of"] = agent(source)
        event.ends = [.init(events: [.pipelineStuck], label: "pipeline", value: source.outbox.subject)]
        return event
    }

    private static func runSucceeded(_ source: EventSource) -> AlertEvent {
        let text = "Run \(source.text("run_id") ?? source.outbox.subject) of \(agent(source)) succeeded"
        var event = source.event(.pipelineSucceeded, .momentary, subject: agent(source), text: text)
        event.labels["pipeline"] = source.outbox.subject
        event.ends = [
            .init(events: [.pipelineFailed], label: "run_of", value: agent(source)),
            .init(events: [.pipelineStuck], label: "pipeline", value: source.outbox.subject),
        ]
        return event
    }

    private static func runCancelled(_ source: EventSource) -> AlertEvent {
        let text = "Run \(source.text("run_id") ?? source.outbox.subject) of \(agent(source)) was cancelled"
        var event = source.event(.pipelineSucceeded, .momentary, subject: agent(source), text: text)
        event.title = "Pipeline cancelled"
        event.labels["pipeline"] = source.outbox.subject
        event.ends = [.init(events: [.pipelineStuck], label: "pipeline", value: source.outbox.subject)]
        return event
    }

    private static func runStarted(_ source: EventSource) -> AlertEvent {
        let text = "Run \(source.text("run_id") ?? source.outbox.subject) of \(agent(source)) started"
        var event = source.event(.pipelineStarted, .momentary, subject: agent(source), text: text)
        event.labels["pipeline"] = source.outbox.subject
        return event
    }

    private static func runStale(_ source: EventSource) -> AlertEvent {
        let text = "Run \(source.text("run_id") ?? source.outbox.subject) of \(agent(source)) is stale"
        var event = source.event(.pipelineStuck, .firing, subject: source.outbox.subject, text: text)
        event.labels["pipeline"] = source.outbox.subject
        return event
    }

    private static func agent(_ source: EventSource) -> String {
        let agent = source.text("agent") ?? source.text("agent_name") ?? "?"
        return (source.text("job_type")).map { "\(agent)/\($0)" } ?? agent
    }

    // MARK: - Sources

    private static func discoveryChanged(_ source: EventSource) -> AlertEvent {
        let ids = source.texts("source_identifiers")
        let project = source.text("project") ?? source.outbox.subject
        let text = "\(ids.count) source\(ids.count == 1 ? "" : "s") of \(project) changed"
        var event = source.event(.discoveryChanged, .momentary, subject: project, text: text)
        event.labels["project"] = project
        event.sources = ids
        return event
    }
}
