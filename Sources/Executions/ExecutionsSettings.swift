package import Configuration

/// The settings of executions and of the probes beside them.
package enum ExecutionsSettings {
    /// How long a write waits for its outcome.
    static let applyTimeout = Setting<Duration>(
        "WEIR_EXECUTIONS_APPLY_TIMEOUT",
        .duration(.milliseconds(10) ... .seconds(14)),
        default: "3s",
        "How long a write of an execution waits for PostgreSQL before it is answered 503; it is kept and applied all the same."
    )

    /// Zero keeps observations for ever.
    package static let observationsKeep = Setting<Duration>(
        "WEIR_EXECUTIONS_OBSERVATIONS_KEEP",
        .duration(.zero ... .seconds(86_400 * 36_500)),
        default: "0",
        "How long observations of executions are kept, by their own times; the executions stay. 0 is for ever."
    )

    /// Requests in each period; zero is no limit.
    static let rateLimit = Setting<Int>(
        "WEIR_EXECUTIONS_RATE_LIMIT",
        .integer(0...1_000_000),
        default: "0",
        aliases: ["BEAMPIPE_RATE_LIMIT_REQUESTS"],
        "How many executions one client may register in any WEIR_EXECUTIONS_RATE_PERIOD_SECONDS; 0 is no limit."
    )

    static let ratePeriod = Setting<Int>(
        "WEIR_EXECUTIONS_RATE_PERIOD_SECONDS",
        .integer(1...86_400),
        default: "3600",
        aliases: ["BEAMPIPE_RATE_LIMIT_PERIOD_SECONDS"],
        "The seconds that WEIR_EXECUTIONS_RATE_LIMIT is about."
    )

    /// Empty is "not configured".
    static let tapCASDA = Setting<String?>(
        "WEIR_TAP_CASDA_URL",
        .optionalText("an HTTP URL"),
        default: "",
        "The TAP service of CASDA, whose reachability /api/v2/ready and /api/v2/health/tap show."
    )

    /// Empty is "not configured".
    static let tapVizier = Setting<String?>(
        "WEIR_TAP_VIZIER_URL",
        .optionalText("an HTTP URL"),
        default: "",
        "The TAP service of VizieR, whose reachability /api/v2/ready and /api/v2/health/tap show."
    )

    static let tapTimeout = Setting<Int>(
        "WEIR_TAP_TIMEOUT_SECONDS",
        .integer(1...300),
        default: "10",
        aliases: ["BEAMPIPE_DISCOVERY_TAP_HEALTH_TIMEOUT_SECONDS"],
        "How long a TAP service may take to answer; a probe that waits shows the last known answer after 1.5 s."
    )

    /// A worker is stale after three of them, and not before 30 seconds.
    static let heartbeats = Setting<Int>(
        "WEIR_WORKER_HEARTBEAT_SECONDS",
        .integer(1...86_400),
        default: "10",
        aliases: ["BEAMPIPE_WORKER_HEARTBEAT_INTERVAL_SECONDS"],
        "How often workers send heartbeats; /api/v2/ready calls one stale after three of them, and not before 30 s."
    )

    /// Whether `/api/v2/metrics` needs no token.
    static let metricsPublic = Setting<Bool>(
        "WEIR_METRICS_PUBLIC",
        .flag,
        default: "false",
        aliases: ["BEAMPIPE_METRICS_PUBLIC"],
        "Whether /api/v2/metrics needs no token; /metrics never does."
    )

    /// All of them.
    package static let rows: [AnySetting] = [
        applyTimeout.row, observationsKeep.row, rateLimit.row, ratePeriod.row, tapCASDA.row, tapVizier.row,
        tapTimeout.row,
        heartbeats.row, metricsPublic.row,
    ]
}
