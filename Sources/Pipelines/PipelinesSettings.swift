package import Configuration

/// The settings of pipelines, their stages and workers.
package enum PipelinesSettings {
    static let applyTimeout = Setting<Duration>(
        "WEIR_PIPELINES_APPLY_TIMEOUT",
        .duration(.milliseconds(10) ... .seconds(14)),
        default: "3s",
        "How long a request about a pipeline waits for PostgreSQL before it is answered 202; it is kept and applied all the same."
    )

    static let mostStages = Setting<Int>(
        "WEIR_PIPELINES_MAX_STAGES",
        .integer(1...10_000),
        default: "1000",
        "How many stages one pipeline may have; a larger one is answered 400."
    )

    /// Zero keeps them for ever.
    package static let keep = Setting<Duration>(
        "WEIR_PIPELINES_KEEP",
        .duration(.zero ... .seconds(86_400 * 36_500)),
        default: "0",
        "How long pipelines are kept after they ended, with their stages and logs; 0 is for ever."
    )

    /// Zero keeps them for ever.
    package static let logsKeep = Setting<Duration>(
        "WEIR_PIPELINES_LOGS_KEEP",
        .duration(.zero ... .seconds(86_400 * 36_500)),
        default: "90d",
        "How long events of workers, workers that are silent, and what programs log beside any stage, are kept; 0 is for ever."
    )

    /// Zero is never.
    static let pendingTimeout = Setting<Duration>(
        "WEIR_STAGE_PENDING_TIMEOUT",
        .duration(.zero ... .seconds(86_400 * 30)),
        default: "5m",
        aliases: ["STAGE_PENDING_TIMEOUT"],
        "After how long a stage that was handed out and not begun has failed; 0 is never."
    )

    static let heartbeatEvery = Setting<Duration>(
        "WEIR_PIPELINE_WORKER_HEARTBEAT_INTERVAL",
        .duration(.seconds(1) ... .seconds(3600)),
        default: "15s",
        aliases: ["WORKER_HEARTBEAT_INTERVAL"],
        "How often workers of pipelines are asked to send a heartbeat."
    )

    /// Of a worker.
    package static let offlineAfter = Setting<Duration>(
        "WEIR_PIPELINE_WORKER_OFFLINE_AFTER",
        .duration(.seconds(1) ... .seconds(86_400)),
        default: "45s",
        aliases: ["WORKER_OFFLINE_AFTER"],
        "After how long without a heartbeat a worker of pipelines is offline."
    )

    static let sessionLife = Setting<Duration>(
        "WEIR_PIPELINE_WORKER_SESSION_TTL",
        .duration(.seconds(60) ... .seconds(86_400 * 365)),
        default: "24h",
        aliases: ["WORKER_SESSION_TTL"],
        "How long the session of a worker of pipelines lasts after its bootstrap."
    )

    static let mostEvents = Setting<Int>(
        "WEIR_PIPELINE_WORKER_EVENTS_MAX_BATCH",
        .integer(1...10_000),
        default: "200",
        aliases: ["WORKER_EVENTS_MAX_BATCH"],
        "How many events a worker of pipelines may send at once; more are answered 400."
    )

    static let mostSamples = Setting<Int>(
        "WEIR_INSIGHTS_MAX_SAMPLES",
        .integer(1000...10_000_000),
        default: "100000",
        "Of how many stages of each source insights take percentiles, and among how many executions a search looks: the newest; the answer says since when."
    )

    /// All of them.
    package static let rows: [AnySetting] = [
        applyTimeout.row, mostStages.row, keep.row, logsKeep.row, pendingTimeout.row, heartbeatEvery.row,
        offlineAfter.row, sessionLife.row, mostEvents.row, mostSamples.row,
    ]
}
