internal import Ingest

/// Events of executions that a backend outside of Weir submits: each is a pipeline. Contract beampipe §3.4, §11.3b.
enum ExecutionEvents {
    static func event(of source: EventSource) -> AlertEvent? {
        let pipeline = source.text("pipeline") ?? source.outbox.subject
        let name = source.text("pipeline_name") ?? pipeline
        switch source.outbox.kind {
        case "execution.failed": return failed(source, pipeline, name)
        case "execution.completed": return ended(source, pipeline, "Execution \(name) is complete")
        case "execution.cancelled":
            var event = ended(source, pipeline, "Execution \(name) was cancelled")
            event.title = "Pipeline cancelled"
            return event
        case "execution.not_submitted":
            var event = ended(source, pipeline, "Execution \(name) was prepared and not submitted")
            event.title = "Pipeline not submitted"
            return event
        case "execution.running": return started(source, pipeline, "Execution \(name) is running")
        case "execution.created": return started(source, pipeline, "Execution \(name) is registered")
        case "execution.awaiting_scheduler":
            return started(source, pipeline, "Execution \(name) waits for its scheduler")
        case "execution.retry_requested": return started(source, pipeline, "Execution \(name) is tried again")
        default: return nil
        }
    }

    private static func failed(_ source: EventSource, _ pipeline: String, _ name: String) -> AlertEvent {
        var text = "Execution \(name) failed"
        if let error = source.text("error") { text += ": \(error)" }
        var event = source.event(.pipelineFailed, .firing, subject: pipeline, text: text)
        event.ends = [.init(events: [.pipelineStuck], label: "pipeline", value: pipeline)]
        event.sources = source.texts("source_identifiers")
        return event
    }

    private static func ended(_ source: EventSource, _ pipeline: String, _ text: String) -> AlertEvent {
        var event = source.event(.pipelineSucceeded, .momentary, subject: pipeline, text: text)
        event.ends = [.init(events: [.pipelineFailed, .pipelineStuck], label: "pipeline", value: pipeline)]
        event.sources = source.texts("source_identifiers")
        return event
    }

    /// A step on the way: `execution_status` tells them apart by their kinds.
    private static func started(_ source: EventSource, _ pipeline: String, _ text: String) -> AlertEvent {
        var event = source.event(.pipelineStarted, .momentary, subject: pipeline, text: text)
        event.sources = source.texts("source_identifiers")
        return event
    }
}
