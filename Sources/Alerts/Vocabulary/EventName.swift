package import Notifications

/// The words by which every protocol's events are called. Contract pipelogiq §6.2, §6.4; the rest is Weir's own.
package enum EventName: String, CaseIterable, Sendable {
    case stageFailed = "stage_failed"
    case stageRerunManual = "stage_rerun_manual"
    case stageSkippedManual = "stage_skipped_manual"
    case pipelineFailed = "pipeline_failed"
    case pipelineStuck = "pipeline_stuck"
    case workerStarted = "worker_started"
    case workerFailed = "worker_failed"
    case workerStopped = "worker_stopped"
    case workerHeartbeatLost = "worker_heartbeat_lost"
    case policyTriggered = "policy_triggered"
    case policyChanged = "policy_changed"
    case queueBacklogHigh = "queue_backlog_high"
    case deadLetterDetected = "dlq_message_detected"

    case pipelineStarted = "pipeline_started"
    case pipelineSucceeded = "pipeline_succeeded"
    case checkMissed = "check_missed"
    case seriesLimit = "series_limit"
    case discoveryChanged = "discovery_changed"

    /// Those of the original's configuration document.
    package static let ofDocument: [EventName] = [
        .stageFailed, .stageRerunManual, .stageSkippedManual, .pipelineFailed, .pipelineStuck, .workerStarted,
        .workerFailed, .workerStopped, .workerHeartbeatLost, .policyTriggered, .policyChanged,
        .queueBacklogHigh, .deadLetterDetected,
    ]

    /// How bad it is where a rule does not say. Contract pipelogiq §6.4.
    package var severity: AlertSeverity {
        switch self {
        case .stageFailed, .pipelineFailed, .workerFailed, .workerHeartbeatLost, .checkMissed: .error
        case .stageSkippedManual, .pipelineStuck, .workerStopped, .policyTriggered, .queueBacklogHigh,
            .deadLetterDetected, .seriesLimit:
            .warning
        case .stageRerunManual, .workerStarted, .policyChanged, .pipelineStarted, .pipelineSucceeded,
            .discoveryChanged:
            .info
        }
    }

    /// In the words of a title.
    package var title: String {
        switch self {
        case .stageFailed: "Stage failed"
        case .stageRerunManual: "Stage rerun (manual)"
        case .stageSkippedManual: "Stage skipped (manual)"
        case .pipelineFailed: "Pipeline failed"
        case .pipelineStuck: "Pipeline stuck"
        case .workerStarted: "Worker started"
        case .workerFailed: "Worker failed"
        case .workerStopped: "Worker stopped"
        case .workerHeartbeatLost: "Worker heartbeat lost"
        case .policyTriggered: "Policy triggered"
        case .policyChanged: "Policy changed"
        case .queueBacklogHigh: "Queue backlog high"
        case .deadLetterDetected: "Dead letters"
        case .pipelineStarted: "Pipeline started"
        case .pipelineSucceeded: "Pipeline succeeded"
        case .checkMissed: "Check missed its time"
        case .seriesLimit: "Series limit reached"
        case .discoveryChanged: "Sources changed"
        }
    }
}
