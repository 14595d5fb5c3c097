package import Configuration

/// Settings that several features read.
package enum SharedSettings {
    /// In bytes.
    package static let maxPageBytes = Setting<Int>(
        "WEIR_MAX_PAGE_BYTES",
        .bytes((64 << 10)...(1 << 30)),
        default: "16MiB",
        "The bytes at which a page of a list ends, whatever its limit; its cursor leads on."
    )

    /// The most values of attributes, buckets and other small parts of a request of OTLP.
    package static let mostValues = Setting<Int>(
        "WEIR_OTLP_MAX_VALUES",
        .integer(1000...100_000_000),
        default: "1000000",
        "How many values of attributes, buckets and other small parts a request to /v1/traces or /v1/metrics may have; a larger one is answered 400."
    )

    /// How many series of a metric may have the names of agents, rules or projects; 0 for none. Decision 23.
    package static let metricsNames = Setting<Int>(
        "WEIR_METRICS_NAMES",
        .integer(0...1000),
        default: "0",
        "How many pairs of agent and job type, and how many series of alerts, /metrics shows by name; it needs no token."
    )
}
