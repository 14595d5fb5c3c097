package import Ingest

extension Feature {
    /// Pipelines, stages and their workers over HTTP: contract pipelogiq §7.
    package static let pipelines = Feature("pipelines") { _ in }
}
