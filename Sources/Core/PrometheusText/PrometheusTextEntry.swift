/// A line of the Prometheus text format that says something; comments and empty lines do not.
package enum PrometheusTextEntry: Sendable, Equatable {
    /// `# HELP name text`, without its escapes.
    case help(metric: String, text: String)
    /// `# TYPE name type`.
    case type(metric: String, PrometheusType)
    /// A value.
    case sample(PrometheusSample)
}

/// The types of metrics in the Prometheus text format.
package enum PrometheusType: String, CaseIterable, Sendable {
    case counter, gauge, histogram, summary, untyped
}

/// A label of a sample.
package struct PrometheusLabel: Hashable, Sendable {
    /// `[a-zA-Z_][a-zA-Z0-9_]*`, and not `__name__`.
    package var name: String
    /// Any text without U+0000, without its escapes.
    package var value: String

    /// Makes a label.
    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// A value of a series.
package struct PrometheusSample: Sendable, Equatable {
    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`, as it was sent: with `_bucket`, `_sum` or `_count`.
    package var name: String
    /// In the order they were sent; no name twice.
    package var labels: [PrometheusLabel]
    /// Any double, NaN and infinities too.
    package var value: Double
    /// Milliseconds since 1970; nil when the line has none.
    package var timestamp: Int64?
    /// What the sample refers to; the text format has none.
    package var exemplar: PrometheusExemplar?

    /// Makes a sample.
    package init(
        _ name: String,
        _ labels: [PrometheusLabel] = [],
        value: Double,
        at timestamp: Int64? = nil,
        exemplar: PrometheusExemplar? = nil
    ) {
        self.name = name
        self.labels = labels
        self.value = value
        self.timestamp = timestamp
        self.exemplar = exemplar
    }
}

/// What a sample refers to outside of its series, such as a trace.
package struct PrometheusExemplar: Sendable, Equatable {
    /// In the order they were sent.
    package var labels: [PrometheusLabel] = []
    /// What it measured.
    package var value: Double = 0
    /// When; nil when it does not say, or a year that ISO 8601 cannot.
    package var at: Timestamp?

    /// Makes an empty one.
    package init() {}
}
