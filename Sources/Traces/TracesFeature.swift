package import Ingest

extension Feature {
    /// Traces: OTLP in, and every run out as a trace: contract pipelogiq §4.
    package static let traces = Feature("traces") { _ in }
}
