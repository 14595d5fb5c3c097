internal import Configuration

/// The settings of traces. Those of the export have the names that OpenTelemetry gives them.
enum TracesSettings {
    // MARK: - Where spans and metrics go

    static let endpoint = text(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "The collector to which Weir sends traces: tempo:4317, https://collector:4318. Without it nothing is exported."
    )
    static let tracesEndpoint = text(
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "Another collector for traces; over HTTP with its whole path."
    )
    static let metricsEndpoint = text(
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
        "Another collector for metrics; over HTTP with its whole path."
    )
    static let transport = Setting<String>(
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        .text("grpc, http/protobuf or http; anything else is grpc"),
        default: "grpc",
        "How the collector is spoken to."
    )
    static let headers = Setting<String?>(
        "OTEL_EXPORTER_OTLP_HEADERS",
        .optionalText("a comma list of name=value, values percent-encoded"),
        default: nil,
        isSecret: true,
        "Header fields of every request to the collector: authorization=Bearer%20secret."
    )
    static let isInsecure = text(
        "OTEL_EXPORTER_OTLP_INSECURE",
        "Whether the collector is spoken to without TLS; when it is not set, the scheme of the endpoint says so."
    )
    static let certificate = text(
        "OTEL_EXPORTER_OTLP_CERTIFICATE",
        "A file with the certificates that the collector's is checked with, in place of the system's."
    )
    static let compression = Setting<String>(
        "OTEL_EXPORTER_OTLP_COMPRESSION",
        .text("gzip or none"),
        default: "none",
        "Whether requests to the collector are compressed."
    )
    static let timeout = Setting<Int>(
        "OTEL_EXPORTER_OTLP_TIMEOUT",
        .integer(1...600_000),
        default: "5000",
        "How many milliseconds the collector has for an answer."
    )

    // MARK: - What is sent

    static let isDisabled = Setting<Bool>(
        "OTEL_SDK_DISABLED",
        .flag,
        default: "false",
        "Whether nothing is exported at all."
    )
    static let tracesExporter = exporter("TRACES", "otlp", "Whether traces are exported.")
    static let metricsExporter = exporter(
        "METRICS",
        "none",
        "Whether the metrics of /metrics are sent to the collector, too."
    )
    static let exportsRuns = Setting<Bool>(
        "WEIR_TRACES_RUNS",
        .flag,
        default: "true",
        "Whether runs are exported as traces, beside the requests of Weir itself."
    )
    static let sampler = Setting<String>(
        "OTEL_TRACES_SAMPLER",
        .text("always_on, always_off, traceidratio or parentbased_traceidratio"),
        default: "parentbased_traceidratio",
        "Which traces are exported."
    )
    static let samplerArgument = Setting<String>(
        "OTEL_TRACES_SAMPLER_ARG",
        .text("a number from 0 to 1"),
        default: "1.0",
        "Which part of all traces is exported."
    )
    static let serviceName = Setting<String>(
        "OTEL_SERVICE_NAME",
        .text("a name"),
        default: "weir",
        "The name of this Weir in its own traces and metrics."
    )
    static let resourceAttributes = text(
        "OTEL_RESOURCE_ATTRIBUTES",
        "Attributes of this Weir in its own traces and metrics: deployment.environment=prod,service.namespace=lab."
    )

    // MARK: - How much, and when

    static let queueSize = Setting<Int>(
        "OTEL_BSP_MAX_QUEUE_SIZE",
        .integer(1...1_000_000),
        default: "2048",
        "How many spans of this Weir may wait to be exported; more are dropped and counted."
    )
    static let batchSize = Setting<Int>(
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
        .integer(1...10_000),
        default: "512",
        "How many spans a request to the collector has."
    )
    static let scheduleDelay = Setting<Int>(
        "OTEL_BSP_SCHEDULE_DELAY",
        .integer(1...600_000),
        default: "5000",
        "How many milliseconds spans of this Weir wait for others."
    )
    static let metricInterval = Setting<Int>(
        "OTEL_METRIC_EXPORT_INTERVAL",
        .integer(1000...3_600_000),
        default: "60000",
        "How many milliseconds pass from one export of metrics to the next."
    )
    static let settling = Setting<Duration>(
        "WEIR_TRACES_SETTLE",
        .duration(.zero ... .seconds(3600)),
        default: "10s",
        "How long after its end a run is exported: events of its tasks may still be on their way."
    )
    static let patience = Setting<Duration>(
        "WEIR_TRACES_GIVE_UP",
        .duration(.seconds(60) ... .seconds(86_400 * 30)),
        default: "24h",
        "How long Weir tries to export a run while the collector is away; and how long after export was switched off it may be switched on again without a loss."
    )
    static let mostWaiting = Setting<Int>(
        "WEIR_TRACES_MAX_WAITING",
        .integer(1...10_000_000),
        default: "100000",
        "How many runs may wait to be exported; of more the oldest are given up."
    )

    // MARK: - What is received and shown

    static let spansKeep = Setting<Duration>(
        "WEIR_SPANS_KEEP",
        .duration(.zero ... .seconds(86_400 * 36_500)),
        default: "7d",
        "How long received spans are kept; 0 is for ever."
    )
    static let mostReceived = Setting<Int>(
        "WEIR_SPANS_MAX_BATCH",
        .integer(1...1_000_000),
        default: "10000",
        "How many spans a request to /v1/traces may have; a larger one is answered 400."
    )
    static let mostShown = Setting<Int>(
        "WEIR_TRACE_MAX_SPANS",
        .integer(1...1_000_000),
        default: "10000",
        "How many spans the answer for one trace has at most."
    )

    /// All of them.
    static let rows: [AnySetting] = [
        endpoint.row, tracesEndpoint.row, metricsEndpoint.row, transport.row, headers.row, isInsecure.row,
        certificate.row, compression.row, timeout.row,
        isDisabled.row, tracesExporter.row, metricsExporter.row, exportsRuns.row, sampler.row,
        samplerArgument.row, serviceName.row, resourceAttributes.row,
        queueSize.row, batchSize.row, scheduleDelay.row, metricInterval.row, settling.row, patience.row,
        mostWaiting.row,
        spansKeep.row, mostReceived.row, mostShown.row,
    ]

    private static func text(_ name: String, _ help: String) -> Setting<String?> {
        Setting(name, .optionalText("a text"), default: nil, help)
    }

    private static func exporter(_ signal: String, _ value: String, _ help: String) -> Setting<String> {
        Setting("OTEL_\(signal)_EXPORTER", .text("otlp or none"), default: value, help)
    }
}
