internal import API

/// The bodies and answers of workers in `/openapi.json`.
enum WorkersSchemas {
    private typealias Member = APISchema.Member

    static let invalid = APIAnswer(
        422,
        "The body or a parameter is invalid; `detail` names each error.",
        .named(ValidationDialect.pydantic2.schema("WorkerErrors", entry: "WorkerError"))
    )

    // MARK: - Registry

    private static let digits = APIType.matching(#"^\s*[0-9]+\s*$"#)
    private static let identifier = APIType(.integer)

    static let registration = APISchema(
        "ComponentRegistration",
        [
            Member("name", .text), Member("component_type", .text.orNull, isRequired: false),
            Member("kind", .text.orNull, isRequired: false), Member("runtime", .any, isRequired: false),
            Member("uri", .any, isRequired: false), Member("base_url", .any, isRequired: false),
            Member("status", .any, isRequired: false), Member("capacity", .any, isRequired: false),
            Member("labels", .any, isRequired: false), Member("pid", .any, isRequired: false),
            Member("hostname", .any, isRequired: false), Member("meta", .any, isRequired: false),
        ]
    )

    static let registered = APISchema(
        "RegisteredComponent",
        [
            Member("status", .text), Member("name", .text.orNull),
            Member("runtime", .text.orNull, isRequired: false),
            Member("runtime_id", identifier, isRequired: false),
            Member("runtime_id_str", .text, isRequired: false), Member("kind", .text, isRequired: false),
            Member("component_type", .text, isRequired: false),
        ]
    )

    static let heartbeat = APISchema(
        "Heartbeat",
        [Member("name", .text.orNull), Member("registration", .any, isRequired: false)]
    )

    static let unknownPool = APISchema(
        "UnknownPool",
        [
            Member(
                "detail",
                .named(APISchema("UnknownPoolDetail", [Member("status", .text), Member("name", .text)]))
            )
        ]
    )

    static let name = APISchema(
        "ComponentName",
        [Member("name", .text), Member("component_type", .any, isRequired: false)]
    )

    static let deregistered = APISchema(
        "DeregisteredComponent",
        [
            Member("status", .text), Member("name", .text), Member("runtime", .null),
            Member("runtime_id", identifier.orNull), Member("kind", .text), Member("component_type", .text),
        ]
    )

    static let components = APISchema(
        "Components",
        [
            Member(
                "components",
                .list(
                    .named(
                        APISchema(
                            "Component",
                            [
                                Member("runtime_id", identifier), Member("name", .text),
                                Member("component_type", .text), Member("status", .text),
                                Member("last_heartbeat", .moment.orNull),
                            ]
                        )
                    )
                )
            )
        ]
    )

    static let pools = APISchema(
        "WorkerPools",
        [
            Member("items", .list(.object)), Member("runtime", .text.orNull), Member("status", .text.orNull),
            Member("count", .count), Member("error", .text.orNull),
        ]
    )

    // MARK: - Metrics

    static let report = APISchema(
        "MetricReport",
        [
            Member("runtime_id", .any(of: [APIType(.integer), digits, .null]), isRequired: false),
            Member("component_name", .text.orNull, isRequired: false),
            Member("component_type", .any, isRequired: false),
            Member("metrics", .list(.named(metric))),
        ]
    )

    private static let metric = APISchema(
        "ReportedMetric",
        [
            Member("metric_name", .text), Member("metric_type", .word(MetricType.allCases.map(\.rawValue))),
            Member("metric_value", value), Member("labels", APIType.map(.text).orNull, isRequired: false),
            Member("help_text", .text.orNull, isRequired: false),
            Member("unit", .text.orNull, isRequired: false),
            Member("timestamp", .any(of: [.moment, .number, .null]), isRequired: false),
        ]
    )

    /// What Python's `float` takes.
    private static let value = APIType.any(of: [
        .number, .flag,
        .matching(#"^[+-]?([0-9]{1,15}(\.[0-9]{1,15})?([eE][+-]?[0-9]{1,2})?|nan|NaN|inf|Inf|Infinity)$"#),
    ])

    static let reported = APISchema(
        "StoredReport",
        [
            Member("status", .text), Member("runtime_id", identifier), Member("metrics_inserted", .count),
            Member("metrics_dropped", .count, isRequired: false),
        ]
    )

    static let partitions = APISchema(
        "SamplePartitions",
        [
            Member(
                "partitions",
                .list(
                    .named(
                        APISchema(
                            "SamplePartition",
                            [
                                Member("name", .text), Member("from", .moment), Member("to", .moment),
                                Member("rows", .count), Member("bytes", .count),
                                Member("min_timestamp", .moment.orNull),
                                Member("max_timestamp", .moment.orNull),
                            ]
                        )
                    )
                )
            ),
            Member("count", .count),
        ]
    )

    static let imported = APISchema(
        "ImportedSamples",
        [
            Member("status", .text), Member("samples", .count), Member("samples_dropped", .count),
            Member("dropped_because", .list(.text)),
        ]
    )

    static let selfReported = APISchema(
        "SelfReport",
        [
            Member("status", .text), Member("component_name", .text), Member("runtime_id", identifier),
            Member("metrics_reported", .count),
        ]
    )

    /// The answer of a query, without a step and with one.
    static let queried = APIType.any(of: [.named(samples), .named(stepped)])

    private static let number = APIType.any(of: [.number, .word(["NaN", "+Inf", "-Inf"])])

    private static let stepped = APISchema(
        "SteppedSeries",
        [
            Member(
                "series",
                .list(
                    .named(
                        APISchema(
                            "SteppedSeriesEntry",
                            [
                                Member("component_name", .text.orNull),
                                Member("component_type", .text.orNull),
                                Member("metric_name", .text), Member("metric_type", .text),
                                Member("labels", APIType.map(.text).orNull),
                                Member(
                                    "points",
                                    .list(
                                        .named(
                                            APISchema(
                                                "SteppedPoint",
                                                [Member("timestamp", .moment), Member("value", number)]
                                            )
                                        )
                                    )
                                ),
                            ]
                        )
                    )
                )
            ),
            Member("count", .count), Member("step", .text), Member("agg", .text),
        ]
    )

    static let samples = APISchema(
        "Samples",
        [
            Member("metrics", .list(.named(sample))), Member("count", .count), Member("limit", .count),
            Member("next_cursor", .text.orNull, isRequired: false),
        ]
    )

    private static let sample = APISchema(
        "Sample",
        [
            Member("metric_id", identifier), Member("runtime_id", identifier),
            Member("component_name", .text),
            Member("component_type", .text), Member("metric_name", .text), Member("metric_type", .text),
            Member("metric_value", number),
            Member("labels", APIType.map(.text).orNull), Member("help_text", .text.orNull),
            Member("unit", .text.orNull), Member("timestamp", .moment), Member("created_at", .moment),
            Member("exemplar", .object, isRequired: false),
        ]
    )
}
