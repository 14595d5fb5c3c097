package import Configuration

/// Which unknown components are registered by themselves. Contract noetl §2.7.
package enum AutoRegistration: String, CaseIterable, Sendable {
    /// `any` while Weir listens on loopback only, `heartbeat` otherwise.
    case auto
    /// None.
    case off
    /// Those that send a heartbeat.
    case heartbeat
    /// Those that send a heartbeat or a report.
    case any

    /// What `auto` stands for.
    func settled(isLoopbackOnly: Bool) -> AutoRegistration {
        guard self == .auto else { return self }
        return isLoopbackOnly ? .any : .heartbeat
    }
}

/// The settings of workers and their metrics.
package enum WorkersSettings {
    /// Of unknown components.
    package static let autoRegister = Setting<AutoRegistration>(
        "WEIR_AUTO_REGISTER",
        .word(),
        default: "auto",
        "Which unknown components Weir registers: off, those that send a heartbeat, or any; auto is any on loopback."
    )

    /// Of ids.
    static let node = Setting<Int>(
        "WEIR_NODE_ID",
        .integer(0...1023),
        default: "0",
        aliases: ["NOETL_NODE_ID", "NOETL_SHARD_ID"],
        "The number of this Weir in the ids of components and samples; give each of several Weirs another one."
    )

    static let offlineAfter = Setting<Duration>(
        "WEIR_WORKER_OFFLINE_AFTER",
        .duration(.seconds(1) ... .seconds(86_400)),
        default: "60s",
        "After how long without a heartbeat a component is offline."
    )

    static let sweepEvery = Setting<Duration>(
        "WEIR_WORKER_SWEEP_EVERY",
        .duration(.seconds(1) ... .seconds(3600)),
        default: "15s",
        "How often the leader looks for components without a heartbeat."
    )

    static let retryAfter = Setting<Int>(
        "WEIR_HEARTBEAT_RETRY_AFTER",
        .integer(1...3600),
        default: "3",
        aliases: ["NOETL_HEARTBEAT_RETRY_AFTER"],
        "The Retry-After, in seconds, of a heartbeat of an unknown worker pool."
    )

    static let maxMetrics = Setting<Int>(
        "WEIR_REPORT_MAX_METRICS",
        .integer(1...1_000_000),
        default: "50000",
        "How many metrics one report may hold; a larger one is answered 422."
    )

    static let seriesOfComponent = Setting<Int>(
        "WEIR_SERIES_PER_COMPONENT",
        .integer(1...10_000_000),
        default: "20000",
        "How many series a component may have; samples of further ones are dropped and counted."
    )

    static let mostAdopted = Setting<Int>(
        "WEIR_ADOPTED_COMPONENTS",
        .integer(0...1_000_000),
        default: "10000",
        "How many components there may be before Weir takes no unknown ones but those that register themselves."
    )

    static let pushGroups = Setting<Int>(
        "WEIR_PUSH_GROUPS",
        .integer(1...1_000_000),
        default: "10000",
        "How many groups of pushed metrics there may be; a push that makes one more is answered 429."
    )

    static let pushLifetime = Setting<Duration>(
        "WEIR_PUSH_LIFETIME",
        .duration(.zero ... .seconds(86_400 * 36_500)),
        default: "0",
        "How long pushed metrics are shown whose push does not say; 0 is until they are replaced or deleted."
    )

    static let selectorSteps = Setting<Int>(
        "WEIR_EXPORT_SELECTOR_STEPS",
        .integer(1000...1_000_000_000),
        default: "20000000",
        "How many steps the patterns of one scrape may try, about a second; what takes more is answered 422."
    )

    static let remoteWriteMax = Setting<Int>(
        "WEIR_REMOTE_WRITE_MAX",
        .bytes((64 << 10)...(1 << 30)),
        default: "32MiB",
        "The most bytes of a remote-write request after decompression; a larger one is answered 413. Also those of a push "
            + "in a Snappy block, which is answered 400."
    )

    static let otlpMax = Setting<Int>(
        "WEIR_OTLP_MAX_SAMPLES",
        .integer(1...10_000_000),
        default: "100000",
        "How many samples a request to /v1/metrics may become, a histogram one for each bucket; a larger one is answered "
            + "400."
    )

    static let otlpAhead = Setting<Duration>(
        "WEIR_OTLP_MAX_AHEAD",
        .duration(.zero ... .seconds(86_400 * 36_500)),
        default: "24h",
        "How far ahead of its arrival a data point of /v1/metrics may be; others are not stored, and the answer says so."
    )

    static let otlpBehind = Setting<Duration>(
        "WEIR_OTLP_MAX_BEHIND",
        .duration(.zero ... .seconds(86_400 * 36_500)),
        default: "366d",
        "How far behind its arrival a data point of /v1/metrics may be; others are not stored, and the answer says so."
    )

    /// Lifetimes of metrics and components replace it.
    package static let samplesKeep = Setting<Duration>(
        "WEIR_SAMPLES_KEEP",
        .duration(.seconds(3600) ... .seconds(86_400 * 36_500)),
        default: "48h",
        "How long samples are kept that have no lifetime of their own."
    )

    /// In bytes.
    static let samplesMostBytes = Setting<Int>(
        "WEIR_SAMPLES_MAX_BYTES",
        .bytes(0...(1 << 50)),
        default: "0",
        "What samples may take on disk before the oldest day goes early; 0 is no limit."
    )

    static let minutesKeep = keep("WEIR_ROLLUP_MINUTES_KEEP", "14d", "minute")
    static let fiveMinutesKeep = keep("WEIR_ROLLUP_FIVE_MINUTES_KEEP", "60d", "five minutes")
    static let hoursKeep = keep("WEIR_ROLLUP_HOURS_KEEP", "365d", "hour")
    static let daysKeep = keep("WEIR_ROLLUP_DAYS_KEEP", "1095d", "day")

    /// Of the rollups of one grain.
    private static func keep(_ name: String, _ fallback: String, _ grain: String) -> Setting<Duration> {
        Setting(
            name,
            .duration(.zero ... .seconds(86_400 * 36_500)),
            default: fallback,
            "How long rollups of samples by \(grain) are kept; 0 is for ever."
        )
    }

    /// Of the own row in the registry.
    package static let serverName = Setting<String>(
        "WEIR_SERVER_NAME",
        .text("a name"),
        default: "noetl-server",
        aliases: ["NOETL_SERVER_NAME"],
        "The name of this Weir in the registry of components; give each of several Weirs another one."
    )

    /// Zero is never.
    package static let reportEvery = Setting<Duration>(
        "WEIR_SERVER_METRICS_EVERY",
        .duration(.zero ... .seconds(86_400)),
        default: "60s",
        "How often this Weir reports metrics of itself as a component; 0 is never, and without a row in the registry."
    )

    /// All of them.
    package static let rows: [AnySetting] = [
        autoRegister.row, node.row, offlineAfter.row, sweepEvery.row, retryAfter.row, maxMetrics.row,
        seriesOfComponent.row, mostAdopted.row, pushGroups.row, pushLifetime.row, selectorSteps.row,
        remoteWriteMax.row, otlpMax.row, otlpAhead.row, otlpBehind.row, samplesKeep.row, samplesMostBytes.row,
        minutesKeep.row,
        fiveMinutesKeep.row,
        hoursKeep.row, daysKeep.row, serverName.row, reportEvery.row,
    ]
}
